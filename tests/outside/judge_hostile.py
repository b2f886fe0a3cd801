"""Files that were made to keep the verifier busy, held against honest files of the same size.

Each hostile file goes through `zhengku verify` by itself. It must not be accepted, and take at most the stated multiple of
the processor time of the honest file of its kind and size, and at most the stated memory. Times are of the same build in the
same run, less what the program takes for a file of one byte, so that they say the same on every machine.

    judge_hostile.py
"""

import base64
import io
import json
import random
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
import pikepdf
from PIL import Image

import program
from judge_foreign import sign, signer

# What docs/known-limits.md states. The honest document is one large picture under one seal: what has as many objects as fit
# takes longer by their number, honest or not.
MOST_TIMES = {"documents": 25, "pictures": 15}
MOST_MEGABYTES = 350
# The verdicts that do not accept a file.
REFUSED = {"invalid", "indeterminate", "unsigned"}

PDF_BYTES = 19_000_000
ECERT_BYTES = 4_000_000
SIDE = 7_700


# Runs a command, and says its seconds of processor time and its kilobytes at the most.
MEASURE = """
import os, subprocess, sys
with open(sys.argv[1], "wb") as said:
    started = subprocess.Popen(sys.argv[2:], stdout=said, stderr=subprocess.STDOUT)
    _, _, used = os.wait4(started.pid, 0)
print(used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


class Scratch:
    """A folder, and what one verification in it costs."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.resting = 0.0
        self.resting = min(self.cost(b"?")[0] for _ in range(3))

    def cost(self, file: bytes) -> tuple[float, float, str]:
        """Seconds of processor time beyond those of starting, megabytes at the most, the verdict."""
        path = self.folder / "file"
        path.write_bytes(file)
        command = [program.BINARY, "verify", path, "--json", "--data-dir", self.folder / "data"]
        # A process begins with the memory of the one that starts it, so a small one starts it.
        measured = subprocess.run([sys.executable, "-c", MEASURE, self.folder / "said", *command], cwd=program.ROOT,
                                  capture_output=True, text=True, check=True)
        seconds, kilobytes = map(float, measured.stdout.split())
        said = (self.folder / "said").read_text("utf-8", "replace")
        try:
            verdict = json.loads(said)["verdict"]
        except (ValueError, KeyError):
            verdict = said.strip().splitlines()[-1] if said.strip() else "nothing was said"
        return seconds - self.resting, kilobytes / 1024, verdict


# ---- PDF.

def document(objects: list[bytes], filler: bytes = b"") -> bytes:
    """A document of a page and these objects, with a table; `filler` stands before the table."""
    head = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]>>"]
    out, places = bytearray(b"%PDF-1.7\n"), []
    for number, body in enumerate(head + objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    out += filler
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, table)
    return bytes(out)


def stream(data: bytes, more: bytes = b"") -> bytes:
    return b"<<%b/Length %d>>stream\n%b\nendstream" % (more, len(data), data)


def chained(sections: int) -> bytes:
    """Tables that each name the one before."""
    out = bytearray(document([]))
    before = int(out.rsplit(b"startxref\n", 1)[1].split()[0])
    for _ in range(sections):
        here = len(out)
        out += b"xref\n0 1\n0000000000 65535 f \ntrailer\n<</Size 4/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (before, here)
        before = here
    return bytes(out)


def packed_objects(each: int) -> list[bytes]:
    """Object streams, each of so many objects."""
    index = b" ".join(b"%d 0" % number for number in range(10, 10 + each))
    body = zlib.compress(index + b" null")
    one = stream(body, b"/Type/ObjStm/N %d/First %d/Filter/FlateDecode" % (each, len(index) + 1))
    return [one] * (PDF_BYTES // 2 // len(one))


def many_pages(count: int, mode: pikepdf.ObjectStreamMode) -> bytes:
    """A document of so many pages, each with a field on it."""
    made = pikepdf.new()
    for number in range(count):
        page = made.add_blank_page(page_size=(300, 200)).obj
        field = made.make_indirect(pikepdf.Dictionary(
            FT=pikepdf.Name.Tx, T=f"field {number}", Subtype=pikepdf.Name.Widget, Rect=[0, 0, 9, 9], P=page))
        page.Annots = [field]
    made.Root.AcroForm = made.make_indirect(pikepdf.Dictionary(Fields=[page.Annots[0] for page in made.Root.Pages.Kids]))
    out = io.BytesIO()
    made.save(out, object_stream_mode=mode)
    return out.getvalue()


def written_again(pdf: bytes, count: int) -> bytes:
    """With so many objects in a later revision."""
    before = int(pdf.rsplit(b"startxref\n", 1)[1].split()[0])
    out, places = bytearray(pdf), []
    for number in range(100, 100 + count):
        places.append(len(out))
        out += b"%d 0 obj\n<</A 1>>\nendobj\n" % number
    table = len(out)
    out += b"xref\n100 %d\n" % count + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R/Prev %d>>\nstartxref\n%d\n%%%%EOF\n" % (100 + count, before, table)
    return bytes(out)


def pdfs(somebody):
    def sealed(pdf: bytes) -> bytes:
        return sign(pdf, somebody)

    bomb = zlib.compress(bytes(200_000_000), 9)
    yield "honest", sealed(document([stream(random.Random(1).randbytes(PDF_BYTES))]))
    many_seals = sealed(document([stream(random.Random(4).randbytes(PDF_BYTES - 500_000))]))
    for number in range(2, 33):
        many_seals = sign(many_seals, somebody, f"seal {number}")
    yield "as many seals as are read", many_seals
    small = PDF_BYTES // 45
    yield "many small objects", sealed(document([b"<</A 1>>"] * small))
    yield "many revisions", chained(PDF_BYTES // 110)
    yield "lists in lists", sealed(document([b"[" * PDF_BYTES]))
    yield "lists in lists, closed", sealed(document([b"[" * (PDF_BYTES // 2) + b"]" * (PDF_BYTES // 2)]))
    keys = b"".join(b"/%x 1" % number for number in range(PDF_BYTES // 9))
    yield "one dictionary of everything", sealed(document([b"<<%b>>" % keys]))
    yield "a text without an end", sealed(document([b"(" * PDF_BYTES]))
    yield "a text of backslashes", sealed(document([b"(%b)" % (b"\\" * (PDF_BYTES - PDF_BYTES % 2))]))
    yield "streams that expand", sealed(document([stream(bomb, b"/Filter/FlateDecode")] * (PDF_BYTES // len(bomb))))
    yield "object streams that expand", sealed(document(
        [stream(bomb, b"/Type/ObjStm/N 5000/First 50000/Filter/FlateDecode")] * (PDF_BYTES // len(bomb))))
    yield "object streams of many", sealed(document(packed_objects(90_000)))
    yield "starts of objects", sealed(document([], b"1 0 obj\n" * (PDF_BYTES // 8)))
    yield "ends of files", sealed(document([], b"startxref\n9\n%%EOF\n" * (PDF_BYTES // 18)))
    yield "names of a signature", sealed(document([], b"/Type/Sig/ByteRange[0 1 2 3]" * (PDF_BYTES // 28)))
    yield "blanks", sealed(document([], b" " * PDF_BYTES))
    yield "comments", sealed(document([], b"%\n" * (PDF_BYTES // 2)))
    yield "pages with fields", sealed(many_pages(4_000, pikepdf.ObjectStreamMode.disable))
    yield "pages with fields in streams", sealed(many_pages(9_000, pikepdf.ObjectStreamMode.generate))
    yield "many objects after the seal", written_again(sealed(document([])), 19_000)
    yield "more objects after the seal", written_again(sealed(document([])), PDF_BYTES // 50)
    yield "no document at all", b"%PDF-1.7\n" + b"<" * PDF_BYTES


def after_ours(ours: bytes):
    """What may be put behind a license of ours."""
    yield "blanks after a license", ours + b" " * PDF_BYTES
    yield "tables after a license", ours + b"xref\n0 0\ntrailer<</Prev 0>>\nstartxref\n0\n%%EOF\n" * (PDF_BYTES // 49)
    yield "names after a license", ours + b"/Encrypt" * (PDF_BYTES // 8)
    yield "a license many times", ours * (PDF_BYTES // len(ours))


# ---- E-certificates and other signed text.

def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def ecerts(ours: str):
    header, payload, signature = ours.split("~")[0].split(".")
    rest = ours.split("~")[1:]
    room = ECERT_BYTES * 3 // 4 - 10_000
    keys = ",".join(f'"{number:x}":0' for number in range(room // 11))
    lists = "[" * 20 + "]" * 20
    yield "a payload of many members", f"{header}.{encoded('{' + keys + '}')}.{signature}~" + "~".join(rest)
    yield "a payload of lists in lists", f"{header}.{encoded('{' + chr(34) + 'a' + chr(34) + ':' + '[' * room)}.{signature}~"
    yield "a payload of short lists", f"{header}.{encoded('[' + ','.join([lists] * (room // 41)) + ']')}.{signature}~"
    values = ",".join(["[]"] * (room // 1_000 // 3))
    many = [encoded(f'["salt{number}","name{number}",[{values}]]') for number in range(1_000)]
    yield "a thousand large disclosures", f"{header}.{payload}.{signature}~" + "~".join(many) + "~"
    yield "many disclosures", f"{header}.{payload}.{signature}~" + "a~" * (ECERT_BYTES // 2 - 5_000)
    yield "tildes", "eyJ" + "~" * (ECERT_BYTES - 10)
    chain = ",".join(['"' + "A" * 3_000 + '"'] * (room // 3_003))
    yield "a chain of many", f"{encoded('{' + chr(34) + 'x5c' + chr(34) + ':[' + chain + ']}')}.{payload}.{signature}~"


def signed_json():
    part = "A" * 6_000_000
    yield "large parts", '{"payload":"%s","protected":"%s","signature":"%s"}' % (part, part, part)
    yield "lists in lists", '{"payload":' + "[" * PDF_BYTES
    yield "many members", '{"payload":"",' + ",".join(f'"{number:x}":0' for number in range(PDF_BYTES // 12)) + "}"
    yield "many lines", '{"payload":""}' + "\n{" * (PDF_BYTES // 2)


# ---- Pictures.

def png(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def jpeg(picture: Image.Image, **how) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=60, **how)
    return out.getvalue()


def tiled(tile: Image.Image) -> Image.Image:
    """One small picture all over a large one."""
    row = Image.new("L", (SIDE, tile.height))
    for x in range(0, SIDE, tile.width):
        row.paste(tile, (x, 0))
    whole = Image.new("L", (SIDE, SIDE))
    for y in range(0, SIDE, tile.height):
        whole.paste(row, (0, y))
    return whole


def some(tile: Image.Image, count: int, columns: int) -> Image.Image:
    """A small picture some times on a large one: every three of them may be the corners of a square."""
    whole, step = Image.new("L", (SIDE, SIDE), 255), SIDE // columns
    for number in range(count):
        whole.paste(tile, (number % columns * step, number // columns * step))
    return whole


def finder(module: int) -> Image.Image:
    """A corner pattern of a square, with its quiet zone."""
    tile = Image.new("L", (9 * module, 9 * module), 255)
    for inset, shade in ((1, 0), (2, 255), (3, 0)):
        side = (9 - 2 * inset) * module
        tile.paste(shade, (inset * module, inset * module, inset * module + side, inset * module + side))
    return tile


def pictures(pdf: Path):
    done = subprocess.run(["pdftoppm", "-gray", "-scale-to", str(SIDE), "-f", "1", "-l", "1", pdf], capture_output=True, check=True)
    page = Image.open(io.BytesIO(done.stdout))
    whole = Image.new("L", (SIDE, SIDE), 255)
    whole.paste(page, (0, 0))
    noise = Image.frombytes("L", (1_100, 1_100), random.Random(2).randbytes(1_210_000))
    stripes = Image.new("L", (8, 8), 255)
    stripes.paste(0, (0, 0, 4, 8))
    yield "honest", png(whole)
    yield "white", png(Image.new("L", (SIDE, SIDE), 255))
    yield "noise", jpeg(tiled(noise))
    yield "noise in colors, progressive", jpeg(Image.merge("RGB", [tiled(noise)] * 3), progressive=True)
    yield "stripes", png(tiled(stripes))
    for module in (3, 6, 12, 100, 120):
        yield f"corner patterns of {module} pixels a module", png(tiled(finder(module)))
    for columns, count, module in ((6, 36, 100), (6, 36, 60), (7, 35, 100), (9, 36, 90), (12, 36, 60)):
        yield f"{count} corner patterns in {columns} columns", png(some(finder(module), count, columns))


def license_of_ours(scratch: Scratch) -> tuple[Path, Path]:
    """One license, as PDF and as e-certificate."""
    line = sorted(program.SUBMISSIONS.glob("*.jsonl"))[0].read_text("utf-8").splitlines()[0]
    (scratch.folder / "one.json").write_text(line, "utf-8")
    out = scratch.folder / "one"
    program.run("issue", scratch.folder / "one.json", "--data-dir", scratch.folder / "data", "--out", out)
    return next(out.glob("*.pdf")), next(out.glob("*.ecert.txt"))


def main() -> int:
    program.must_have("pdftoppm")
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        scratch = Scratch(Path(folder))
        pdf, ecert = license_of_ours(scratch)
        somebody = signer(ec.generate_private_key(ec.SECP256R1()))
        (_, large), *hostile = pdfs(somebody)
        (_, scan), *hostile_pictures = pictures(pdf)
        # Honest e-certificates and receipts are small: the largest file is the measure of them all.
        texts = [(name, text.encode()) for name, text in [*ecerts(ecert.read_text("ascii")), *signed_json()]]
        for kind, honest, files in (("documents", large, hostile + list(after_ours(pdf.read_bytes())) + texts),
                                    ("pictures", scan, hostile_pictures)):
            base = min(scratch.cost(honest)[0] for _ in range(3))
            print(f"{kind}, an honest one: {len(honest):,} bytes, {base:.3f} s")
            for name, file in files:
                seconds, megabytes, verdict = scratch.cost(file)
                times = seconds / base
                good = verdict in REFUSED and megabytes <= MOST_MEGABYTES and times <= MOST_TIMES[kind]
                passed, failed = passed + good, failed + (not good)
                print(f"{'' if good else 'FAILED '}  {name}: {len(file):,} bytes, {seconds:.3f} s, {times:.1f} times, "
                      f"{megabytes:.0f} MB, {verdict}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
