#!/usr/bin/env python3
"""OpenSSL and pyHanko over time-stamps and OCSP answers, ours and theirs.

1. Of the development services: OpenSSL asks, OpenSSL verifies what comes back, good and bad.
2. A time-stamp authority made of OpenSSL alone, with RSA and SHA-384: the program asks it while it issues, OpenSSL
   reads the program's request, and the sealed PDF is validated with its time-stamp by pyHanko and by the program.
3. The token out of that PDF, taken by OpenSSL for the seal's signature and for nothing else.
4. A license that outlives its certificates: stamped by one authority while it is issued, brought to B-LTA by the keeper
   with another, and validated years after the seal's certificate and the first authority's have ended.
"""

import asyncio
import datetime
import hashlib
import http.server
import json
import logging
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from program import KEYS, SUBMISSIONS, Server, must_have, run

FIRST = sorted(SUBMISSIONS.glob("*.jsonl"))[0]

TSA_CONFIG = """
[ca]
default_ca = ca_default
[ca_default]
database = {folder}/index.txt
crlnumber = {folder}/crlnumber
default_md = sha384
default_crl_days = 3000
[tsa_certificate]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[root_certificate]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[tsa]
default_tsa = tsa_default
[tsa_default]
serial = {folder}/serial
crypto_device = builtin
signer_digest = sha384
default_policy = 1.3.6.1.4.1.4146.2.3
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = {ess}
"""


def openssl(*arguments, check=True, text=True) -> subprocess.CompletedProcess:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=text, check=False)
    if check and done.returncode != 0:
        raise SystemExit(f"openssl {' '.join(map(str, arguments))} left with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done


def expect(what: str, holds: bool, detail: str = "") -> None:
    if not holds:
        raise SystemExit(f"FAILED: {what}\n{detail}")
    print(f"ok: {what}")


def settings(keys: Path, *more_trust: Path) -> dict:
    trust = [keys / "root.pem", keys / "crl.pem", *more_trust]
    return {"seals_dir": str(keys / "seals"), "trust": [str(path) for path in trust]}


def development_services(folder: Path, keys: Path) -> None:
    root, above = keys / "root.pem", keys / "issuing-ca.pem"
    with Server(folder / "data", **settings(keys)) as server:
        def stamp(query: Path, answer: Path):
            headers = {"Content-Type": "application/timestamp-query"}
            status, headers, body = server.ask("POST", "/dev/tsa", query.read_bytes(), headers)
            expect(f"{query.name} is answered", status == 200, f"{status} {body[:200]!r}")
            assert headers["Content-Type"] == "application/timestamp-reply", headers
            answer.write_bytes(body)

        paper = folder / "paper.txt"
        paper.write_text("something to stamp", "utf-8")
        query, answer = folder / "q.tsq", folder / "a.tsr"
        for digest in ("sha256", "sha512"):
            openssl("ts", "-query", "-data", paper, f"-{digest}", "-cert", "-out", query)
            stamp(query, answer)
            verify = ("ts", "-verify", "-in", answer, "-CAfile", root, "-untrusted", above)
            openssl(*verify, "-queryfile", query)
            openssl(*verify, "-data", paper)
            expect(f"OpenSSL verifies a development time-stamp over {digest}", True)
        other = folder / "other.txt"
        other.write_text("something else", "utf-8")
        refused = openssl(*verify, "-data", other, check=False)
        expect("and not for something else", refused.returncode != 0)
        openssl("ts", "-query", "-data", paper, "-sha1", "-out", query)
        stamp(query, answer)
        said = openssl("ts", "-reply", "-in", answer, "-text").stdout
        expect("SHA-1 is refused as badAlg", "Rejected" in said and "unrecognized or unsupported algorithm" in said, said)

        chains = {"good": next((keys / "seals").glob("*.chain.pem")), "revoked": keys / "special/revoked.chain.pem"}
        for word, chain in chains.items():
            for digest in ("sha1", "sha256"):
                request, response = folder / "o.req", folder / "o.res"
                asked = ("-issuer", above, f"-{digest}", "-cert", chain)
                openssl("ocsp", *asked, "-reqout", request)
                headers = {"Content-Type": "application/ocsp-request"}
                status, _, body = server.ask("POST", "/dev/ocsp", request.read_bytes(), headers)
                expect(f"an OCSP request over {digest} is answered", status == 200, repr(body[:200]))
                response.write_bytes(body)
                trusted = ("-respin", response, "-CAfile", root, "-verify_other", above)
                nonce = openssl("ocsp", "-reqin", request, *trusted)
                told = openssl("ocsp", *asked, "-no_nonce", *trusted)
                agree = all("Response verify OK" in one.stderr for one in (nonce, told))
                holds = agree and "nonce" not in nonce.stderr.lower() and f": {word}" in told.stdout
                expect(f"OpenSSL verifies the answer: {word}", holds, told.stdout + told.stderr)


class Authority:
    """A time-stamp authority on loopback that is OpenSSL and nothing of ours."""

    def __init__(self, folder: Path, ess: str, days: int = 1000):
        self.folder = folder
        folder.mkdir()
        self.root, self.lists = folder / "root.pem", folder / "crl.pem"
        self.config, self.key, self.signer = folder / "openssl.cnf", folder / "tsa.key", folder / "tsa.pem"
        self.config.write_text(TSA_CONFIG.format(folder=folder, ess=ess), "utf-8")
        for name, text in (("index.txt", ""), ("crlnumber", "01\n"), ("serial", "01\n")):
            (folder / name).write_text(text, "utf-8")
        root_key = folder / "root.key"
        openssl("req", "-x509", "-newkey", "rsa:3072", "-nodes", "-sha384", "-keyout", root_key, "-out", self.root,
                "-days", "3650", "-subj", f"/CN=DEV {folder.name} root", "-config", self.config,
                "-extensions", "root_certificate")
        request = folder / "tsa.csr"
        openssl("req", "-new", "-newkey", "rsa:3072", "-nodes", "-keyout", self.key, "-out", request,
                "-subj", f"/CN=DEV {folder.name}", "-config", self.config)
        openssl("x509", "-req", "-in", request, "-CA", self.root, "-CAkey", root_key, "-CAcreateserial", "-sha384",
                "-days", str(days), "-extfile", self.config, "-extensions", "tsa_certificate", "-out", self.signer)
        openssl("ca", "-gencrl", "-config", self.config, "-keyfile", root_key, "-cert", self.root, "-out", self.lists)
        self.requests: list[bytes] = []

    def __enter__(self):
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):  # noqa: N802
                body = self.rfile.read(int(self.headers["Content-Length"]))
                authority.requests.append(body)
                query, answer = authority.folder / "in.tsq", authority.folder / "out.tsr"
                query.write_bytes(body)
                openssl("ts", "-reply", "-config", authority.config, "-queryfile", query, "-signer", authority.signer,
                        "-inkey", authority.key, "-out", answer)
                reply = answer.read_bytes()
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                self.wfile.write(reply)

            def log_message(self, *_):
                pass

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join(5)


def issue_stamped(folder: Path, keys: Path, authority: Authority) -> tuple[str, Path]:
    """One license, sealed with a time-stamp of this authority; its id, and where its PDF lies."""
    config = settings(keys, authority.root, authority.lists)
    config |= {"timestamps.tsa": [authority.url], "timestamps.at_issue": "B-T", "timestamps.deadline_ms": 20_000}
    with Server(folder / f"data-{authority.folder.name}", **config) as server:
        status, answer = server.submit(FIRST.read_text("utf-8").splitlines()[0].encode(), authority.folder.name)
        expect("a license is issued", status in (200, 201), answer.decode("utf-8", "replace"))
        license_id = json.loads(answer)["license_id"]
        headers = {"Authorization": "Bearer DEV-issuing-system"}
        status, _, pdf = server.ask("GET", f"/api/v1/licenses/{license_id}/files/pdf", headers=headers)
        expect("its PDF is fetched", status == 200, repr(pdf[:200]))
    path = folder / f"{authority.folder.name}.pdf"
    path.write_bytes(pdf)
    return license_id, path


def der_of(paths: list[Path], kind):
    from asn1crypto import pem

    return [kind.load(der) for path in paths for _, _, der in pem.unarmor(path.read_bytes(), multiple=True)]


def pyhanko_says(pdf: Path, roots: list[Path], lists: list[Path]):
    from asn1crypto import crl, x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import async_validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    context = ValidationContext(trust_roots=der_of(roots, x509.Certificate), allow_fetching=False,
                                crls=der_of(lists, crl.CertificateList), revocation_mode="require")
    with pdf.open("rb") as file:
        signature = PdfFileReader(file).embedded_signatures[0]
        return asyncio.run(async_validate_pdf_signature(signature, signer_validation_context=context,
                                                        ts_validation_context=context))


def judged(pdf: Path, trust: list[Path], *more) -> dict:
    """The program's own verdict."""
    arguments = ["verify", pdf, "--json", *more]
    for path in trust:
        arguments += ["--trust", path]
    verdict = json.loads(run(*arguments, check=False).stdout)
    return verdict[0] if isinstance(verdict, list) else verdict


def pyhanko_lta(pdf: Path, roots: list[Path], lists: list[Path], at: datetime.datetime):
    """pyHanko's validation with archival data (EN 319 102-1, 5.6.3) at this moment."""
    from asn1crypto import crl, x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.ades import ades_lta_validation
    from pyhanko.sign.validation.policy_decl import (
        LocalKnowledge,
        PdfSignatureValidationSpec,
        SignatureValidationSpec,
    )
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.ltv.types import ValidationTimingInfo
    from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
    from pyhanko_certvalidator.registry import SimpleTrustManager
    from pyhanko_certvalidator.revinfo.archival import CRLContainer

    spec = SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=der_of(roots, x509.Certificate)),
            revinfo_policy=CertRevTrustPolicy(revocation_checking_policy=REQUIRE_REVINFO)),
        local_knowledge=LocalKnowledge(
            known_crls=[CRLContainer(one) for one in der_of(lists, crl.CertificateList)]))
    timing = ValidationTimingInfo(validation_time=at, best_signature_time=at, point_in_time_validation=True)
    with pdf.open("rb") as file:
        signature = PdfFileReader(file).embedded_regular_signatures[0]
        return asyncio.run(ades_lta_validation(signature, PdfSignatureValidationSpec(spec), timing_info=timing))


def outlives(folder: Path, keys: Path) -> None:
    with Authority(folder / "tsa-short", "sha256", 900) as first, Authority(folder / "tsa-long", "sha256", 2900) as second:
        license_id, stamped = issue_stamped(folder, keys, first)
        roots = [keys / "root.pem", first.root, second.root]
        config = settings(keys, first.root, first.lists, second.root, second.lists)
        headers = {"Authorization": "Bearer DEV-issuing-system"}
        # A responder has the word on the seal: pyHanko finds no list of an issuer that is not an anchor in the past.
        with Server(folder / "data-responder", **config) as responder, \
                Server(folder / f"data-{first.folder.name}", **config, **{
                    "timestamps.tsa": [second.url], "timestamps.ocsp": [f"{responder.url}/dev/ocsp"],
                    "timestamps.keep": "B-LTA", "timestamps.look_every_ms": 200, "timestamps.deadline_ms": 20_000,
                }) as server:
            for _ in range(150):
                _, _, pdf = server.ask("GET", f"/api/v1/licenses/{license_id}/files/pdf", headers=headers)
                if b"/DocTimeStamp" in pdf:
                    break
                time.sleep(0.2)
        expect("the keeper brings the license to B-LTA", b"/DocTimeStamp" in pdf)
        expect("and what was sealed is as it was", pdf.startswith(stamped.read_bytes()))
        archived = folder / "archived.pdf"
        archived.write_bytes(pdf)

        now = datetime.datetime.now(datetime.timezone.utc)
        for days in (0, 2500):
            at = now + datetime.timedelta(days=days)
            verdict = judged(archived, [*roots, first.lists, second.lists, keys / "crl.pem"], "--at",
                             at.strftime("%Y-%m-%dT%H:%M:%SZ"))
            level = verdict["protection"] and verdict["protection"]["level"]
            expect(f"the program: valid at B-LTA after {days} days", (verdict["verdict"], level) == ("valid", "B-LTA"),
                   json.dumps(verdict, ensure_ascii=False, indent=1))
            result = pyhanko_lta(archived, roots, [first.lists, second.lists], at)
            passed = result.ades_subindic.status.name == "PASSED"
            expect(f"pyHanko: LTA validation passes after {days} days", passed,
                   f"{result.ades_subindic}: {result.failure_msg}")
            proven = result.oldest_evidence_record_timestamp
            expect("pyHanko: the document time-stamp counts", proven is not None)
        late = (now + datetime.timedelta(days=2500)).strftime("%Y-%m-%dT%H:%M:%SZ")
        verdict = judged(stamped, [*roots, first.lists, second.lists, keys / "crl.pem"], "--at", late)
        expect("without the document time-stamp nothing is known by then", verdict["verdict"] == "indeterminate",
               json.dumps(verdict, ensure_ascii=False, indent=1))


def foreign_authority(folder: Path, keys: Path, ess: str) -> None:
    with Authority(folder / f"tsa-{ess}", ess) as authority:
        _, pdf = issue_stamped(folder, keys, authority)
        query = folder / "ours.tsq"
        query.write_bytes(authority.requests[-1])
        said = openssl("ts", "-query", "-in", query, "-text").stdout
        nonce = re.search(r"Nonce: 0x([0-9A-F]+)", said)
        reads = "Hash Algorithm: sha256" in said and "Certificate required: yes" in said and nonce
        expect("OpenSSL reads the program's request", bool(reads), said)

        roots, lists = [keys / "root.pem", authority.root], [keys / "crl.pem", authority.lists]
        status = pyhanko_says(pdf, roots, lists)
        stamp = status.timestamp_validity
        expect(f"pyHanko: the seal is valid ({ess} ESS)", status.bottom_line, status.pretty_print_details())
        expect("pyHanko: and so is its time-stamp", stamp is not None and stamp.valid and stamp.trusted and stamp.intact)

        verdict = judged(pdf, roots + lists)
        protection = verdict["protection"]
        proven = protection and protection["level"] in ("B-T", "B-LT") and protection["proven_at"]
        expect("the program: the seal is valid, and proven in time", bool(verdict["verdict"] == "valid" and proven),
               json.dumps(verdict, ensure_ascii=False, indent=1))

        # The time-stamp is for the value of the seal's signature (RFC 3161, appendix A).
        from asn1crypto import cms
        from pyhanko.pdf_utils.reader import PdfFileReader

        with pdf.open("rb") as file:
            signer = PdfFileReader(file).embedded_signatures[0].signer_info
            token = signer["unsigned_attrs"][0]["values"][0].dump()
            value = signer["signature"].native
        assert cms.ContentInfo.load(token)["content_type"].native == "signed_data"
        inner = folder / "token.der"
        inner.write_bytes(token)
        check = ("ts", "-verify", "-token_in", "-in", inner, "-CAfile", authority.root, "-digest")
        openssl(*check, hashlib.sha256(value).hexdigest())
        refused = openssl(*check, hashlib.sha256(value + b"\0").hexdigest(), check=False)
        expect("OpenSSL: the token is for the seal's signature and nothing else", refused.returncode != 0)


def main() -> None:
    must_have("openssl")
    # pyHanko writes down every certificate that has ended, as a trace; what came of it is in its result.
    logging.disable(logging.CRITICAL)
    assert KEYS.is_dir()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        keys = folder / "keys"
        run("dev-keys", "--out", keys)
        development_services(folder, keys)
        for ess in ("sha1", "sha256"):
            foreign_authority(folder, keys, ess)
        outlives(folder, keys)
    print("time-stamps and OCSP: OpenSSL and pyHanko agree")


if __name__ == "__main__":
    sys.exit(main())
