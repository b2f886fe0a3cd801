"""What a time-stamp authority and an OCSP responder may do to us, and what must hold all the same.

For each way to misbehave: a license is issued within the deadline, at B-B (or at B-T where only the responder fails), its
level is visible, and once the service is well again the license is brought to B-LTA, with the sealed bytes as they were.
Then restarts and kill -9 in the middle of an upgrade: nothing is lost, and the vault is whole.

    tsa_drill.py
"""

import hashlib
import json
import re
import sys
import tempfile
import time
from pathlib import Path

import program
from kill_drill import Broken, ask
from outside_services import HANG_SECONDS, MOODS, Authority, Ocsp, Tsa, seals

# On a busy machine a service that is well takes its time, too. One that hangs takes far longer than issuing may.
DEADLINE_MS = 1_500
ISSUING_SECONDS = 8
# What the log says of each mood.
SAID = {
    "refused": "remote.refused", "hang": "remote.timeout", "500": "remote.http_status", "redirect": "remote.http_status", "garbage": "remote.garbage",
    "too-large": "remote.too_large", "wrong-nonce": "remote.wrong_nonce", "wrong-digest": "remote.wrong_digest",
    "clock-off": "remote.clock_off", "expired": "remote.certificate",
}
UPGRADE_SECONDS = 60


def submissions():
    for path in sorted(program.SUBMISSIONS.glob("*.jsonl")):
        yield from path.read_bytes().splitlines()


class Town:
    """A development PKI of its own, the two services, and a program that asks them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.keys = folder / "keys"
        program.run("dev-keys", "--out", self.keys)
        self.authority = Authority(self.keys)
        self.tsa = Tsa(self.authority)
        self.ocsp = Ocsp(self.authority, [*seals(self.keys), *self.tsa.certificates()])
        self.data = folder / "data"
        self.bodies = submissions()

    def settings(self, **more) -> dict:
        # The root alone, without the lists beside it: what is known of revocations comes from the responder.
        return {
            "seals_dir": str(self.keys / "seals"), "trust": [str(self.keys / "root.pem")],
            "timestamps.tsa": [self.tsa.url], "timestamps.ocsp": [self.ocsp.url], "timestamps.at_issue": "B-T",
            "timestamps.keep": "B-LTA", "timestamps.deadline_ms": DEADLINE_MS, "timestamps.rest_ms": 0,
            "timestamps.look_every_ms": 200, **more,
        }

    def server(self, **more) -> program.Server:
        return program.Server(self.data, **self.settings(**more))

    def well(self):
        self.tsa.set("well")
        self.ocsp.set("well")

    def issue(self, server: program.Server) -> str:
        body = next(self.bodies)
        begun = time.monotonic()
        status, answer = server.submit(body, hashlib.sha256(body).hexdigest())
        took = time.monotonic() - begun
        ask(status == 201, f"not issued: {status} {answer.decode()[:300]}")
        # A probe for the length of tokens and the time-stamp itself: two deadlines, and what issuing takes.
        ask(took < 2 * DEADLINE_MS / 1000 + ISSUING_SECONDS < HANG_SECONDS, f"issuing took {took:.1f} s")
        return json.loads(answer)["license_id"]


def fetch(server: program.Server, license_id: str) -> tuple[dict, dict, bytes]:
    headers = {"Authorization": f"Bearer {program.TOKEN}"}
    status, _, body = server.ask("GET", f"/api/v1/licenses/{license_id}", headers=headers)
    ask(status == 200, f"describing: {status}")
    described = json.loads(body)
    status, _, pdf = server.ask("GET", f"/api/v1/licenses/{license_id}/files/pdf", headers=headers)
    ask(status == 200, f"fetching: {status}")
    return described["protection"], described["forms"][0], pdf


def level(server: program.Server, license_id: str) -> str:
    return fetch(server, license_id)[0]["level"]


def upgraded(server: program.Server, license_id: str) -> None:
    """Waits until the license is at B-LTA, and holds the file against what is said of it."""
    until = time.monotonic() + UPGRADE_SECONDS
    while level(server, license_id) != "B-LTA":
        ask(time.monotonic() < until, f"still {level(server, license_id)} after {UPGRADE_SECONDS} s: "
            + server.said["stderr"][-600:])
        time.sleep(0.2)
    protection, form, pdf = fetch(server, license_id)
    ask(hashlib.sha256(pdf).hexdigest() == protection["sha256"], "the file is not the one that is described")
    ask(len(pdf) == protection["size_bytes"] and len(pdf) > form["size_bytes"], "nothing was appended")
    ask(hashlib.sha256(pdf[:form["size_bytes"]]).hexdigest() == form["sha256"], "the sealed bytes were changed")
    ask(protection["proven_at"] is not None and protection["holds_until"] is not None, f"{protection}")


def whole(town: Town) -> None:
    settings = town.folder / "check.toml"
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in town.settings().items()]
    settings.write_text('mode = "development"\n' + "".join(lines))
    done = program.run("vault", "check", "--config", settings, "--data-dir", town.data, "--json", check=False)
    ask(done.returncode == 0, f"the vault is not whole: {done.stdout}{done.stderr}")


def misbehaving(town: Town, server: program.Server, service, mood: str, while_it_lasts: str) -> None:
    seen = len(server.said["stderr"])
    service.set(mood)
    license_id = town.issue(server)
    ask(level(server, license_id) == while_it_lasts, f"at {level(server, license_id)} and not at {while_it_lasts}")
    until = time.monotonic() + 10
    while SAID[mood] not in server.said["stderr"][seen:]:
        ask(time.monotonic() < until, f"the log does not say {SAID[mood]}: {server.said['stderr'][seen:][-600:]}")
        time.sleep(0.1)
    ask(level(server, license_id) == while_it_lasts, f"it rose while the service was {mood}")
    town.well()
    upgraded(server, license_id)


def a_dead_authority_costs_its_deadline_once(town: Town) -> None:
    town.tsa.set("hang")
    with town.server(**{"timestamps.rest_ms": 60_000, "timestamps.look_every_ms": 3_600_000}) as server:
        town.issue(server)
        begun, asked = time.monotonic(), town.tsa.asked
        for _ in range(5):
            license_id = town.issue(server)
        took = time.monotonic() - begun
        ask(took < 5 * DEADLINE_MS / 1000, f"five more licenses took {took:.1f} s")
        ask(town.tsa.asked == asked, "it was asked again while it was to be left alone")
        ask(level(server, license_id) == "B-B", "not issued at B-B")
    town.well()
    with town.server() as server:
        upgraded(server, license_id)


def one_that_hangs_leaves_time_for_the_next(town: Town) -> None:
    dead = Tsa(town.authority)
    dead.set("hang")
    both = {"timestamps.tsa": [dead.url, town.tsa.url], "timestamps.rest_ms": 60_000, "timestamps.look_every_ms": 3_600_000}
    try:
        with town.server(**both) as server:
            license_id = town.issue(server)
            ask(level(server, license_id) == "B-T", f"at {level(server, license_id)}")
            asked = dead.asked
            license_id = town.issue(server)
            ask(level(server, license_id) == "B-T", f"at {level(server, license_id)} the second time")
            ask(dead.asked == asked, "the one that hangs was asked again while it was to be left alone")
    finally:
        dead.close()


def a_restart_forgets_nothing(town: Town) -> None:
    town.tsa.set("refused")
    with town.server() as server:
        license_id = town.issue(server)
    with town.server() as server:
        ask(level(server, license_id) == "B-B", "it rose without an authority")
        town.well()
        upgraded(server, license_id)
    whole(town)


def killed(town: Town, step: str) -> None:
    town.tsa.set("refused")
    with town.server() as server:
        license_id = town.issue(server)
    town.well()
    with town.server(stand_still_before=step) as server:
        server.wait_for("stderr", f"standing still before {step}\n")
        server.kill()
    whole(town)
    with town.server() as server:
        if step == "shelve-objects-written":
            staging = sorted(path.name for path in (town.data / "staging").iterdir())
            ask(all(".pdf-rev." in name for name in staging), f"staging holds {staging}")
        upgraded(server, license_id)
        # Whatever was stamped and not shelved is gone, and nothing was appended twice.
        _, _, pdf = fetch(server, license_id)
        ask(pdf.count(b"/DocTimeStamp") == 1, f"{pdf.count(b'/DocTimeStamp')} document time-stamps")
    whole(town)


def slow_by_command(town: Town) -> None:
    """`vault renew` says that a server holds the vault, tells what it could not do, and ends it when run again."""
    settings = town.folder / "renew.toml"
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in town.settings(**{
        "timestamps.at_issue": "B-B", "timestamps.deadline_ms": 20_000}).items()]
    settings.write_text('mode = "development"\n' + "".join(lines))
    arguments = ["--config", settings, "--data-dir", town.data, "--json"]
    with town.server(**{"timestamps.keep": "B-B", "timestamps.at_issue": "B-B"}) as server:
        license_id = town.issue(server)
        done = program.run("vault", "renew", *arguments, check=False)
        ask(done.returncode == 2 and "in use" in done.stderr, f"beside a server: {done.returncode} {done.stderr}")
    town.tsa.set("500")
    done = program.run("vault", "renew", *arguments, check=False)
    told = json.loads(done.stdout)
    ask(done.returncode == 2 and told["failed"].get("remote.http_status") and not told["complete"], f"{told}")
    town.well()
    for expected in (1, 0):
        done = program.run("vault", "renew", *arguments, check=False)
        told = json.loads(done.stdout)
        ask(done.returncode == 0 and told["protected"] == expected and told["complete"], f"{done.returncode} {told}")
    # Everything ends within fifty years, but nothing is gained from an authority that ends as soon.
    for longer in (False, True):
        if longer:
            town.tsa.certificate = town.tsa.lasting
        done = program.run("vault", "renew", "--within", "50y", *arguments, check=False)
        told = json.loads(done.stdout)
        expected = told["versions"] if longer else 0
        ask(done.returncode == 0 and told["protected"] == expected, f"renewing all: {done.returncode} {told}")
    with town.server(**{"timestamps.keep": "B-B", "timestamps.at_issue": "B-B"}) as server:
        _, _, pdf = fetch(server, license_id)
        ask(pdf.count(b"/DocTimeStamp") == 2, f"{pdf.count(b'/DocTimeStamp')} document time-stamps after a renewal")
    whole(town)


def main() -> int:
    program.must_have()
    begun, results = time.monotonic(), []

    def drill(name: str, run, *arguments) -> None:
        started = time.monotonic()
        try:
            run(*arguments)
            results.append(True)
            print(f"ok     {name} ({time.monotonic() - started:.1f} s)")
        except (Broken, SystemExit, KeyError, ValueError, OSError) as error:
            results.append(False)
            print(f"FAILED {name}: {error or type(error).__name__}", file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="zhengku-tsa-") as folder:
        town = Town(Path(folder))
        with town.server() as server:
            drill("well", lambda: upgraded(server, town.issue(server)))
            for mood in MOODS:
                drill(f"time-stamp authority {mood}", misbehaving, town, server, town.tsa, mood, "B-B")
                town.well()
            for mood in MOODS:
                drill(f"responder {mood}", misbehaving, town, server, town.ocsp, mood, "B-T")
                town.well()
            faces = re.findall(r"[一-鿿]{2,3}(?:公司|商店|饭店)", server.said["stderr"])
            drill("no personal data in the log", lambda: ask(not faces, "a name stands in the log"))
        drill("a dead authority costs its deadline once", a_dead_authority_costs_its_deadline_once, town)
        drill("one that hangs leaves time for the next", one_that_hangs_leaves_time_for_the_next, town)
        drill("a restart forgets nothing", a_restart_forgets_nothing, town)
        for step in ("shelve-objects-written", "shelve-committed"):
            drill(f"kill -9 in an upgrade, before {step}", killed, town, step)
            town.well()
        drill("vault renew", slow_by_command, town)
        town.tsa.close()
        town.ocsp.close()
    failed = results.count(False)
    print(f"{len(results)} drills in {time.monotonic() - begun:.0f} s")
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
