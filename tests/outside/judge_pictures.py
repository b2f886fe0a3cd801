"""Pictures of licenses before `zhengku verify`: pages that were rendered, photographed badly, and read again.

Every type's page is rendered by Poppler at the resolutions of screens and scanners, as PNG and as JPEG, straight and turned, dark,
blurred and small on a large table. The license that its square names must be found, with its standing out of the vault, and no
picture may ever be accepted by itself. zbarimg says of each which squares anybody can read.

    judge_pictures.py --out DIR --data-dir DIR
"""

import argparse
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageEnhance, ImageFilter

import program


def rendered(pdf: Path, dpi: int) -> Image.Image:
    done = subprocess.run(["pdftoppm", "-png", "-r", str(dpi), "-f", "1", "-l", "1", pdf], capture_output=True, check=True)
    return Image.open(io.BytesIO(done.stdout)).convert("RGB")


def on_a_table(page: Image.Image) -> Image.Image:
    """A sheet that was laid down askew."""
    table = Image.new("RGB", (page.width * 2, page.height * 2), (96, 72, 48))
    table.paste(page.rotate(7, expand=True, fillcolor=(96, 72, 48), resample=Image.BICUBIC), (page.width // 3, page.height // 3))
    return table


def pictures(pdf: Path):
    """Name, format and picture."""
    scan = rendered(pdf, 300)
    yield "scan at 300 dpi", "JPEG", scan
    yield "screen at 110 dpi", "PNG", rendered(pdf, 110)
    yield "gray, blurred", "JPEG", scan.convert("L").filter(ImageFilter.GaussianBlur(2))
    yield "in the dark", "JPEG", ImageEnhance.Brightness(scan).enhance(0.4)
    yield "askew on a table", "JPEG", on_a_table(rendered(pdf, 200))
    yield "upside down", "PNG", rendered(pdf, 150).rotate(180)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    program.must_have("pdftoppm", "zbarimg")
    passed = failed = missed = missed_alone = 0
    seen = set()
    with tempfile.TemporaryDirectory() as folder:
        for license_id, body, pdf, _ in program.issued(arguments.out):
            if body["type"] in seen:
                continue
            seen.add(body["type"])
            for name, kind, picture in pictures(pdf):
                file = Path(folder) / f"picture.{kind.lower()}"
                picture.save(file, kind, quality=70)
                read = subprocess.run(["zbarimg", "-q", "--raw", file], capture_output=True, text=True, check=False).stdout
                done = program.run("verify", "--json", file, "--data-dir", arguments.data_dir, check=False)
                verdict = json.loads(done.stdout)
                complaints = []
                if done.returncode == 0 or verdict["form"] != "picture" or verdict["file_digest"]:
                    complaints.append(f"{verdict['form']} is {verdict['verdict']}, left with {done.returncode}")
                found = (verdict["license"] or {}).get("id")
                missed_alone += found is None and "/verify#" in read
                if found not in (None, license_id):
                    complaints.append(f"is said to be {found}")
                if found and verdict["standing"] == "unknown":
                    complaints.append("its standing is not known")
                missed += found is None
                passed, failed = passed + (not complaints), failed + bool(complaints)
                if complaints:
                    print(f"FAILED {body['type']}, {name}: {'; '.join(complaints)}")
    print(f"squares that we did not read: {missed} of {passed + failed}, {missed_alone} of them read by zbarimg")
    print(f"{passed} passed, {failed} failed")
    # One in ten, and a clerk holds the camera straighter or types the number.
    return 1 if failed or missed > (passed + failed) // 10 else 0


if __name__ == "__main__":
    sys.exit(main())
