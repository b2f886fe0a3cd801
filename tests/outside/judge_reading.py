"""What a screen reader is told: the structure of a document against the face it was drawn from.

    judge_reading.py --out DIR

Of each license type the smallest and the largest document of `zhengku demo --out DIR`. What must be read, in which order
and as what, is worked out from the submission, `type.toml` and `face.toml` alone; poppler's `pdfinfo -struct-text` then
has to say exactly that, and nothing else. Alternative texts, which poppler leaves out, are read with pikepdf.
"""

import argparse
import re
import subprocess
import sys
from pathlib import Path

import pikepdf

import program
from face_values import authorities, face_values, sheets, type_of
from judge_archival import elements


def bare(text: str) -> str:
    return "".join(text.split())


def expected(license_id: str, submission: dict, pages: int) -> list[tuple[str, str]]:
    """Role and text of everything in the order of reading; a group has no text."""
    values, kind = face_values(submission), submission["type"]
    columns = {field["code"]: [column["name"] for column in field["columns"]]
               for field in type_of(kind)["field"] if field.get("kind") == "table"}
    spoken, heading, title, tables = [], None, False, set()
    for page in sheets(kind, pages):
        heading = None
        running = any(element["kind"] == "table" and element["field"] in tables for element in page)
        for element in page:
            match element["kind"]:
                case "text" if running:
                    # The head of a page that goes on with a table is not read again.
                    continue
                case "text":
                    size = element["size_pt"] if element["font"] == "title" else None
                    if size is not None and size == heading:
                        role, text = spoken.pop()
                        spoken.append((role, text + bare(element["text"])))
                    else:
                        role = "P" if size is None else "H2" if title else "H1"
                        title = title or size is not None
                        spoken.append((role, bare(element["text"])))
                    heading = size
                    continue
                case "rect" | "rule" | "page_number":
                    continue
                case "qr":
                    spoken.append(("Figure", "二维码"))
                case "seal":
                    spoken.append(("Form", authorities()[submission["authority"]]))
                case "license_id" if ("P", license_id) not in spoken:
                    # On later pages it is a running foot.
                    spoken.append(("P", license_id))
                case "portrait" if element["field"] in values:
                    spoken.append(("Figure", "照片"))
                case "field" if element["field"] in values and not running:
                    spoken.append(("P", bare(values[element["field"]])))
                case "table" if element["field"] in values and element["field"] not in tables:
                    code = element["field"]
                    tables.add(code)
                    spoken += [("Table", ""), ("TR", "")] + [("TH", bare(name)) for name in columns[code]]
                    for row in values[code]:
                        spoken += [("TR", "")] + [("TD", bare(cell)) for cell in row]
            heading = None
    return spoken


def told(pdf: Path) -> list[tuple[str, str]]:
    """Role and text of every element as poppler reads the tree; figures and the seal by their alternative texts."""
    done = subprocess.run(["pdfinfo", "-struct-text", pdf], capture_output=True, timeout=120, check=True)
    found = []
    for line in done.stdout.decode("utf-8").splitlines():
        role = re.fullmatch(r"\s*([A-Z][A-Za-z0-9]*)(?: \(block\)| \(inline\))?:?", line)
        text = re.fullmatch(r'\s*"(.*)"?', line)
        if role:
            found.append([role.group(1), ""])
        elif text and found:
            found[-1][1] += bare(text.group(1).removesuffix('"'))
        elif re.match(r"\s*(/BBox|/Scope|Object \d)", line) is None:
            found[-1][1] += bare(line.removesuffix('"'))
    with pikepdf.open(pdf) as file:
        alternatives = [str(element.Alt) for element in elements(file.Root.StructTreeRoot.K) if "/Alt" in element]
    for one in found:
        if one[0] in ("Figure", "Form"):
            one[1] += alternatives.pop(0) if alternatives else ""
    if found[0] != ["Document", ""]:
        raise SystemExit(f"{pdf.name}: the tree begins with {found[0]}")
    return [tuple(one) for one in found[1:]]


def agrees(wanted: tuple[str, str], read: tuple[str, str]) -> bool:
    if wanted[0] in ("Figure", "Form"):
        return wanted[0] == read[0] and wanted[1] in read[1]
    return wanted == read


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--out", type=Path, required=True, help="a folder that `zhengku demo --out` has filled")
    asked = arguments.parse_args()
    program.must_have("pdfinfo")
    types = {}
    for license_id, submission, pdf, _ in program.issued(asked.out):
        types.setdefault(submission["type"], []).append((pdf.stat().st_size, license_id, submission, pdf))
    count, read_out, failed = 0, 0, []
    for documents in types.values():
        documents.sort(key=lambda document: document[0])
        for _, license_id, submission, pdf in {id(one): one for one in (documents[0], documents[-1])}.values():
            count += 1
            with pikepdf.open(pdf) as file:
                pages = len(file.pages)
            wanted, read = expected(license_id, submission, pages), told(pdf)
            read_out += len(read)
            for place, pair in enumerate(zip(wanted, read), 1):
                if not agrees(*pair):
                    # The roles and lengths only: what stands on a face belongs into no log.
                    failed.append((pdf, f"part {place} is {pair[1][0]} of {len(pair[1][1])} characters, "
                                        f"and is to be {pair[0][0]} of {len(pair[0][1])}"))
                    break
            else:
                if len(wanted) != len(read):
                    failed.append((pdf, f"{len(read)} parts are read, and {len(wanted)} are to be"))
    print(f"{count} documents read aloud, {read_out} parts in the order of their faces")
    for pdf, reason in failed:
        print(f"FAILED {pdf.name}: {reason}", file=sys.stderr)
    print(f"{count - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
