"""Who stands behind the signatures of others, signature by signature: PDFs that pyHanko signed, before `zhengku verify`.

A certificate authority of our own making issues the signer and a time-stamp authority; each row says what is trusted, when
it is asked, and what EN 319 102-1 calls the answer. Where pyHanko can be asked the same it must say the same. Files with
time-stamps and validation data must outlive their certificates; files without must not. None may ever be *valid*.

    judge_signers.py
"""

import datetime
import json
import logging
import sys
import tempfile
from pathlib import Path

from asn1crypto import crl as asn1_crl
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign import fields, signers, timestamps
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

import program
from judge_foreign import blank, sign
from judge_verdicts import by_pyhanko

DAY = datetime.timedelta(days=1)
NOW = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
# Long after everything here has ended.
LATER = (NOW + 2000 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ")


class Authority:
    """A root that issues certificates and lists."""

    def __init__(self, name: str):
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self.issue(self.name, self.key, NOW - 900 * DAY, NOW + 3000 * DAY, ca=True)
        self.revoked = []

    def issue(self, name, key, begins, ends, ca=False, purposes=(), critical=False, signs=True):
        made = (x509.CertificateBuilder().subject_name(name).issuer_name(self.name).public_key(key.public_key())
                .serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
                .add_extension(x509.BasicConstraints(ca, None), critical=True)
                .add_extension(x509.KeyUsage(signs and not ca, signs and not ca, not signs, False, False, ca, ca, False, False),
                               critical=True))
        if purposes:
            made = made.add_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
        return made.sign(self.key, hashes.SHA256())

    def crl(self, since=NOW - DAY) -> bytes:
        made = x509.CertificateRevocationListBuilder().issuer_name(self.name)
        made = made.last_update(since).next_update(since + 30 * DAY).add_extension(x509.CRLNumber(1), critical=False)
        for certificate in self.revoked:
            one = x509.RevokedCertificateBuilder().serial_number(certificate.serial_number).revocation_date(NOW - 20 * DAY)
            made = made.add_revoked_certificate(one.build())
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)

    def person(self, name: str, **more):
        """A signer, and the certificate."""
        # The time-stamper that pyHanko brings signs with RSA alone.
        key = rsa.generate_private_key(65537, 2048) if more.get("critical") else ec.generate_private_key(ec.SECP256R1())
        life = more.pop("life", (NOW - 300 * DAY, NOW + 300 * DAY))
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self.issue(subject, key, *life, **more)
        return key, certificate


def asn1(certificate):
    return asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))


def private(key):
    return asn1_keys.PrivateKeyInfo.load(key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))


def signer(authority, person):
    key, certificate = person
    return signers.SimpleSigner(
        signing_cert=asn1(certificate), signing_key=private(key),
        cert_registry=SimpleCertificateStore.from_certs([asn1(certificate), asn1(authority.root)])), "sha256"


def lasting(pdf: bytes, by, authority, tsa, lta: bool) -> bytes:
    """Signed with a time-stamp, and what is needed to check it later inside."""
    import io

    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    made, digest = by
    key, certificate = tsa
    stamper = timestamps.DummyTimeStamper(
        tsa_cert=asn1(certificate), tsa_key=private(key),
        certs_to_embed=SimpleCertificateStore.from_certs([asn1(authority.root)]))
    context = ValidationContext(trust_roots=[asn1(authority.root)], crls=[asn1_crl.CertificateList.load(authority.crl())],
                                allow_fetching=False, revocation_mode="require")
    meta = signers.PdfSignatureMetadata(
        field_name="first", md_algorithm=digest, subfilter=fields.SigSeedSubFilter.PADES, embed_validation_info=True,
        use_pades_lta=lta, validation_context=context)
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    return signers.PdfSigner(meta, made, timestamper=stamper).sign_pdf(writer).getvalue()


def rows():
    """Name, PDF, authority, whether its list is trusted too, moment, the seal's answer, and whether pyHanko is asked."""
    ours, stranger = Authority("Next City Root"), Authority("Stranger Root")
    page = blank(False)
    anna = ours.person("Anna of the Next City", purposes=[ExtendedKeyUsageOID.EMAIL_PROTECTION])
    plain = ours.person("No Purpose by Name")
    once = sign(page, signer(ours, anna))
    yield "trusted, list at hand", once, ours, True, None, "TOTAL-PASSED", True
    yield "no purpose by name", sign(page, signer(ours, plain)), ours, True, None, "TOTAL-PASSED", True
    yield "no word on revocation", once, ours, False, None, "TRY_LATER", False
    yield "another root", once, stranger, True, None, "NO_CERTIFICATE_CHAIN_FOUND", True
    server = ours.person("A Server", purposes=[ExtendedKeyUsageOID.SERVER_AUTH])
    yield "a certificate for servers", sign(page, signer(ours, server)), ours, True, None, "CHAIN_CONSTRAINTS_FAILURE", False
    sealed = ours.person("No Signer", signs=False)
    yield "a key that is not for signing", sign(page, signer(ours, sealed)), ours, True, None, "CHAIN_CONSTRAINTS_FAILURE", False
    ended = ours.person("Ended", life=(NOW - 300 * DAY, NOW - DAY))
    yield "ended", sign(page, signer(ours, ended)), ours, True, None, "OUT_OF_BOUNDS_NO_POE", False
    gone = ours.person("Revoked")
    tsa = ours.person("Next City Time", purposes=[ExtendedKeyUsageOID.TIME_STAMPING], critical=True)
    stamped = lasting(page, signer(ours, anna), ours, tsa, lta=False)
    lta = lasting(page, signer(ours, anna), ours, tsa, lta=True)
    yield "B-LT", stamped, ours, False, None, "TOTAL-PASSED", False
    yield "B-LTA", lta, ours, False, None, "TOTAL-PASSED", False
    yield "no time-stamp, years later", once, ours, False, LATER, "OUT_OF_BOUNDS_NO_POE", False
    # The authority of the time-stamp has ended as well, and nothing newer proves anything.
    yield "B-LTA, years later", lta, ours, False, LATER, "OUT_OF_BOUNDS_NO_POE", False
    long_lived = ours.person("Lasting Time", purposes=[ExtendedKeyUsageOID.TIME_STAMPING], critical=True,
                             life=(NOW - 300 * DAY, NOW + 2900 * DAY))
    kept = lasting(page, signer(ours, anna), ours, long_lived, lta=True)
    yield "B-LTA by a lasting authority, the signer's certificate ended", kept, ours, "later", (
        NOW + 400 * DAY).strftime("%Y-%m-%dT%H:%M:%SZ"), "TOTAL-PASSED", False
    ours.revoked.append(gone[1])
    yield "revoked", sign(page, signer(ours, gone)), ours, True, None, "REVOKED_NO_POE", True
    changed = bytearray(once)
    changed[once.index(b"sealed")] ^= 1
    yield "changed", bytes(changed), ours, True, None, "HASH_FAILURE", True


def main() -> int:
    program.must_have()
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for name, pdf, authority, lists, moment, expected, asked in rows():
            file, root, crl = folder / "file.pdf", folder / "root.pem", folder / "crl.pem"
            file.write_bytes(pdf)
            root.write_bytes(authority.root.public_bytes(serialization.Encoding.PEM))
            arguments = ["verify", "--json", file, "--trust", root]
            if lists:
                since = NOW - DAY if lists is True else NOW + 395 * DAY
                der = authority.crl(since)
                crl.write_bytes(x509.load_der_x509_crl(der).public_bytes(serialization.Encoding.PEM))
                arguments += ["--trust", crl]
            arguments += ["--at", moment] if moment else []
            verdict = json.loads(program.run(*arguments, check=False).stdout)
            seal = next(one for one in verdict["signatures"] if one["kind"] == "seal")
            said = seal["sub_indication"] or seal["indication"]
            complaints = []
            if said != expected:
                complaints.append(f"is {said}, and not {expected}")
            if asked and lists and (theirs := by_pyhanko(file, root, False, crl)) != said:
                complaints.append(f"pyHanko says {theirs}, and we {said}")
            signers_said = next((one["outcome"] for one in verdict["findings"] if one["code"] == "seal.signers"), None)
            if (signers_said == "passed") != (expected == "TOTAL-PASSED"):
                complaints.append(f"seal.signers is {signers_said}")
            if (seal["signer"] is None) == (expected == "TOTAL-PASSED"):
                complaints.append(f"the signer is {seal['signer']}")
            if verdict["verdict"] != ("invalid" if expected == "HASH_FAILURE" else "indeterminate"):
                complaints.append(f"the verdict is {verdict['verdict']}")
            passed, failed = passed + (not complaints), failed + bool(complaints)
            print(f"{'FAILED' if complaints else 'ok    '} {name}: {said}" + "".join(f"; {one}" for one in complaints))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
