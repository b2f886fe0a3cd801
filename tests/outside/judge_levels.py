"""The four levels of PAdES, each made by the program, before judges that we did not write.

pyHanko validates each level as such, without fetching and with revocation required; B-LTA also as of 2035, when the
certificates of the seal and of the first time-stamp authority have ended. OpenSSL verifies the seal and every time-stamp
taken out of the file. qpdf, pdfsig and MuPDF look at every file. One file is protected by Certomancer's authority.

    judge_levels.py [--out DIR]

With --out the files stay there, named by their level.
"""

import argparse
import asyncio
import dataclasses
import datetime
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import program
from certomancer_town import CertomancerTown
from kill_drill import Broken, ask
from outside_services import Authority, Ocsp, Tsa, days, now, seals

LATER = datetime.datetime(2035, 6, 1, tzinfo=datetime.timezone.utc)


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, timeout=120, check=False, **options)


class Bureau:
    """A vault whose licenses are brought from level to level by command."""

    def __init__(self, folder: Path, trust: list[Path], keys: Path):
        self.folder, self.trust, self.keys = folder, trust, keys
        self.bodies = iter(sorted(program.SUBMISSIONS.glob("*.jsonl"))[0].read_bytes().splitlines())

    def settings(self, **timestamps) -> Path:
        file = self.folder / "settings.toml"
        lines = ['mode = "development"', f"seals_dir = {json.dumps(str(self.keys / 'seals'))}",
                 f"trust = {json.dumps([str(path) for path in self.trust])}", "[timestamps]", "deadline_ms = 10000"]
        file.write_text("\n".join([*lines, *(f"{key} = {json.dumps(value)}" for key, value in timestamps.items())]) + "\n")
        return file

    def arguments(self, settings: Path) -> list:
        return ["--config", settings, "--data-dir", self.folder / "data"]

    def issue(self, **timestamps) -> Path:
        """A new license; the file that says what was submitted for it, by which it is fetched again."""
        body = next(self.bodies)
        file = self.folder / f"submission-{json.loads(body)['license_number']}.json"
        file.write_bytes(body)
        self.fetch(file, self.folder / "issued.pdf", **timestamps)
        return file

    def fetch(self, submission: Path, to: Path, **timestamps) -> Path:
        with tempfile.TemporaryDirectory() as out:
            done = program.run("issue", submission, *self.arguments(self.settings(**timestamps)), "--out", out, "--json")
            license_id = json.loads(done.stdout)["license_id"]
            shutil.move(Path(out) / f"{license_id}.pdf", to)
        return to

    def renew(self, within: str = "1d", **timestamps) -> int:
        done = program.run("vault", "renew", *self.arguments(self.settings(**timestamps)), "--within", within, "--json",
                           check=False)
        ask(done.returncode == 0, f"vault renew left with {done.returncode}: {done.stdout}{done.stderr}")
        return json.loads(done.stdout)["protected"]


# ---- The judges.


def attached(signature):
    """The time-stamp in a seal, if there is one."""
    from pyhanko.sign.validation.generic_cms import extract_tst_data_iter

    return next(extract_tst_data_iter(signature.signer_info, signed=False), None)


def specification(roots):
    from pyhanko.sign.validation.policy_decl import (
        PdfSignatureValidationSpec, RevinfoOnlineFetchingRule, RevocationInfoGatheringSpec, SignatureValidationSpec)
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
    from pyhanko_certvalidator.registry import SimpleTrustManager

    return PdfSignatureValidationSpec(SignatureValidationSpec(
        cert_validation_policy=CertValidationPolicySpec(
            trust_manager=SimpleTrustManager.build(trust_roots=roots),
            revinfo_policy=CertRevTrustPolicy(revocation_checking_policy=REQUIRE_REVINFO),
            time_tolerance=datetime.timedelta(minutes=5)),
        revinfo_gathering_policy=RevocationInfoGatheringSpec(online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY)))


def knowing(spec, store):
    """The same, with what the file's own store says on revocation."""
    from asn1crypto import crl, ocsp
    from pyhanko.sign.validation.policy_decl import LocalKnowledge
    from pyhanko_certvalidator.revinfo.archival import CRLContainer, OCSPContainer

    lists = [CRLContainer(crl.CertificateList.load(one.get_object().data)) for one in store.crls]
    answers = [OCSPContainer(ocsp.OCSPResponse.load(one.get_object().data)) for one in store.ocsps]
    known = LocalKnowledge(known_crls=lists, known_ocsps=answers)
    return dataclasses.replace(spec.signature_validation_spec, local_knowledge=known)


def pyhanko(pdf: Path, roots, level: str, at=None) -> None:
    """Validated as what it is said to be, from what is in the file alone."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.ades.report import AdESPassed
    from pyhanko.sign.validation.ades import ades_basic_validation, ades_lta_validation, ades_with_time_validation
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator.ltv.types import ValidationTimingInfo

    with pdf.open("rb") as file:
        reader = PdfFileReader(file, strict=True)
        signature, stamps = reader.embedded_regular_signatures[0], reader.embedded_timestamp_signatures
        signature.compute_integrity_info()
        extended = level in ("B-LT", "B-LTA", "B-B+") or at is not None
        info = signature.summarise_integrity_info()
        ask((info["coverage"] == SignatureCoverageLevel.ENTIRE_FILE) != extended, f"covers {info['coverage'].name}")
        ask(info["docmdp_ok"] is True or not extended, "the changes are not lawful under its DocMDP")
        spec = specification(roots)
        timing = ValidationTimingInfo(at, at, False) if at else None
        store = DocumentSecurityStore.read_dss(reader)
        if level == "B-B":
            ask(not stamps and attached(signature) is None, "a time-stamp at B-B")
            result = asyncio.run(ades_basic_validation(
                signature.signed_data, knowing(spec, store), raw_digest=signature.compute_digest()))
        elif level == "B-T":
            ask(not stamps and attached(signature) is not None, "not one time-stamp, in the seal")
            result = asyncio.run(ades_with_time_validation(
                signature.signed_data, knowing(spec, store), raw_digest=signature.compute_digest()))
            ask(result.best_signature_time <= now(), "the time-stamp proves nothing to it")
        elif level == "B-LT":
            ask(not stamps and len(store.ocsps) >= 2, "a document time-stamp, or nothing in the store")
            result = asyncio.run(ades_with_time_validation(
                signature.signed_data, knowing(spec, store), raw_digest=signature.compute_digest()))
        elif level == "B-B+":
            # pyHanko looks for a time-stamp in the seal and finds none; it judges seal and document time-stamps apart.
            ask(attached(signature) is None and stamps and store.ocsps, "not by document time-stamps alone")
            from pyhanko.sign.validation import async_validate_pdf_signature, async_validate_pdf_timestamp
            from pyhanko_certvalidator import ValidationContext
            from asn1crypto import crl, ocsp
            # It does not use the answers of Certomancer's responder, and says so of its own authority as well.
            context = lambda mode="require": ValidationContext(
                trust_roots=roots, revocation_mode=mode, allow_fetching=False, moment=at,
                crls=[crl.CertificateList.load(one.get_object().data) for one in store.crls],
                ocsps=[ocsp.OCSPResponse.load(one.get_object().data) for one in store.ocsps])
            status = asyncio.run(async_validate_pdf_signature(signature, signer_validation_context=context()))
            ask(status.bottom_line, f"the seal: {status.summary()}")
            for stamp in stamps:
                status = asyncio.run(async_validate_pdf_timestamp(stamp, context(
                    "soft-fail" if "certomancer" in pdf.name else "require")))
                ask(status.valid and status.trusted, f"a document time-stamp: {status.summary()}")
            return
        else:
            ask(stamps and store.ocsps, "no document time-stamp, or nothing in the store")
            result = asyncio.run(ades_lta_validation(signature, spec, timing))
            ask(result.oldest_evidence_record_timestamp is not None, "the document time-stamps prove nothing to it")
        ask(result.ades_subindic == AdESPassed.OK, f"{result.ades_subindic}: {result.failure_msg}")


def openssl(pdf: Path, roots: Path, folder: Path, before: datetime.datetime | None = None) -> int:
    """The seal and every time-stamp taken out of the file; how many time-stamps there were."""
    from asn1crypto import cms
    from pyhanko.pdf_utils.reader import PdfFileReader

    data, stamps = pdf.read_bytes(), []
    with pdf.open("rb") as file:
        reader = PdfFileReader(file, strict=True)
        for embedded in reader.embedded_signatures:
            begin, length, second, rest = (int(number) for number in embedded.byte_range)
            signed = folder / "signed.bin"
            signed.write_bytes(data[begin:begin + length] + data[second:second + rest])
            der = embedded.signed_data
            whole = cms.ContentInfo({"content_type": "signed_data", "content": der}).dump()
            if embedded.sig_object_type == "/DocTimeStamp":
                stamps.append((whole, signed.read_bytes()))
                continue
            (folder / "seal.der").write_bytes(whole)
            done = run("openssl", "cms", "-verify", "-inform", "DER", "-in", folder / "seal.der", "-binary", "-content", signed,
                       "-CAfile", roots, "-purpose", "any", "-out", "/dev/null")
            ask(done.returncode == 0, f"openssl cms: {done.stderr.decode()[-300:]}")
            inside = attached(embedded)
            if inside is not None:
                token = cms.ContentInfo({"content_type": "signed_data", "content": inside}).dump()
                stamps.append((token, embedded.signer_info["signature"].native))
    for token, stamped in stamps:
        (folder / "token.der").write_bytes(token)
        (folder / "stamped.bin").write_bytes(stamped)
        done = run("openssl", "ts", "-verify", "-token_in", "-in", folder / "token.der", "-data", folder / "stamped.bin",
                   "-CAfile", roots)
        ask(done.returncode == 0, f"openssl ts: {(done.stdout + done.stderr).decode()[-300:]}")
    return len(stamps)


def viewers(pdf: Path, folder: Path) -> None:
    done = run("qpdf", "--check", pdf)
    ask(done.returncode == 0, f"qpdf: {(done.stdout + done.stderr).decode()[-300:]}")
    done = run("pdfsig", pdf)
    said = done.stdout.decode()
    ask("Signature #1" in said and "Signature is Valid." in said, f"pdfsig: {said[:400]}")
    cleaned = folder / "cleaned.pdf"
    done = run("mutool", "clean", pdf, cleaned)
    ask(done.returncode == 0 and not re.search(rb"error|warning|repair", done.stderr), f"mutool: {done.stderr.decode()[-300:]}")


def ours(pdf: Path, bureau: Bureau, level: str, at=None) -> None:
    """The program's own verdict, at the same moment."""
    moment = ["--at", at.strftime("%Y-%m-%dT%H:%M:%SZ")] if at else []
    done = program.run("verify", pdf, "--config", bureau.settings(), "--json", *moment, check=False)
    verdict = json.loads(done.stdout)
    ask(verdict["verdict"] == "valid", f"our own verdict: {verdict['verdict']}: {verdict['headline']['en']}")
    # The first revision has lists in it already, which are as good as an answer: with a time-stamp that is B-LT.
    levels = ("B-T", "B-LT") if level == "B-T" else (level,)
    ask(verdict["protection"]["level"] in levels, f"our own verdict: at {verdict['protection']}")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=Path)
    asked = arguments.parse_args()
    program.must_have("openssl", "qpdf", "pdfsig", "mutool")
    begun, passed, failed = time.monotonic(), 0, 0

    with tempfile.TemporaryDirectory(prefix="zhengku-levels-") as folder:
        folder = Path(folder)
        out = asked.out or folder / "out"
        out.mkdir(parents=True, exist_ok=True)
        keys = folder / "keys"
        program.run("dev-keys", "--out", keys)
        authority = Authority(keys)
        # The first authority ends within the year; the second outlives seal and first authority.
        first, second = Tsa(authority, ends=now() + days(300)), Tsa(authority, ends=now() + days(365 * 18))
        responder = Ocsp(authority, [*seals(keys), *first.certificates(), *second.certificates()])
        with CertomancerTown(folder, free_port()) as other:
            bureau = Bureau(folder, [keys, other.root], keys)
            by_first = {"tsa": [first.url], "ocsp": [responder.url]}
            by_second = {"tsa": [second.url], "ocsp": [responder.url]}
            stamped = bureau.issue(**by_first, at_issue="B-T", keep="B-LT")
            files = [("B-T", "B-T", None, bureau.fetch(stamped, out / "B-T.pdf"))]
            ask(bureau.renew(**by_first, keep="B-LT") == 1, "not one license was due for B-LT")
            files.append(("B-LT", "B-LT", None, bureau.fetch(stamped, out / "B-LT.pdf")))
            ask(bureau.renew(**by_first, keep="B-LTA") == 1, "not one license was due for B-LTA")
            files.append(("B-LTA", "B-LTA", None, bureau.fetch(stamped, out / "B-LTA.pdf")))
            bare = bureau.issue()
            files.insert(0, ("B-B", "B-B", None, bureau.fetch(bare, out / "B-B.pdf")))
            ask(bureau.renew(**by_first, keep="B-LTA") == 1, "not one license was due after B-B")
            files.append(("B-LTA from B-B", "B-B+", None, bureau.fetch(bare, out / "B-LTA-from-B-B.pdf")))
            # Everything ends within 50 years, so all are stamped once more: now by an authority that lasts.
            ask(bureau.renew(within="50y", **by_second, keep="B-LTA") == 2, "not both licenses were renewed")
            files.append(("B-LTA in 2035", "B-LTA", LATER, bureau.fetch(stamped, out / "B-LTA-renewed.pdf")))
            files.append(("B-LTA from B-B, renewed", "B-B+", None, bureau.fetch(bare, out / "B-LTA-from-B-B-renewed.pdf")))
            elsewhere = bureau.issue()
            by_other = {"tsa": [other.tsa], "ocsp": [responder.url, other.ocsp]}
            ask(bureau.renew(**by_other, keep="B-LTA") == 1, "not one license was due for Certomancer")
            files.append(("B-LTA by Certomancer", "B-B+", None, bureau.fetch(elsewhere, out / "B-LTA-certomancer.pdf")))

            from asn1crypto import pem, x509
            trusted = folder / "roots.pem"
            trusted.write_bytes((keys / "root.pem").read_bytes() + (keys / "issuing-ca.pem").read_bytes() + other.root.read_bytes())
            roots = [x509.Certificate.load(pem.unarmor(path.read_bytes())[2]) for path in (keys / "root.pem", other.root)]
            for name, level, at, pdf in files:
                our_level = "B-LTA" if level == "B-B+" else level
                judges = [
                    ("pyHanko", lambda: pyhanko(pdf, roots, level, at)),
                    ("OpenSSL", lambda: ask(openssl(pdf, trusted, folder) >= (0 if level == "B-B" else 1), "no time-stamp")),
                    ("viewers", lambda: viewers(pdf, folder)),
                    ("zhengku verify", lambda: ours(pdf, bureau, our_level, at)),
                ]
                if name == "B-LTA from B-B, renewed":
                    judges.append(("zhengku verify in 2035", lambda: ours(pdf, bureau, our_level, LATER)))
                for judge, look in judges:
                    try:
                        look()
                        passed += 1
                    except (Broken, SystemExit, KeyError, ValueError, OSError) as error:
                        failed += 1
                        print(f"FAILED {name}, {judge}: {error or type(error).__name__}", file=sys.stderr)
            # Who never renewed has nothing that still holds then.
            try:
                ours(out / "B-LTA.pdf", bureau, "B-LTA", LATER)
                failed += 1
                print("FAILED B-LTA without renewal counts in 2035", file=sys.stderr)
            except Broken:
                passed += 1
        for service in (first, second, responder):
            service.close()
    print(f"{len(files)} files in {time.monotonic() - begun:.0f} s")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
