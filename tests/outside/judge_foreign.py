"""Sealed PDFs that pyHanko made, honest and then tampered with, before `zhengku verify`.

Honest ones must be found unaltered, with whatever key, digest, permission or further signature; each trick must be found and
by its own finding. None may ever be *valid*: they are no licenses of this library.

    judge_foreign.py                  judges them
    judge_foreign.py --write DIR      writes the forged ones, as fixtures/tampered has them
"""

import datetime
import io
import json
import sys
import tempfile
from pathlib import Path

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.generic import pdf_name, pdf_string
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.writer import PageObject, PdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

import program
import tricks
from tricks import change

YEAR = datetime.timedelta(days=365)


def signer(key, digest="sha256", pss=False):
    """Somebody of whom nobody has heard."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Somebody")])
    now = datetime.datetime.now(datetime.timezone.utc)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - YEAR).not_valid_after(now + YEAR)
        .add_extension(x509.KeyUsage(True, True, False, False, False, False, False, False, False), critical=True)
        .sign(key, algorithm))
    der = key.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    certificate = asn1_x509.Certificate.load(certificate.public_bytes(serialization.Encoding.DER))
    made = signers.SimpleSigner(
        signing_cert=certificate, signing_key=asn1_keys.PrivateKeyInfo.load(der),
        cert_registry=SimpleCertificateStore.from_certs([certificate]), prefer_pss=pss)
    return made, digest


def blank(streams: bool) -> bytes:
    """A page with a text field on it."""
    writer = PdfFileWriter(stream_xrefs=streams)
    content = writer.add_object(generic.StreamObject(stream_data=b"BT (as it was sealed) Tj ET"))
    page = writer.insert_page(PageObject(contents=content, media_box=(0, 0, 300, 200)))
    look = writer.add_object(generic.StreamObject(
        {pdf_name("/Subtype"): pdf_name("/Form"), pdf_name("/BBox"): generic.ArrayObject(map(generic.NumberObject, (0, 0, 9, 9)))},
        stream_data=b"(empty) Tj"))
    field = writer.add_object(generic.DictionaryObject({
        pdf_name("/FT"): pdf_name("/Tx"), pdf_name("/T"): pdf_string("text"), pdf_name("/Subtype"): pdf_name("/Widget"),
        pdf_name("/Rect"): generic.ArrayObject(map(generic.NumberObject, (9, 9, 99, 29))), pdf_name("/P"): page,
        pdf_name("/AP"): generic.DictionaryObject({pdf_name("/N"): look})}))
    page.get_object()["/Annots"] = generic.ArrayObject([field])
    writer.root["/AcroForm"] = generic.DictionaryObject({pdf_name("/Fields"): generic.ArrayObject([field])})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def sign(pdf: bytes, by, name="first", box=None, **more) -> bytes:
    made, digest = by
    writer = IncrementalPdfFileWriter(io.BytesIO(pdf))
    spec = fields.SigFieldSpec(name, box=box)
    meta = signers.PdfSignatureMetadata(field_name=name, md_algorithm=digest, **more)
    return signers.PdfSigner(meta, made, new_field_spec=spec).sign_pdf(writer).getvalue()


def cases():
    p256, rsa2048 = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    somebody = signer(p256)
    page, streams = blank(False), blank(True)
    once = sign(page, somebody)
    certified = {level: sign(streams, somebody, certify=True, docmdp_permissions=level) for level in fields.MDPPerm}
    fine = None
    yield "P-256", once, fine
    yield "RSA, object streams", sign(streams, signer(rsa2048)), fine
    yield "P-384", sign(page, signer(ec.generate_private_key(ec.SECP384R1()), "sha384")), fine
    yield "PAdES", sign(page, somebody, subfilter=fields.SigSeedSubFilter.PADES), fine
    yield "twice, and seen", sign(sign(page, somebody, box=(9, 50, 99, 90)), signer(rsa2048), "second", box=(109, 50, 199, 90)), fine
    yield "metadata later", change(once, tricks.metadata), fine
    yield "filled in where that is permitted", change(certified[fields.MDPPerm.FILL_FORMS], tricks.fill), fine
    yield "signed again after a certification", sign(certified[fields.MDPPerm.FILL_FORMS], somebody, "second"), fine
    yield "RSA of 1024 bits", sign(page, signer(rsa.generate_private_key(65537, 1024))), "seal.algorithm"
    yield "SHA-1", sign(page, signer(rsa2048, "sha1")), "seal.algorithm"

    # pyHanko takes the longest salt there is.
    yield "RSA-PSS with a long salt", sign(page, signer(rsa2048, "sha384", pss=True)), fine
    yield "P-521", sign(page, signer(ec.generate_private_key(ec.SECP521R1()), "sha512")), fine
    yield "P-256 over SHA-512", sign(page, signer(p256, "sha512")), fine
    yield from forged(once, certified, somebody)
    yield "other content, object streams", change(sign(streams, somebody), tricks.other_content), "seal.later_changes"
    yield "content between two signatures", sign(change(once, tricks.other_content), signer(rsa2048), "second"), "seal.later_changes"


def forged(once, certified, somebody):
    """One trick a file, and the finding it must meet."""
    changed, coverage = "seal.later_changes", "seal.coverage"
    for name in ("other_content", "more_content", "annotation", "another_page", "fill", "shown_picture", "exchanged_pages", "resources",
                 "layers", "action", "sneaky_field"):
        yield name, change(once, getattr(tricks, name)), changed
    for level, name in ((fields.MDPPerm.ANNOTATE, "annotation"), (fields.MDPPerm.FILL_FORMS, "sneaky_field"),
                        (fields.MDPPerm.NO_CHANGES, "fill")):
        yield f"{name}_under_p_{level.value}", change(certified[level], getattr(tricks, name)), changed
    covering = sign(certified[fields.MDPPerm.FILL_FORMS], somebody, "second", box=(0, 0, 300, 200))
    yield "covering_signature_under_p_2", covering, changed
    flipped = bytearray(once)
    flipped[once.index(b"sealed")] ^= 1
    yield "changed_byte", bytes(flipped), "seal.signature"
    for name, code in (
            ("no_range", "seal.present"), ("range_of_nothing", coverage), ("negative_range", coverage), ("huge_range", coverage),
            ("late_range", coverage), ("short_range", coverage), ("wide_gap", coverage), ("no_value", "seal.signature"),
            ("other_name_for_the_value", coverage), ("wrapped", "seal.structure"), ("saved_without_a_table", "seal.structure"),
            ("saved_with_an_empty_table", changed), ("saved_without_the_past", "seal.structure"), ("looping", "seal.structure")):
        yield name, getattr(tricks, name)(once), code
    yield "cut", once[:-40], "seal.structure"
    yield "lengthened", once + b"\n% nothing", "seal.structure"


def write(folder: Path) -> None:
    """The forged files anew, with what must be found in each."""
    somebody = signer(ec.generate_private_key(ec.SECP256R1()))
    certified = {level: sign(blank(True), somebody, certify=True, docmdp_permissions=level) for level in fields.MDPPerm}
    index = {}
    for name, pdf, code in forged(sign(blank(False), somebody), certified, somebody):
        (folder / f"{name}.pdf").write_bytes(pdf)
        index[name] = code
    (folder / "index.json").write_text(json.dumps(index, indent=2) + "\n")


def main() -> int:
    if sys.argv[1:2] == ["--write"]:
        write(Path(sys.argv[2]))
        return 0
    program.must_have()
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for name, pdf, expected in cases():
            file = Path(folder) / "file.pdf"
            file.write_bytes(pdf)
            verdict = json.loads(program.run("verify", file, "--json", check=False).stdout)
            whole = verdict["integrity"] == "passed"
            wrong = [it["code"] for it in verdict["findings"] if it["outcome"] != "passed"]
            honest = expected in (None, "seal.algorithm")
            ok = verdict["verdict"] != "valid" and whole == honest and (expected is None or expected in wrong)
            ok = ok and (expected is not None or verdict["verdict"] == "indeterminate")
            passed, failed = passed + ok, failed + (not ok)
            if not ok:
                print(f"FAILED {name}: {verdict['verdict']}, integrity {verdict['integrity']}, {wrong}", file=sys.stderr)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
