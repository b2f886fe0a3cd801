"""Annotated copies before programs that we did not write: one of each license type, made by `zhengku copy`.

qpdf and MuPDF read each file, pdfsig finds its seal whole, every page says in words that can be copied out what the copy is for,
whoever has it read aloud hears that first, no data can be taken out of it, and the checkers of `judge_archival.py` look at all of them.
"""

import datetime
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import program

PURPOSE, RECIPIENT = "办理企业贷款与抵押登记", "示例银行云台支行"
UNTIL = (datetime.date.today() + datetime.timedelta(days=30)).isoformat()
WORDS = f"本加注件仅用于{PURPOSE}，提供给{RECIPIENT}，有效期至"
TOOLS = ["qpdf", "mutool", "pdfsig", "pdftotext", "pdfinfo", "pdfdetach"]


def said(*command) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, timeout=120, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} left with {done.returncode}: {done.stderr[-300:]!r}")
    return done.stdout.decode()


def bare(text: str) -> str:
    return re.sub(r"\s", "", text)


def judge(original: Path, copy: Path) -> None:
    assert "No syntax or stream encoding errors" in said("qpdf", "--check", copy), "qpdf"
    said("mutool", "draw", "-q", "-r", "30", "-F", "png", "-o", copy.with_suffix(".%d.png"), copy)
    seal = said("pdfsig", "-nocert", copy)
    assert "Total document signed" in seal and "Signature is Valid" in seal, "pdfsig"
    pages = said("pdftotext", "-raw", copy, "-").split("\f")[:-1]
    assert len(pages) == len(said("pdftotext", "-raw", original, "-").split("\f")[:-1]), "another number of pages"
    for number, page in enumerate(pages, 1):
        text = bare(page)
        assert WORDS in text, f"page {number} does not say what it is for"
        # Across the page, as often as its lines cross it.
        assert text.count(f"仅用于{PURPOSE}，") > 8, f"page {number} is not covered"
    aloud = bare(said("pdfinfo", "-struct-text", copy))
    assert aloud.startswith(f'DocumentP(block)"{WORDS}'), "the words are not read first"
    assert aloud.count(WORDS) == len(pages), "the words are not read once a page"
    with tempfile.TemporaryDirectory() as folder:
        said("pdfdetach", "-saveall", "-o", folder, copy)
        [attached] = Path(folder).iterdir()
        # A signed part, and not one disclosure behind it.
        assert attached.read_text().count("~") == 1 and attached.read_text().endswith("~"), "data in the copy"


def main() -> int:
    program.must_have(*TOOLS)
    passed, failed = 0, 0
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        firsts = [path.read_text().splitlines()[0] for path in sorted(program.SUBMISSIONS.glob("*.jsonl"))]
        (folder / "firsts.jsonl").write_text("\n".join(firsts) + "\n")
        program.run("import", folder / "firsts.jsonl", "--data-dir", folder / "data", "--out", folder / "out")
        copies = []
        for original in sorted((folder / "out").glob("*.pdf")):
            copy = folder / f"{original.stem}.copy.pdf"
            made = program.run("copy", original.stem, "--purpose", PURPOSE, "--recipient", RECIPIENT, "--until",
                               UNTIL, "--out", copy, "--data-dir", folder / "data", "--json")
            assert json.loads(made.stdout)["outcome"] == "made"
            copies.append(copy)
            try:
                judge(original, copy)
                passed += 1
            except AssertionError as fault:
                failed += 1
                print(f"FAILED {original.stem}: {fault}")
        assert len(copies) == len(firsts) >= 10
        done = subprocess.run([sys.executable, Path(__file__).with_name("judge_archival.py"), *copies], check=False)
        passed, failed = passed + (done.returncode == 0), failed + (done.returncode != 0)
        check = program.run("vault", "check", "--data-dir", folder / "data", check=False)
        passed, failed = passed + (check.returncode == 0), failed + (check.returncode != 0)
    print(f"{len(copies)} annotated copies")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
