"""Foreign PDF files with signatures, honest and forged, before `zhengku verify`.

    judge_corpora.py DIR

DIR/pdf/index.csv says of each file what must be said of it. Two numbers are told apart: how many forged files were
stopped, which must be all of them, and how many honest ones were found unaltered. Those that are not are listed here
with the reason; one more fails the run, and so does one that is found unaltered all the same.
"""

import concurrent.futures
import csv
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import program

# Honest files that we do not find unaltered, and why.
DISAGREEMENTS = {
    "4e194bb166a1.pdf": "a later revision adds a key of its own to the tree of pages",
    "a36edb723c09.pdf": "the gap holds something else behind the signature",
}
LIMIT_SECONDS = 10
LIMIT_KIB = 1024 * 1024


def verify(file: Path):
    """The verdict on one file, or what went wrong; its seconds; the memory it took, in KiB."""
    start = time.monotonic()
    command = [str(program.BINARY), "verify", str(file), "--json"]
    process = subprocess.Popen(command, cwd=program.ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    watchdog = threading.Timer(LIMIT_SECONDS + 5, process.kill)
    watchdog.start()
    errors = []
    reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))
    reader.start()
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    watchdog.cancel()
    reader.join()
    seconds = time.monotonic() - start
    wrong = None
    if process.returncode not in (0, 1, 2):
        wrong = f"left with {process.returncode}: {errors[0].decode(errors='replace')[-300:]}"
    elif seconds > LIMIT_SECONDS:
        wrong = f"took {seconds:.1f} s"
    elif usage.ru_maxrss > LIMIT_KIB:
        wrong = f"took {usage.ru_maxrss} KiB"
    verdict = {}
    if wrong is None:
        try:
            verdict = json.loads(said)
            verdict["verdict"], verdict["integrity"]
        except (ValueError, KeyError):
            wrong = f"no verdict: {said[:200]!r} {errors[0].decode(errors='replace')[-200:]}"
    return verdict, wrong, seconds, usage.ru_maxrss


def main() -> int:
    if len(sys.argv) != 2:
        print(__doc__.strip().splitlines()[2].strip(), file=sys.stderr)
        return 2
    program.must_have()
    folder = Path(sys.argv[1]) / "pdf"
    rows = list(csv.DictReader((folder / "index.csv").read_text("utf-8").splitlines()))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = list(pool.map(lambda row: verify(folder / row["file"]), rows))

    faults, forged, stopped = [], 0, 0
    honest, accepted, refused_for = Counter(), Counter(), Counter()
    for row, (verdict, wrong, _, _) in zip(rows, results):
        label = row["label"]
        if wrong:
            faults.append(f"{row['file']} ({label}): {wrong}")
            continue
        valid, whole = verdict["verdict"] == "valid", verdict["integrity"] == "passed"
        if label in ("REJECT", "FLAG"):
            forged += 1
            stopped += not (valid or whole)
            if valid or whole:
                faults.append(f"{row['file']} ({label}): {verdict['verdict']}, integrity {verdict['integrity']}: {row['why']}")
        elif label in ("NOSIG-OR-REJECT", "ENCRYPTED"):
            if valid:
                faults.append(f"{row['file']} ({label}): valid")
        elif label in ("ACCEPT", "FLAG-OK"):
            group = " ".join(filter(None, (label, row["tier"])))
            honest[group] += 1
            accepted[group] += whole
            if whole == (row["file"] in DISAGREEMENTS):
                faults.append(f"{row['file']} ({label}): integrity {verdict['integrity']}, which is not what is laid down")
            if not whole:
                codes = [finding["code"] for finding in verdict.get("findings", []) if finding["outcome"] != "passed"]
                refused_for[codes[0] if codes else "no finding"] += 1
        else:
            faults.append(f"{row['file']}: the label {label!r} is not known")

    print(f"blocked: {stopped} of {forged} forged files")
    print("accepted: " + ", ".join(f"{accepted[group]} of {count} {group}" for group, count in sorted(honest.items())))
    if refused_for:
        print("first finding on honest files not accepted: "
              + ", ".join(f"{code} {count}" for code, count in refused_for.most_common(8)))
    print(f"slowest {max(seconds for _, _, seconds, _ in results):.2f} s, "
          f"largest {max(kib for *_, kib in results) // 1024} MiB")
    for fault in faults:
        print(f"FAILED {fault}", file=sys.stderr)
    print(f"{len(rows) - len(faults)} passed, {len(faults)} failed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
