"""Zhengku beside what users could pick instead, in one run on one machine.

    run.py          (make bench-peers sets up what it needs and calls it)

Every figure is documents per second of processor time, warm, one page of Chinese text with a seal and a QR square. A peer
that only draws or only seals is put together with another, as 1 / (1 / drawn + 1 / sealed): the best pair there is.
A peer that cannot be run here is named with the reason; this is a bench and no test.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SETUP = ROOT / ".setup" / "peers"
PYTHON = SETUP / "venv" / "bin" / "python"
SEALS = ROOT / "keys-dev" / "seals"
JARS = ["pdfbox2", "fontbox2", "commons-logging", "bcpkix", "bcprov", "bcutil", "itext5"]


def ask(name, *command):
    """Documents per processor second and bytes of one, or None with the reason printed."""
    try:
        done = subprocess.run([str(part) for part in command], cwd=ROOT, capture_output=True, timeout=300, text=True)
    except (OSError, subprocess.TimeoutExpired) as error:
        print(f"{name}: not measured: {error}", file=sys.stderr)
        return None
    found = re.search(r"^(\d+\.\d+) (\d+)$", done.stdout, re.MULTILINE)
    if done.returncode != 0 or not found:
        print(f"{name}: not measured: {(done.stderr or done.stdout).strip()[-400:]}", file=sys.stderr)
        return None
    return float(found[1]), int(found[2])


def ours():
    """What `cargo bench` prints, as {what: per second}."""
    done = subprocess.run(["cargo", "bench", "--bench", "throughput"], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit("cargo bench failed")
    print(done.stdout)
    return {match[1].strip(): float(match[2]) for match in re.finditer(r"^(\S.*?)\s{2,}(\d+)/s", done.stdout, re.MULTILINE)}


def main():
    sys.path.insert(0, str(HERE))
    import page

    mine = ours()
    with tempfile.TemporaryDirectory(dir=SETUP) as folder:
        folder = Path(folder)
        drawn = folder / "page.pdf"
        figures = {}
        figures["typst"] = ask("typst", PYTHON, HERE / "render.py", "typst", "--sample", drawn)
        for peer in ["reportlab", "fpdf2", "weasyprint"]:
            figures[peer] = ask(peer, PYTHON, HERE / "render.py", peer)
        html = subprocess.run([PYTHON, "-c", "import sys; sys.path.insert(0, sys.argv[1]); import pages_html; "
                               "print(pages_html.text())", HERE], capture_output=True, text=True, check=True).stdout
        (folder / "pages.json").write_text(html)
        figures["Chromium"] = ask("Chromium", "node", HERE / "chromium.mjs", folder / "pages.json")

        classes = ":".join(f"/usr/share/java/{jar}.jar" for jar in JARS)
        subprocess.run(["javac", "-nowarn", "-cp", classes, "-d", folder, HERE / "Peers.java"], check=True)
        rows = [page.TITLE, page.NOTE, page.AUTHORITY, *("\t".join(row) for row in page.ROWS)]
        (folder / "rows.txt").write_text("\n".join(rows), encoding="utf-8")
        # One collector thread: the others cost more processor time a document.
        java = ["java", "-XX:+UseSerialGC", "-cp", f"{classes}:{folder}", "Peers"]
        # iText copies the index of all glyphs of a font into each document, so it gets one of seven thousand.
        tail = [SEALS, drawn, folder / "rows.txt", "/usr/share/fonts/truetype/arphic-gbsn00lp/gbsn00lp.ttf"]
        for kind in ["p256", "rsa"]:
            figures[f"PDFBox {kind}"] = ask(f"PDFBox {kind}", *java, f"pdfbox-{kind}", *tail)
            figures[f"pyHanko {kind}"] = ask(f"pyHanko {kind}", PYTHON, HERE / "sign.py", kind, drawn, folder)
        figures["iText"] = ask("iText", *java, "itext", *tail)

        # A license of ours, which all of them verify.
        body = (ROOT / "fixtures" / "submissions" / "good" / "11990000MD0000008F002.jsonl").read_text("utf-8").splitlines()[0]
        (folder / "one.json").write_text(body, "utf-8")
        subprocess.run(["cargo", "run", "--quiet", "--release", "--", "issue", folder / "one.json", "--data-dir", folder / "data",
                        "--out", folder / "out"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        [license_pdf] = (folder / "out").glob("*.pdf")
        keys = ROOT / "keys-dev"
        figures["PDFBox verify"] = ask("PDFBox verify", *java, "verify", SEALS, license_pdf, keys / "root.pem")
        figures["pyHanko verify"] = ask("pyHanko verify", PYTHON, HERE / "verify.py", license_pdf, keys / "root.pem", keys / "crl.pem")

    p256, rsa = mine["issue in memory, P-256"], mine["issue in memory, RSA-2048"]
    table = []

    def row(step, peer, rate, against):
        table.append((step, peer, f"{rate:,.0f}" if rate >= 10 else f"{rate:.1f}", f"{against / rate:,.1f} ×"))

    for peer in ["typst", "reportlab", "weasyprint", "fpdf2", "Chromium"]:
        if figures[peer]:
            row("draw only", peer, figures[peer][0], p256)
    for kind, against, name in [("p256", p256, "P-256"), ("rsa", rsa, "RSA-2048")]:
        for peer, words in [("PDFBox", "PDFBox + Bouncy Castle, warm"), ("pyHanko", "pyHanko, key kept")]:
            if figures[f"{peer} {kind}"]:
                row(f"seal only, {name}", words, figures[f"{peer} {kind}"][0], against)
    if figures["iText"]:
        row("draw and seal, P-256", "iText 5, one process", figures["iText"][0], p256)
    for draw, sign in [("typst", "PDFBox"), ("typst", "pyHanko"), ("Chromium", "pyHanko")]:
        if figures[draw] and figures[f"{sign} p256"]:
            whole = 1 / (1 / figures[draw][0] + 1 / figures[f"{sign} p256"][0])
            row("draw and seal, P-256", f"{draw}, then {sign} (computed)", whole, p256)
    cached, cold = mine["verify a sealed PDF, chain cached"], mine["verify a sealed PDF, chain cold"]
    for peer, words in [("PDFBox", "PDFBox + Bouncy Castle, warm, without lists"), ("pyHanko", "pyHanko, lists read before")]:
        if figures[f"{peer} verify"]:
            row("verify with its path, P-256", words, figures[f"{peer} verify"][0], cold)
    table.append(("verify with its path, lists, e-certificate and report", "Zhengku, path unknown", f"{cold:,.0f}", "1 ×"))
    table.append(("the same", "Zhengku, path known", f"{cached:,.0f}", ""))
    table.append(("draw and seal, with e-certificate, tags and PDF/A", "Zhengku, P-256", f"{p256:,.0f}", "1 ×"))
    table.append(("the same", "Zhengku, RSA-2048", f"{rsa:,.0f}", ""))
    print("| what is done | by | documents per processor second | Zhengku does all of it, as fast × |")
    print("|---|---|---:|---:|")
    for cells in table:
        print("| " + " | ".join(cells) + " |")
    print(json.dumps({name: figure for name, figure in figures.items() if figure}), file=sys.stderr)


main()
