"""Sealing keys for drills: minted under the development CA, kept in files or in a token, and what is sealed with them."""

import asyncio
import datetime
import hashlib
import io
import json
import shutil
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

import program
from kill_drill import ask
from outside_services import Authority, days, now

AUTHORITY = "11990000MD1000018N"
NAME = "示例市市场监督管理局"
DOCUMENT_SIGNING = x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36")
BEARER = {"Authorization": f"Bearer {program.TOKEN}"}


class Key:
    """A private key and the certificate that lets it seal for `AUTHORITY`, begun `age` ago."""

    def __init__(self, what: str, age: datetime.timedelta = datetime.timedelta(hours=1)):
        town = Authority(program.KEYS)
        self.private = ec.generate_private_key(ec.SECP256R1())
        names = [(NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, NAME),
                 (NameOID.COMMON_NAME, f"DEV {NAME} {what}"), (NameOID.ORGANIZATION_IDENTIFIER, AUTHORITY)]
        usage = x509.KeyUsage(True, True, False, False, False, False, False, False, False)
        issuer = town.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(*name) for name in names]))
            .issuer_name(town.certificate.subject)
            .public_key(self.private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now() - age)
            .not_valid_after(now() + days(700))
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.private.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(issuer), critical=False)
            .sign(town.key, hashes.SHA256()))
        self.id = key_id(self.certificate)
        self.chain = b"".join(one.public_bytes(serialization.Encoding.PEM) for one in (self.certificate, town.certificate))

    def pem(self, passphrase: str | None = None) -> bytes:
        """PKCS#8, encrypted with PBES2 where there is a passphrase."""
        locked = serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else serialization.NoEncryption()
        return self.private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked)

    def put(self, seals: Path, label: str, passphrase: str | None = None) -> None:
        """Into the folder of a house, as its operator would: the certificates first, each file under its name at once."""
        for ending, text in (("chain", self.chain), ("key", self.pem(passphrase))):
            half = seals / f"{label}.{ending}.half"
            half.write_bytes(text)
            half.rename(seals / f"{AUTHORITY}.{label}.{ending}.pem")


def key_id(certificate: x509.Certificate) -> str:
    return certificate.fingerprint(hashes.SHA256()).hex()


def first_key() -> str:
    """The key that the authority has from the start."""
    return key_id(x509.load_pem_x509_certificates((program.KEYS / "seals" / f"{AUTHORITY}.chain.pem").read_bytes())[0])


def submissions():
    """What the authority has to be issued, one after the other."""
    for path in sorted(program.SUBMISSIONS.glob("*.jsonl")):
        for line in path.read_bytes().splitlines():
            if json.loads(line)["authority"] == AUTHORITY:
                yield line


class House:
    """A data folder and a folder of keys of one's own, a copy of the development's."""

    def __init__(self, folder: Path):
        self.folder, self.data, self.seals = folder, folder / "data", folder / "seals"
        shutil.copytree(program.KEYS / "seals", self.seals)
        self.bodies = submissions()
        self.more = {}

    def settings(self) -> dict:
        # Nothing is stamped: these drills are about keys.
        return {"seals_dir": str(self.seals), "trust": [str(program.KEYS)], "seals_poll_seconds": 1,
                "timestamps.at_issue": "B-B", "timestamps.keep": "B-B", **self.more}

    def arguments(self) -> list:
        file = self.folder / "settings.toml"
        lines = [f"{key} = {json.dumps(value)}\n" for key, value in self.settings().items()]
        file.write_text('mode = "development"\n' + "".join(lines))
        return ["--config", file, "--data-dir", self.data]

    def run(self, *command, check=True):
        return program.run(*command, *self.arguments(), check=check)

    def server(self) -> program.Server:
        return program.Server(self.data, **self.settings())

    def next(self) -> tuple[bytes, str]:
        """A submission and its idempotency key."""
        body = next(self.bodies)
        return body, hashlib.sha256(body).hexdigest()

    def issue(self, server: program.Server) -> str:
        status, answer = server.submit(*self.next())
        ask(status == 201, f"not issued: {status} {answer.decode()[:300]}; {server.said['stderr'][-600:]}")
        return json.loads(answer)["license_id"]

    def versions(self) -> int:
        """How many versions the vault's own check counts, once it has found the vault whole."""
        done = self.run("vault", "check", "--json", check=False)
        ask(done.returncode == 0, f"vault check left with {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)["versions"]

    def refuses_to_start(self, *said: str) -> None:
        """`serve` leaves with 2 and says all of this, and no PIN, passphrase or key."""
        done = self.run("serve", "--listen", "127.0.0.1:0", check=False)
        ask(done.returncode == 2, f"serve left with {done.returncode}: {done.stdout}{done.stderr}")
        for words in said:
            ask(words in done.stderr, f"the fault does not say {words!r}: {done.stderr}")

    def verdict(self, pdf: bytes) -> dict:
        file = self.folder / "judged.pdf"
        file.write_bytes(pdf)
        return json.loads(self.run("verify", file, "--json", check=False).stdout)


def fetch(server: program.Server, license_id: str) -> bytes:
    status, _, pdf = server.ask("GET", f"/api/v1/licenses/{license_id}/files/pdf", headers=BEARER)
    ask(status == 200, f"fetching: {status}")
    return pdf


def sealed_with(pdf: bytes) -> str:
    """The key of the seal, as pyHanko finds it, once the seal has passed there with revocation required."""
    from asn1crypto import x509 as asn1
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    roots, lists = program.certificates()
    signature = PdfFileReader(io.BytesIO(pdf), strict=True).embedded_regular_signatures[0]
    context = ValidationContext(trust_roots=[asn1.Certificate.load(root) for root in roots], crls=lists,
                                revocation_mode="require", allow_fetching=False)
    status = asyncio.run(async_validate_pdf_signature(signature, context))
    ask(status.bottom_line, f"pyHanko: {status.summary()}")
    return hashlib.sha256(signature.signer_cert.dump()).hexdigest()


def ready(server: program.Server) -> dict:
    _, _, body = server.ask("GET", "/health/ready")
    return json.loads(body)
