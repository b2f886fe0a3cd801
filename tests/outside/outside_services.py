"""A time-stamp authority and an OCSP responder that we did not write, which can be made to misbehave.

The tokens are pyHanko's, the answers those of the `cryptography` package; their certificates are made here, under the CA
of a development PKI. Each service listens on a port of its own and is in one of these moods:

well · refused · hang · 500 · redirect · garbage · too-large · wrong-nonce · wrong-digest · clock-off · expired
"""

import datetime
import hashlib
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from asn1crypto import keys as asn1_keys
from asn1crypto import tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from pyhanko.sign.timestamps import DummyTimeStamper

MOODS = ["refused", "hang", "500", "redirect", "garbage", "too-large", "wrong-nonce", "wrong-digest", "clock-off", "expired"]
HANG_SECONDS = 20


def now() -> datetime.datetime:
    return datetime.datetime.now(datetime.timezone.utc)


def days(count: float) -> datetime.timedelta:
    return datetime.timedelta(days=count)


def der(thing) -> bytes:
    return thing.public_bytes(serialization.Encoding.DER)


class Authority:
    """The CA of a development PKI, whose keys are published."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.root = x509.load_pem_x509_certificate((folder / "root.pem").read_bytes())
        self.certificate = x509.load_pem_x509_certificate((folder / "issuing-ca.pem").read_bytes())
        self.root_key = self._key("root")
        self.key = self._key("issuing-ca")

    def _key(self, name: str):
        return serialization.load_pem_private_key((self.folder / "ca" / f"{name}.key.pem").read_bytes(), None)

    def issue(self, name: str, key, begins, ends, purpose, no_check=False) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"DEV {name}")]))
            .issuer_name(self.certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(False, None), critical=True)
            .add_extension(x509.KeyUsage(True, False, False, False, False, False, False, False, False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
                self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value), critical=False))
        if no_check:
            builder = builder.add_extension(x509.OCSPNoCheck(), critical=False)
        return builder.sign(self.key, hashes.SHA256())


class Service:
    """Something that answers POST requests, or does not."""

    def __init__(self):
        self.mood = "well"
        self.asked = 0
        self.port = 0
        self.server = None
        self.open()

    def open(self):
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                service.asked += 1
                body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
                mood = service.mood
                if mood == "hang":
                    time.sleep(HANG_SECONDS)
                    self.close_connection = True
                    return
                status = {"500": 500, "redirect": 307}.get(mood, 200)
                answer = {"500": b"out of order", "garbage": b"<html>welcome</html>",
                          "redirect": b"over there", "too-large": b"\x30" * 200_000}.get(mood) or service.answer(body, mood)
                self.send_response(status)
                self.send_header("Content-Type", service.media_type)
                self.send_header("Content-Length", str(len(answer)))
                if mood == "redirect":
                    self.send_header("Location", f"{service.url}elsewhere")
                self.end_headers()
                try:
                    self.wfile.write(answer)
                except OSError:  # Who is sent too much hangs up.
                    pass

            def log_message(self, *_):
                pass

        class Server(ThreadingHTTPServer):
            allow_reuse_address = True
            daemon_threads = True

            def handle_error(self, *_):  # A client that left early.
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self):
        if self.server:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def set(self, mood: str):
        self.mood = mood
        if mood == "refused":
            self.close()
        elif not self.server:
            self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


class Tsa(Service):
    """RFC 3161, with pyHanko's tokens."""

    media_type = "application/timestamp-reply"

    def __init__(self, authority: Authority, ends=None):
        self.authority = authority
        self.key = rsa.generate_private_key(65537, 2048)
        self.certificate = self._certificate("Time stamps", now() - days(1), ends or now() + days(900))
        self.expired = self._certificate("Time stamps, expired", now() - days(400), now() - days(1))
        self.lasting = self._certificate("Time stamps", now() - days(1), now() + days(3_000))
        super().__init__()

    def _certificate(self, name, begins, ends):
        return self.authority.issue(name, self.key, begins, ends, ExtendedKeyUsageOID.TIME_STAMPING)

    def certificates(self):
        return [self.certificate, self.expired, self.lasting]

    def answer(self, body: bytes, mood: str) -> bytes:
        request = tsp.TimeStampReq.load(body)
        if mood == "wrong-nonce":
            request["nonce"] = request["nonce"].native ^ 1
        if mood == "wrong-digest":
            request["message_imprint"]["hashed_message"] = hashlib.sha256(b"something else").digest()
        certificate = self.expired if mood == "expired" else self.certificate
        private = self.key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        stamper = DummyTimeStamper(
            asn1_x509.Certificate.load(der(certificate)), asn1_keys.PrivateKeyInfo.load(private),
            certs_to_embed=[asn1_x509.Certificate.load(der(self.authority.certificate))],
            fixed_dt=(now() - datetime.timedelta(hours=2 if mood == "clock-off" else 0)).replace(microsecond=0))
        return stamper.request_tsa_response(request).dump()


class Ocsp(Service):
    """RFC 6960: a delegated responder for the CA's certificates, the root itself for the CA."""

    media_type = "application/ocsp-response"

    def __init__(self, authority: Authority, known: list[x509.Certificate]):
        self.authority = authority
        self.known = {certificate.serial_number: certificate for certificate in [*known, authority.certificate]}
        self.key = ec.generate_private_key(ec.SECP256R1())
        purpose = ExtendedKeyUsageOID.OCSP_SIGNING
        self.responder = authority.issue("OCSP", self.key, now() - days(1), now() + days(900), purpose, no_check=True)
        self.expired = authority.issue("OCSP, expired", self.key, now() - days(400), now() - days(1), purpose, no_check=True)
        super().__init__()

    def answer(self, body: bytes, mood: str) -> bytes:
        request = ocsp.load_der_ocsp_request(body)
        asked = self.known.get(request.serial_number)
        if asked is None:
            return ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.UNAUTHORIZED).public_bytes(
                serialization.Encoding.DER)
        of_root = asked.issuer == self.authority.root.subject
        issuer = self.authority.root if of_root else self.authority.certificate
        responder, key = (issuer, self.authority.root_key) if of_root else (self.responder, self.key)
        if mood == "expired" and not of_root:
            responder = self.expired
        if mood == "wrong-digest":
            asked = next(other for other in self.known.values()
                         if other.serial_number != asked.serial_number)
        shift = days(3) if mood == "clock-off" else days(0)
        nonce = request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        if mood == "wrong-nonce":
            nonce = bytes([nonce[0] ^ 1]) + nonce[1:]
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(asked, issuer, hashes.SHA1(), ocsp.OCSPCertStatus.GOOD,
                          now() - shift - datetime.timedelta(seconds=1), now() - shift + datetime.timedelta(hours=1), None, None)
            .responder_id(ocsp.OCSPResponderEncoding.NAME, responder)
            .add_extension(x509.OCSPNonce(nonce), critical=False))
        if not of_root:
            builder = builder.certificates([responder])
        return der(builder.sign(key, hashes.SHA256()))


def seals(folder: Path) -> list[x509.Certificate]:
    """The sealing certificates of a development PKI."""
    return [x509.load_pem_x509_certificates(path.read_bytes())[0] for path in sorted(folder.glob("seals/*.chain.pem"))]
