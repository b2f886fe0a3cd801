"""Every sealed PDF of the fixtures before judges that we did not write.

qpdf, poppler (pdfsig, pdftotext, pdffonts, pdfimages, pdftoppm), MuPDF, pyHanko and zbar each look at every file.
A file that one of them turns down is named with the tool and its reason. A missing tool is a failure.

    judge_documents.py [--out DIR] [--jobs N] [--public-url URL]

Without --out the program makes the documents first.
"""

import argparse
import asyncio
import datetime
import multiprocessing
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml
from collections import Counter
from pathlib import Path

import program
from face_values import columns, face_values, sheets, type_of

TOOLS = ["qpdf", "pdfsig", "pdftotext", "pdffonts", "pdfimages", "pdftoppm", "mutool", "certutil", "zbarimg", "openssl"]
LIMIT_BYTES = 120 * 1024
POINTS_PER_MM = 72 / 25.4


def run(*command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, timeout=120, check=False, **options)


def text_of(*command) -> str:
    done = run(*command)
    if done.returncode != 0:
        raise Refused(f"{command[0]} left with {done.returncode}: {done.stderr.decode(errors='replace').strip()[:300]}")
    return done.stdout.decode("utf-8")


def bare(text: str) -> str:
    """Without any white space: where a line is broken is not what is compared."""
    return "".join(text.split())


class Refused(Exception):
    """A judge's reason against a file."""


def ask(holds: bool, reason: str) -> None:
    if not holds:
        raise Refused(reason)


# ---- The judges. Each is given a Case and raises Refused.


class Case:
    """One document with all that is known of it from outside."""

    def __init__(self, license_id: str, submission: dict, pdf: Path, court: "Court"):
        self.license_id, self.submission, self.pdf, self.court = license_id, submission, pdf, court
        self.values = face_values(submission)

    @property
    def portraits(self) -> int:
        return sum(1 for value in self.values.values() if value is None)


class Court:
    """What the judges need besides the file."""

    def __init__(self, nss: Path, public_url: str, roots: list[bytes], lists: list[bytes]):
        self.nss, self.public_url, self.roots, self.lists = nss, public_url, roots, lists


def qpdf(case: Case) -> None:
    done = run("qpdf", "--check", case.pdf)
    ask(done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace").strip()[-300:])


def pdfsig(case: Case) -> None:
    said = text_of("pdfsig", "-nssdir", f"sql:{case.court.nss}", case.pdf)
    ask(len(re.findall(r"^Signature #\d+:", said, re.MULTILINE)) == 1, "not exactly one signature")
    for sentence in ["Signature Validation: Signature is Valid.", "Certificate Validation: Certificate is Trusted.",
                     "Total document signed", "Signature Type: ETSI.CAdES.detached"]:
        ask(sentence in said, f"did not say {sentence!r}: " + " / ".join(
            line.strip(" -") for line in said.splitlines() if "Validation" in line or "signed" in line or "Type" in line))


def pyhanko(case: Case) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import SignatureCoverageLevel, async_validate_pdf_signature
    from pyhanko.sign.validation.ades import ades_basic_validation
    from pyhanko.sign.validation.policy_decl import LocalKnowledge, SignatureValidationSpec
    from pyhanko_certvalidator import ValidationContext
    from pyhanko_certvalidator.context import CertValidationPolicySpec
    from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy
    from pyhanko_certvalidator.registry import SimpleTrustManager
    from pyhanko_certvalidator.revinfo.archival import CRLContainer
    from asn1crypto import crl, x509

    roots = [x509.Certificate.load(der) for der in case.court.roots]
    lists = [crl.CertificateList.load(der) for der in case.court.lists]
    with case.pdf.open("rb") as file:
        reader = PdfFileReader(file, strict=True)
        signatures = reader.embedded_signatures
        ask(len(signatures) == 1, f"{len(signatures)} signatures")
        signature = signatures[0]

        context = ValidationContext(trust_roots=roots, crls=lists, revocation_mode="require", allow_fetching=False)
        status = asyncio.run(async_validate_pdf_signature(signature, signer_validation_context=context))
        ask(status.intact, "not intact")
        ask(status.valid, "not valid")
        ask(status.trusted, f"not trusted: {status.trust_problem_indic or status.summary()}")
        ask(status.coverage == SignatureCoverageLevel.ENTIRE_FILE, f"covers {status.coverage.name}")
        ask(status.docmdp_ok is not False and status.bottom_line, f"bottom line: {status.summary()}")

        # PAdES baseline, EN 319 142-1 clause 6.3: how the signature is embedded and what it must state.
        ask(signature.sig_object["/SubFilter"] == "/ETSI.CAdES.detached", "SubFilter is not ETSI.CAdES.detached")
        ask("/M" in signature.sig_object, "no claimed signing time (M)")
        ask("/Cert" not in signature.sig_object, "Cert in the signature dictionary")
        signed = {attribute["type"].native for attribute in signature.signer_info["signed_attrs"]}
        for name in ["content_type", "message_digest", "signing_certificate_v2"]:
            ask(name in signed, f"no signed attribute {name}")
        ask("signing_time" not in signed, "signing-time among the signed attributes, which PAdES forbids")

        spec = SignatureValidationSpec(
            cert_validation_policy=CertValidationPolicySpec(
                trust_manager=SimpleTrustManager.build(trust_roots=roots),
                revinfo_policy=CertRevTrustPolicy(revocation_checking_policy=REQUIRE_REVINFO)),
            local_knowledge=LocalKnowledge(known_crls=[CRLContainer(one) for one in lists]))
        result = asyncio.run(ades_basic_validation(signature.signed_data, spec, raw_digest=signature.compute_digest()))
        ask(result.ades_subindic.status.name == "PASSED",
            f"AdES basic validation: {result.ades_subindic}: {result.failure_msg}")


def pdftotext(case: Case) -> None:
    """Every face value is in the text of the page, in the order in which it was drawn."""
    text = bare(text_of("pdftotext", "-raw", "-enc", "UTF-8", case.pdf, "-"))
    missing = []
    for code, value in case.values.items():
        if value is None:
            continue
        parts = [cell for row in value for cell in row] if isinstance(value, list) else [value]
        missing += [code for part in parts if bare(part) not in text]
    ask(not missing, f"not found on the page: {', '.join(missing)}")
    ask(bare(case.license_id) in text, "the license id is not found on the page")
    odd = {f"U+{ord(c):04X}" for c in text if c == "\ufffd" or 0xE000 <= ord(c) <= 0xF8FF or ord(c) >= 0xF0000}
    ask(not odd, f"no character: {', '.join(sorted(odd))}")


def reading_order(case: Case) -> None:
    """The same with pdftotext's own idea of columns, as people copy and search; a blank line may part a value there.

    Of a text that runs from top to bottom it takes what lies on its side for another column, so those are left out.
    """
    upright = columns(case.submission["type"])
    text = bare(text_of("pdftotext", "-enc", "UTF-8", case.pdf, "-"))
    torn = [code for code, value in case.values.items() if isinstance(value, str) and code not in upright
            and any(bare(part) not in text for part in value.split("\n\n"))]
    ask(not torn, f"torn apart by reading order: {', '.join(torn)}")


def mupdf_boxes(case: Case) -> None:
    """MuPDF finds in the box of each field exactly its value, and nothing in the box of an empty one."""
    document = xml.fromstring(text_of("mutool", "draw", "-q", "-F", "stext", "-o", "-", case.pdf))
    pages = document.findall("page")
    kind = case.submission["type"]
    faces = sheets(kind, len(pages))
    ask(len(faces) == len(pages), f"{len(pages)} pages, and the face has {len(faces)}")
    tables = {field["code"]: "" for field in type_of(kind)["field"] if field.get("kind") == "table"}
    faults = []
    for page, face in zip(pages, faces):
        letters = []
        for letter in page.iter("char"):
            x0, y0, x1, y1, x2, y2, x3, y3 = map(float, letter.get("quad").split())
            letters.append(((x0 + x1 + x2 + x3) / 4, (y0 + y1 + y2 + y3) / 4, letter.get("c")))
        ask("\ufffd" not in {c for _, _, c in letters}, "a glyph without a character")
        others = [box_of(element) for element in face if element["kind"] in ("seal", "license_id")]
        for element in face:
            if element["kind"] not in ("field", "table"):
                continue
            code, box = element["field"], box_of(element)
            found = "".join(
                c for x, y, c in letters if box[0] <= x <= box[2] and box[1] <= y <= box[3] and not c.isspace())
            value = case.values.get(code, "")
            if code in tables:
                # What a table has on all its pages is looked at below.
                tables[code] += found
            elif code in columns(kind):
                missing = Counter(bare(value)) - Counter(found)
                if missing:
                    faults.append(f"{code}: {missing.total()} characters are not in its box")
            elif value is None or any(overlap(box, other) for other in others):
                if value and bare(value) not in found:
                    faults.append(f"{code}: not in its box")
            elif bare(value) != found:
                faults.append(f"{code}: its box holds {len(found)} characters, its value has {len(bare(value))}")
    for code, found in tables.items():
        cells = [cell for row in case.values.get(code) or [] for cell in row]
        faults += [f"{code}: a cell is not there" for cell in cells if bare(cell) not in found]
    ask(not faults, "; ".join(faults))


def box_of(element: dict) -> tuple[float, float, float, float]:
    """In points, from the upper left corner, with a little room for accents and descenders."""
    width = element.get("w", element.get("diameter"))
    height = element.get("h", element.get("diameter"))
    room = 0.4
    return tuple(length * POINTS_PER_MM for length in (
        element["x"] - room, element["y"] - room, element["x"] + width + room, element["y"] + height + room))


def overlap(one, other) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def pdffonts(case: Case) -> None:
    lines = text_of("pdffonts", case.pdf).splitlines()[2:]
    ask(lines, "no fonts at all")
    for line in lines:
        match = re.search(r"\s(yes|no)\s+(yes|no)\s+(yes|no)\s+\d+\s+\d+$", line)
        ask(match is not None, f"not understood: {line}")
        embedded, subset, unicode = match.groups()
        ask(embedded == "yes", f"not embedded: {line.split()[0]}")
        ask(subset == "yes", f"not a subset: {line.split()[0]}")
        ask(unicode == "yes", f"without ToUnicode: {line.split()[0]}")


def pdfimages(case: Case) -> None:
    rows = text_of("pdfimages", "-list", case.pdf).splitlines()[2:]
    pictures = sum(1 for row in rows if row.split()[2] == "image")
    ask(pictures >= case.portraits, f"{pictures} pictures for {case.portraits} portraits")


def zbarimg(case: Case) -> None:
    """The square, read from the whole page as a scanner of 150 dots an inch sees it."""
    page = run("pdftoppm", "-r", "150", "-gray", "-f", "1", "-l", "1", case.pdf)
    ask(page.returncode == 0, f"pdftoppm: {page.stderr.decode(errors='replace').strip()[:200]}")
    done = run("zbarimg", "-q", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", "-", input=page.stdout)
    squares = done.stdout.decode(errors="replace").split()
    # What is behind the mark is signed; judge_qr.py reads it.
    address, _, statement = (squares or [""])[0].partition("#")
    ask(len(squares) == 1 and address == f"{case.court.public_url}/verify" and len(statement) > 400 and statement.isdigit(),
        f"read {squares or 'nothing'}")


def size(case: Case) -> None:
    bytes_ = case.pdf.stat().st_size
    pages = int(re.search(r"^Pages:\s+(\d+)", text_of("pdfinfo", case.pdf), re.MULTILINE).group(1))
    limit = LIMIT_BYTES * pages
    ask(bytes_ <= limit, f"{bytes_} bytes on {pages} pages; {limit} at most")


JUDGES = [qpdf, pdfsig, pyhanko, pdftotext, reading_order, mupdf_boxes, pdffonts, pdfimages, zbarimg, size]


# ---- The court sits.

COURT = None


def take_seats(court: Court) -> None:
    global COURT
    COURT = court


def judge(license_id: str, submission: dict, pdf: Path):
    """All judges on one file: what each said against it, and how long it took."""
    case = Case(license_id, submission, pdf, COURT)
    faults, seconds = [], Counter()
    for one in JUDGES:
        start = datetime.datetime.now()
        try:
            one(case)
        except Refused as refusal:
            faults.append((one.__name__, str(refusal)))
        except Exception as error:  # A judge that cannot read the file has not agreed to it.
            faults.append((one.__name__, f"{type(error).__name__}: {error}"))
        seconds[one.__name__] = (datetime.datetime.now() - start).total_seconds()
    return pdf, submission["type"], pdf.stat().st_size, faults, seconds


def trusting_store(folder: Path, roots: list[bytes]) -> Path:
    store = folder / "nss"
    store.mkdir()
    commands = [["certutil", "-N", "-d", f"sql:{store}", "--empty-password"]]
    for number, der in enumerate(roots):
        file = folder / f"root-{number}.der"
        file.write_bytes(der)
        commands.append(["certutil", "-A", "-d", f"sql:{store}", "-n", f"root-{number}", "-t", "C,C,C", "-i", str(file)])
    for command in commands:
        done = run(*command)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(command)}: {done.stderr.decode(errors='replace')}")
    return store


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=Path, help="a folder that `zhengku demo --out` has filled")
    arguments.add_argument("--jobs", type=int, default=2)
    arguments.add_argument("--public-url", default=program.PUBLIC_URL)
    asked = arguments.parse_args()
    program.must_have(*TOOLS)

    with tempfile.TemporaryDirectory(prefix="zhengku-judges-") as folder:
        folder = Path(folder)
        out = asked.out or program.issue_all_fixtures(folder)
        roots, lists = program.certificates()
        court = Court(trusting_store(folder, roots), asked.public_url, roots, lists)
        cases = [(license_id, submission, pdf) for license_id, submission, pdf, _ in program.issued(out)]
        stray = {path.name for path in out.glob("*.pdf")} - {pdf.name for _, _, pdf in cases}
        with multiprocessing.Pool(asked.jobs, take_seats, (court,)) as pool:
            results = pool.starmap(judge, cases, chunksize=4)

    failed = [(pdf, tool, reason) for pdf, _, _, faults, _ in results for tool, reason in faults]
    failed += [(Path(name), "program", "in the folder, and in no result file") for name in sorted(stray)]
    seconds = sum((spent for *_, spent in results), Counter())
    largest = max(results, key=lambda result: result[2])
    print(f"{len(results)} documents of {len({code for _, code, *_ in results})} types before {len(JUDGES)} judges; "
          f"largest {largest[2]} bytes ({largest[0].name})")
    print("seconds: " + ", ".join(f"{name} {spent:.0f}" for name, spent in seconds.most_common()))
    for pdf, tool, reason in failed[:200]:
        print(f"FAILED {pdf.name}: {tool}: {reason}", file=sys.stderr)
    for tool, count in Counter(tool for _, tool, _ in failed).most_common():
        print(f"{tool}: {count} of {len(results)} turned down", file=sys.stderr)
    print(f"{len(results) * len(JUDGES) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
