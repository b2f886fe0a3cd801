"""Kills the program before each step of issuing and looks at what is left.

For every step, over HTTP and from the command line: a fresh data folder, a program that stands still before the step,
one submission, kill -9. Then the folder must be whole, a restart must leave nothing half-made, and the same request
must make exactly one license, answered the same way however often it is sent.

    kill_drill.py [--jobs N]
"""

import argparse
import concurrent.futures
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import program

# The words of the steps (docs/issuing-cycle.md), and how many versions there are after a kill before each.
STEPS = {
    "receive": 0, "parse": 0, "number": 0, "draw": 0, "bind": 0, "record": 0, "seal": 0, "shelve": 0,
    "shelve-objects-written": 0, "shelve-committed": 1, "answer": 1,
}
KEY = "kill-drill/1"


class Broken(Exception):
    """What the drill found."""


def ask(holds: bool, reason: str) -> None:
    if not holds:
        raise Broken(reason)


def submission() -> bytes:
    return sorted(program.SUBMISSIONS.glob("*.jsonl"))[0].read_bytes().splitlines()[0]


def versions(data: Path, when: str) -> int:
    """How many versions the vault's own check counts, once it has found the vault whole."""
    done = program.run("vault", "check", "--data-dir", data, "--json", check=False)
    ask(done.returncode == 0, f"{when}: vault check left with {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)["versions"]


def staging(data: Path) -> list[str]:
    return sorted(path.name for path in (data / "staging").iterdir())


def kill_server(data: Path, step: str, body: bytes) -> None:
    with program.Server(data, stand_still_before=step) as server:
        def submit():
            try:
                status, answer = server.submit(body, KEY)
                answers.append((status, answer))
            except OSError:  # The connection dies with the program.
                pass

        answers: list = []
        sender = threading.Thread(target=submit)
        sender.start()
        server.wait_for("stderr", f"standing still before {step}\n")
        server.kill()
        sender.join()
        ask(not answers, f"it answered {answers} although it stood still")


def kill_command(data: Path, step: str, body: bytes, folder: Path) -> None:
    settings = folder / "drill.toml"
    settings.write_text(f'mode = "development"\nstand_still_before = "{step}"\n')
    command = [program.BINARY, "issue", submission_file(folder, body), "--key", KEY, "--data-dir", data, "--config", settings]
    with subprocess.Popen([str(part) for part in command], cwd=program.ROOT, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        watchdog = threading.Timer(60, process.kill)
        watchdog.start()
        said = ""
        for line in process.stderr:
            said += line
            if line == f"standing still before {step}\n":
                break
        else:
            raise Broken(f"it never stood still: {said}{process.stdout.read()}")
        process.send_signal(signal.SIGKILL)
        process.wait()
        watchdog.cancel()


def submission_file(folder: Path, body: bytes) -> Path:
    file = folder / "submission.json"
    file.write_bytes(body)
    return file


def same_request_over_http(data: Path, body: bytes, expected: int, folder: Path) -> None:
    with program.Server(data) as server:
        ask(staging(data) == [], f"after the restart staging holds {staging(data)}")
        ask(versions(data, "after the restart") == expected, f"not {expected} versions after the restart")
        first_status, first = server.submit(body, KEY)
        ask(first_status == 201, f"the same request: {first_status} {first.decode()[:400]}")
        status, again = server.submit(body, KEY)
        ask((status, again) == (first_status, first), f"the same request again: {status} {again.decode()[:400]}")
        other = json.loads(body)
        other["issued_on"] = "2026-01-05"
        status, answer = server.submit(json.dumps(other, ensure_ascii=False).encode(), KEY)
        ask(status == 409, f"another body under the same key: {status} {answer.decode()[:400]}")
        license_id = json.loads(first)["license_id"]
        headers = {"Authorization": f"Bearer {program.TOKEN}"}
        status, _, pdf = server.ask("GET", f"/api/v1/licenses/{license_id}/files/pdf", headers=headers)
        ask(status == 200, f"fetching the PDF: {status}")
        file = folder / f"{license_id}.pdf"
        file.write_bytes(pdf)
        ask(versions(data, "at the end") == 1, "not exactly one version at the end")
        ask(staging(data) == [], f"at the end staging holds {staging(data)}")
    verified(file, data)


def same_request_from_the_command_line(data: Path, body: bytes, expected: int, folder: Path) -> None:
    with program.Server(data):
        ask(staging(data) == [], f"after the restart staging holds {staging(data)}")
        ask(versions(data, "after the restart") == expected, f"not {expected} versions after the restart")
    out = folder / "out"
    answers = []
    for _ in range(2):
        done = program.run("issue", submission_file(folder, body), "--key", KEY, "--data-dir", data, "--out", out, "--json",
                           check=False)
        ask(done.returncode == 0, f"the same request: {done.returncode} {done.stdout}{done.stderr}")
        answers.append(json.loads(done.stdout)["license_id"])
    ask(answers[0] == answers[1], f"the same request made {answers}")
    ask(versions(data, "at the end") == 1, "not exactly one version at the end")
    ask(staging(data) == [], f"at the end staging holds {staging(data)}")
    verified(out / f"{answers[0]}.pdf", data)


def verified(file: Path, data: Path) -> None:
    done = program.run("verify", file, "--data-dir", data, "--json", check=False)
    ask(done.returncode == 0, f"verify left with {done.returncode}: {done.stdout[:600]}{done.stderr}")
    verdict = json.loads(done.stdout)
    ask(verdict["verdict"] == "valid" and verdict["standing"] == "passed", f"judged {verdict['verdict']}, {verdict['standing']}")


def drill(door: str, step: str) -> str | None:
    """What is wrong after a kill before `step`, or nothing."""
    body, expected = submission(), STEPS[step]
    with tempfile.TemporaryDirectory(prefix="zhengku-drill-") as folder:
        folder = Path(folder)
        data = folder / "data"
        try:
            if door == "http":
                kill_server(data, step, body)
            else:
                kill_command(data, step, body, folder)
            ask(versions(data, "after the kill") == expected, f"not {expected} versions after the kill")
            if door == "http":
                same_request_over_http(data, body, expected, folder)
            else:
                same_request_from_the_command_line(data, body, expected, folder)
        except (Broken, SystemExit, KeyError, ValueError, OSError, subprocess.TimeoutExpired) as error:
            return str(error) or type(error).__name__
    return None


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--jobs", type=int, default=2)
    asked = arguments.parse_args()
    program.must_have()
    start = time.monotonic()
    rows = [(door, step) for door in ("http", "command line") for step in STEPS]
    with concurrent.futures.ThreadPoolExecutor(asked.jobs) as pool:
        results = list(pool.map(lambda row: drill(*row), rows))
    failed = 0
    for (door, step), wrong in zip(rows, results):
        if wrong:
            failed += 1
            print(f"FAILED {door}, before {step}: {wrong}", file=sys.stderr)
    print(f"{len(rows)} kills in {time.monotonic() - start:.0f} s")
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
