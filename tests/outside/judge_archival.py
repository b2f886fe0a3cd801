"""Archival (PDF/A-3a) and accessible (PDF/UA-1) after sealing: what three checkers say that we did not write.

    judge_archival.py FILE…        these files, of any level of protection
    judge_archival.py --out DIR    of each license type the smallest and the largest document of `zhengku demo --out DIR`

`pdf-compliance` looks at both standards, `pdfua` and `outloud` at PDF/UA. Whatever one of them finds is a failure, unless
it stands in the list below, where the reason is given why the finding is false or no clause of the standard. Of a false
finding it is worked out from the file how often it must come: one that fails to come is a failure as well.
"""

import argparse
import io
import json
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import pikepdf
from fontTools.cffLib import CFFFontSet
from fontTools.pens.basePen import NullPen
from fontTools.ttLib import TTFont

import program

CHECKER = program.ROOT / ".setup" / "archival" / "debug" / "archival-checker"
SCRIPTS = Path(sys.executable).parent


# ---- What is known of a file without any of the checkers.


class Facts:
    """Read with pikepdf: what the false findings hang on, and the little that no checker looks at."""

    def __init__(self, file: Path):
        self.faults = []
        self.glyphs = 0
        with pikepdf.open(file) as pdf:
            self.pages = len(pdf.pages)
            self.fonts = sorted({
                str(part.BaseFont).removeprefix("/") for font in pdf.objects
                if isinstance(font, pikepdf.Dictionary) and font.get("/Type") == "/Font"
                and font.get("/Subtype") == "/Type0" for part in font.DescendantFonts
                if "/CIDSet" not in part.FontDescriptor})
            self.wide_alts = 0
            self.lined_headings = 0
            self.long_tables = 0
            root = pdf.Root.StructTreeRoot
            self.forms = 0
            for element in elements(root.K):
                role = str(element.S)
                if role == "/Figure":
                    alt = element.get("/Alt")
                    self.hold(alt is not None and str(alt).strip(), "a Figure without Alt")
                    # A text string in UTF-16 with its mark (ISO 32000-1, 7.9.2.2).
                    self.wide_alts += alt is not None and bytes(alt).startswith(b"\xfe\xff")
                    self.hold("/BBox" in element.get("/A", {}), "a Figure without BBox")
                elif role == "/Form":
                    self.forms += 1
                    widget = element.K.Obj
                    self.hold(element.K.Type == "/OBJR" and widget.Subtype == "/Widget", "a Form without its widget")
                    for text in [widget.get("/TU"), widget.get("/Contents"), element.get("/Alt")]:
                        self.hold(text is not None and str(text).strip(), "a seal without words")
                    parents = dict(pairs(root.ParentTree.Nums))
                    self.hold(parents.get(int(widget.StructParent)) == element, "a widget that leads to no Form")
                elif re.fullmatch("/H[1-6]", role):
                    self.lined_headings += isinstance(element.K, pikepdf.Array)
                elif role == "/Table":
                    homes = {kid.Pg.objgen for kid in element.K}
                    self.long_tables += len(homes) > 1
            self.hold(self.forms == 1, f"{self.forms} seals in the structure")
            self.hold(all(page.get("/Tabs") == "/S" for page in pdf.pages), "a page without /Tabs /S")
            for font in pdf.objects:
                if isinstance(font, pikepdf.Dictionary) and font.get("/Subtype") in ("/CIDFontType0", "/CIDFontType2"):
                    self.widths(font)
            self.size = file.stat().st_size
            # Widgets of document time-stamps: without size, outside of the page.
            self.unseen = 0
            for page in pdf.pages:
                left, bottom, right, top = map(float, page.MediaBox)
                for widget in page.get("/Annots", []):
                    x, y, x2, y2 = map(float, widget.Rect)
                    outside = not (left <= x <= right and bottom <= y <= top)
                    self.unseen += "/AP" not in widget and (x, y) == (x2, y2) and outside
            self.ends = [int(reach[2]) + int(reach[3]) for reach in (
                found["/ByteRange"] for found in pdf.objects
                if isinstance(found, pikepdf.Dictionary) and "/ByteRange" in found)]
            bytes_ = file.read_bytes()
            for end in self.ends:
                self.hold(bytes_[:end].rstrip(b"\n").endswith(b"%%EOF"), "a signature that ends within a revision")
            with pdf.open_metadata() as packet:
                claims = [packet.get("pdfaid:part"), packet.get("pdfaid:conformance"), packet.get("pdfuaid:part")]
                self.hold(claims == ["3", "A", "1"], f"the packet claims {claims}")
                said = [packet.get("{urn:zhengku:license:1}" + name) for name in ("licenseId", "originalId")]
                self.is_copy = said[1] is not None
                is_receipt = packet.get("{urn:zhengku:license:1}receiptNumber") is not None
                self.type_code = "" if is_receipt else next(id_ for id_ in said if id_).split(".")[5]

    def widths(self, font) -> None:
        """ISO 19005-3, 6.2.11.5, glyph by glyph: the widths stated are those of the program, to one thousandth."""
        named, runs = {}, list(font.get("/W", []))
        for first, run in zip(runs[::2], runs[1::2]):
            named.update(enumerate(map(float, run), int(first)))
        descriptor = font.FontDescriptor
        if "/FontFile3" in descriptor:
            fonts = CFFFontSet()
            fonts.decompile(io.BytesIO(descriptor.FontFile3.read_bytes()), None)
            top = fonts[0]
            scale = 1000 * top.FontMatrix[0] if hasattr(top, "FontMatrix") else 1
            glyphs = [top.CharStrings[name] for name in top.charset]
            for glyph in glyphs:
                glyph.draw(NullPen())
            inside = [glyph.width * scale for glyph in glyphs]
        else:
            program = TTFont(io.BytesIO(descriptor.FontFile2.read_bytes()))
            metrics = program["hmtx"].metrics
            units = program["head"].unitsPerEm
            inside = [metrics[name][0] * 1000 / units for name in program.getGlyphOrder()]
        # What is not named is as wide as /DW says. Code 0 is never shown.
        stated = [named.get(code, float(font.DW)) for code in range(1, len(inside))]
        self.glyphs += len(stated)
        self.hold(max(named, default=0) < len(inside), "a width without a glyph")
        self.hold(all(abs(a - b) <= 1 for a, b in zip(stated, inside[1:])),
                  f"{font.BaseFont}: a width that is not that of the glyph")

    def hold(self, holds, reason: str) -> None:
        if not holds:
            self.faults.append(reason)


def elements(kids):
    """The elements below, however deep, in the order of reading."""
    for kid in kids if isinstance(kids, pikepdf.Array) else [kids]:
        if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
            yield kid
            yield from elements(kid.get("/K", pikepdf.Array()))


def pairs(array):
    return [(int(array[place]), array[place + 1]) for place in range(0, len(array), 2)]


# ---- False findings: which must come, worked out from the file.


def certain(facts: Facts) -> Counter:
    """Checker, clause and message of every finding that is false, as often as it must come."""
    found = Counter()
    # ISO 19005-3, 6.2.11.4.2 asks that a CIDSet, *if there is one*, names every CID; only PDF/A-1 asked for one.
    for font in facts.fonts:
        found["pdf-compliance", "6.2.11.5", f"Subset CIDFont {font} missing required /CIDSet"] = 1
    # It reads text strings as UTF-8 alone. ISO 32000-1, 7.9.2.2 knows PDFDocEncoding and UTF-16, and UTF-8 not at all.
    if facts.wide_alts:
        found["pdf-compliance", "7.3", "Figure element 'Figure' missing /Alt text"] = facts.wide_alts
    # 6.4.3 asks that a signature covers the file as it was signed. What PAdES appends later (ISO 32000-1, 12.8.1: a
    # signature covers its revision) is covered by the document time-stamps.
    for end in facts.ends:
        if end != facts.size:
            message = f"Signature ByteRange does not cover entire file: b2+l2={end} but file_size={facts.size}"
            found["pdf-compliance", "6.4.3", message] += 1
    # 6.3.3 asks no appearance of an annotation whose Rect has no size (its first and third, second and fourth number are
    # the same); ISO 14289-1, 7.18.1 and 7.18.4 no Form for a widget that lies outside of the page.
    for place in range(facts.unseen):
        found["pdf-compliance", "6.3.3", "Widget annotation missing /AP (appearance dict)"] += 1
        message = f"Widget annotation {place + 1} missing required /AP (appearance dictionary)"
        found["pdf-compliance", "6.9", message] += 1
    if facts.unseen:
        message = f"{facts.unseen} form field widget(s) are not inside a /Form structure element"
        found["outloud", "FRM-003", message] += 1
    # It trips over a heading that has two marked parts, such as a title in two lines; outloud looks at headings too.
    if facts.lined_headings:
        found["pdfua", "UA-14-001", "not evaluated"] = 1
    return found


# Warnings that no clause of the standard stands behind, and which files may have them.
POSSIBLE = {
    # Fixed words lie beneath all values and are painted first; read aloud is the tree (ISO 14289-1, 7.2).
    ("outloud", "ORD-001"): lambda facts: True,
    # Lines about label and value (施工许可证), and a table that has a part on another page than it begins on.
    ("outloud", "TBL-014"): lambda facts: facts.type_code.endswith("8F004") or facts.long_tables,
    # Bookmarks are recommended (7.17); a face is looked at as a whole.
    ("outloud", "NAV-001"): lambda facts: facts.pages > 5,
}

# The same, of annotated copies alone.
POSSIBLE_OF_COPIES = {
    # Their sentence belongs to every page, and is read aloud on each.
    ("outloud", "PAG-001"): lambda facts: facts.pages > 2,
}


# ---- The checkers: file → what it says, each finding with clause and message.


def run(*command) -> subprocess.CompletedProcess:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, timeout=600, check=False)


def pdf_compliance(files: list[Path]) -> dict[Path, list]:
    done = run(CHECKER, *files)
    found, ended = {file: [] for file in files}, set()
    for line in done.stdout.splitlines():
        path, standard, _, clause, message, place = line.split("\t")
        if standard == "end":
            ended.add(Path(path))
        else:
            found[Path(path)].append((clause, message, place))
    if done.returncode != 0 or ended != set(files):
        raise SystemExit(f"archival-checker left with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    for file, findings in found.items():
        # A font is named again on every page that uses it.
        fonts = sorted({(clause, message) for clause, message, _ in findings if "CIDFont" in message})
        found[file] = [(clause, message) for clause, message, _ in findings if "CIDFont" not in message] + fonts
    return found


def pdfua(files: list[Path]) -> dict[Path, list]:
    done = run(SCRIPTS / "pdfua", "check", "--format", "json", *files)
    if done.returncode not in (0, 1, 2, 3):
        raise SystemExit(f"pdfua left with {done.returncode}: {done.stderr[-500:]}")
    found, rest = {}, done.stdout.strip()
    while rest:
        # One document after the other, with nothing between them.
        report, end = json.JSONDecoder().raw_decode(rest)
        rest = rest[end:].lstrip()
        findings = [(one["rule_id"], one["message"]) for one in report["findings"]]
        found[Path(report["file"])] = findings + [(one["rule_id"], "not evaluated") for one in report["skipped"]]
    return found


def outloud(files: list[Path]) -> dict[Path, list]:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        done = run(SCRIPTS / "outloud", "--quiet", "--fail-on", "never", "--json", file.name, *files)
        if done.returncode != 0:
            raise SystemExit(f"outloud left with {done.returncode}: {done.stderr[-500:]}")
        reports = json.loads(Path(file.name).read_text("utf-8"))["results"]
    found = {}
    for report in reports:
        unread = [("-", report["error"])] if report["error"] else []
        broken = [(rule["rule"], f"{rule['status']}: {rule['reason']}") for rule in report["rules"]
                  if rule["status"] not in ("ran", "not-applicable", "not-implemented", "skipped")]
        found[Path(report["path"])] = unread + broken + [(one["rule"], one["message"]) for one in report["findings"]]
    return found


CHECKERS = {"pdf-compliance": pdf_compliance, "pdfua": pdfua, "outloud": outloud}


# ---- The court.


def of_each_type(out: Path) -> list[Path]:
    """The smallest and the largest document of each type."""
    types = {}
    for _, submission, pdf, _ in program.issued(out):
        types.setdefault(submission["type"], []).append((pdf.stat().st_size, pdf))
    return [file for sizes in types.values() for _, file in sorted({min(sizes), max(sizes)})]


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=Path, help="a folder that `zhengku demo --out` has filled")
    arguments.add_argument("files", nargs="*", type=Path)
    asked = arguments.parse_args()
    files = [*asked.files, *(of_each_type(asked.out) if asked.out else [])]
    if not files:
        arguments.error("no files")
    return judge(files, whole=asked.out is not None)


def judge(files: list[Path], whole: bool = False) -> int:
    """All checkers on all files; `whole` says that every known warning must be met somewhere among them."""
    for tool in [CHECKER, SCRIPTS / "pdfua", SCRIPTS / "outloud"]:
        if not tool.is_file():
            raise SystemExit(f"missing: {tool}; `make setup` puts it in place")
    said = {name: checker(files) for name, checker in CHECKERS.items()}
    failed, known, glyphs = [], Counter(), 0
    for file in files:
        facts = Facts(file)
        glyphs += facts.glyphs
        failed += [(file, "structure", reason) for reason in facts.faults]
        found = Counter()
        for name in CHECKERS:
            if file not in said[name]:
                failed.append((file, name, "said nothing of it"))
            for clause, message in said[name].get(file, []):
                may = POSSIBLE.get((name, clause)) or facts.is_copy and POSSIBLE_OF_COPIES.get((name, clause))
                if may and may(facts):
                    known[name, clause] += 1
                else:
                    found[name, clause, message] += 1
        must = certain(facts)
        failed += [(file, one[0], " ".join(one[1:])) for one in (found - must).elements()]
        failed += [(file, one[0], f"no longer finds {' '.join(one[1:])}: take it from the list of false findings")
                   for one in (must - found).elements()]
        known.update((one[0], one[1]) for one in (must & found).elements())
    if whole:
        for one in POSSIBLE:
            if not known[one]:
                failed.append((Path("all"), one[0], f"nowhere says {one[1]}: take it from the list of known warnings"))

    print(f"{len(files)} documents before {', '.join(CHECKERS)}; {glyphs} glyphs as wide as stated")
    print("known: " + ", ".join(f"{name} {clause} {count}" for (name, clause), count in sorted(known.items())))
    for file, name, reason in failed[:200]:
        print(f"FAILED {file.name}: {name}: {reason}", file=sys.stderr)
    print(f"{len(files) * (len(CHECKERS) + 1) - len({(f, n) for f, n, _ in failed})} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
