"""Archival and accessible still, once a document was protected: every type at every level.

    judge_lasting.py

Of each license type one is issued at B-T and brought to B-LT and then to B-LTA. Each file then goes before the checkers
of judge_archival.py. (Annotated copies: judge_copies.py.)
"""

import hashlib
import json
import sys
import tempfile
import time
from pathlib import Path

import judge_archival
import program
from kill_drill import Broken, ask
from tsa_drill import Town, fetch

UPGRADE_SECONDS = 60


def reach(server: program.Server, license_id: str, level: str) -> bytes:
    until = time.monotonic() + UPGRADE_SECONDS
    while (found := fetch(server, license_id))[0]["level"] != level:
        ask(time.monotonic() < until, f"{found[0]['level']} after {UPGRADE_SECONDS} s, not {level}")
        time.sleep(0.3)
    return found[2]


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="zhengku-lasting-") as folder:
        folder = Path(folder)
        town = Town(folder)
        bodies = {path.stem: path.read_bytes().splitlines()[0] for path in sorted(program.SUBMISSIONS.glob("*.jsonl"))}
        files, ids = [], {}

        def keep(name: str, level: str, pdf: bytes) -> None:
            files.append(folder / f"{name}-{level}.pdf")
            files[-1].write_bytes(pdf)

        # A server that keeps no more than was given at the issue, one that keeps B-LT, one that keeps B-LTA.
        settings = {"timestamps.deadline_ms": 5000}
        with town.server(**settings, **{"timestamps.look_every_ms": 3_600_000}) as server:
            for name, body in bodies.items():
                status, answer = server.submit(body, hashlib.sha256(body).hexdigest())
                ask(status == 201, f"{name} was not issued: {status} {answer.decode()[:300]}")
                ids[name] = json.loads(answer)["license_id"]
                keep(name, "B-T", reach(server, ids[name], "B-T"))
        for level in ("B-LT", "B-LTA"):
            with town.server(**settings, **{"timestamps.keep": level}) as server:
                for name, license_id in ids.items():
                    keep(name, level, reach(server, license_id, level))
        return judge_archival.judge(files)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as broken:
        print(f"FAILED {broken}", file=sys.stderr)
        print("0 passed, 1 failed")
        sys.exit(1)
