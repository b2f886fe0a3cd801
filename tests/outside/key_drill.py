"""Sealing keys over their life: a new one takes over, an encrypted one, one that is used up, one that is lost.

    key_drill.py
"""

import concurrent.futures
import datetime
import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import program
from kill_drill import Broken, ask
from sealing_keys import AUTHORITY, BEARER, House, Key, fetch, first_key, ready, sealed_with

# How many licenses hang on the key that is lost, beside one that is revoked and one that is replaced.
HANGING = 20
KILL_AFTER = 5
PASSPHRASE = "correct horse battery staple"


def said(server: program.Server, words: str, since: int) -> None:
    until = time.monotonic() + 20
    while words not in server.said["stderr"][since:]:
        ask(time.monotonic() < until, f"the log does not say {words!r}: {server.said['stderr'][since:][-600:]}")
        time.sleep(0.1)


def issue_many(house: House, server: program.Server, count: int) -> list[str]:
    requests = [house.next() for _ in range(count)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda request: server.submit(*request), requests))
    ask(all(status == 201 for status, _ in answers), f"{[status for status, _ in answers]}")
    return [json.loads(body)["license_id"] for _, body in answers]


def rotation(house: House, following: Key) -> list[str]:
    """A second key is taken up by a running server, and a folder that does not hold together changes nothing."""
    with house.server() as server:
        old = house.issue(server)
        ask(sealed_with(fetch(server, old)) == first_key(), "not sealed with the first key")
        seen = len(server.said["stderr"])
        following.put(house.seals, "following")
        said(server, "the sealing keys were read anew", seen)
        new = house.issue(server)
        ask(sealed_with(fetch(server, new)) == following.id, "the newer key has not taken over")
        _, _, figures = server.ask("GET", "/metrics")
        ask(f'key="{following.id}"' in figures.decode(), "the figures do not know the newer key")
        seen = len(server.said["stderr"])
        lost = house.seals / f"{AUTHORITY}.lost.chain.pem"
        lost.write_bytes(following.chain)
        said(server, "the sealing keys do not hold together", seen)
        ids = [new, *issue_many(house, server, HANGING + 1)]
        lost.unlink()
        pdf = fetch(server, old)
    ask(sealed_with(pdf) == first_key() and house.verdict(pdf)["verdict"] == "valid", "the old license is no longer valid")
    ask(house.versions() == HANGING + 3, "not what was issued")
    return ids


def encrypted(house: House, locked: Key) -> None:
    """Nothing but the right passphrase opens an encrypted key, and what is wrong is said with the file's name."""
    name = f"{AUTHORITY}.locked.key.pem"
    locked.put(house.seals, "locked", PASSPHRASE)
    house.refuses_to_start(name)
    file = house.folder / "passphrase"
    house.more = {"seals_passphrase_file": str(file)}
    house.refuses_to_start(str(file))
    file.write_text("incorrect horse\n")
    done = house.run("keys", "list", check=False)
    ask(done.returncode == 2 and name in done.stderr and "incorrect horse" not in done.stderr, f"{done.stderr}")
    house.refuses_to_start(name)
    file.write_text(f"{PASSPHRASE}\n")
    rows = json.loads(house.run("keys", "list", "--json").stdout)
    ask([row["kept_in"] for row in rows if row["key"] == locked.id] == ["encrypted file"], f"{rows}")
    with house.server() as server:
        ask(sealed_with(fetch(server, house.issue(server))) == locked.id, "not sealed with the encrypted key")
        ask(PASSPHRASE not in server.said["stderr"], "the passphrase stands in the log")


def used_up(house: House, locked: Key) -> None:
    """A license takes three signatures of a key; a key that may not make them makes none."""
    rules = house.seals / "keys.toml"
    before = house.versions()
    used = {row["key"]: row["uses"] for row in json.loads(house.run("keys", "list", "--json").stdout)}[locked.id]
    ask(used == 3, f"{used} uses after one license")

    def limit(uses: int) -> None:
        half = house.folder / "keys.toml.half"
        half.write_text(f'[[key]]\nid = "{locked.id}"\nmax_uses = {uses}\n')
        half.rename(rules)

    limit(8)
    with house.server() as server:
        house.issue(server)
        request = house.next()
        for _ in range(2):
            status, answer = server.submit(*request)
            ask(status == 503 and json.loads(answer)["code"] == "service.unavailable", f"{status} {answer.decode()}")
        ask("keys.limit_reached" in server.said["stderr"], "the log does not say that the key is used up")
        ask(house.versions() == before + 1, "something was made by a key that is used up")
        seen = len(server.said["stderr"])
        limit(9)
        said(server, "the sealing keys were read anew", seen)
        status, answer = server.submit(*request)
        ask(status == 201, f"after the limit was raised: {status} {answer.decode()}")
    rows = json.loads(house.run("keys", "list", "--json").stdout)
    ask([(row["uses"], row["max_uses"], row["state"]) for row in rows if row["key"] == locked.id] == [(9, 9, "used up")],
        f"{rows}")
    rules.unlink()
    ask(house.versions() == before + 2, "not exactly one license for each request")


def lost(house: House, gone: Key, following: Key, ids: list[str]) -> None:
    """The drill of docs/operating.md for a key in the wrong hands, with a loss of power in the middle."""
    revoked, hanging = ids[0], ids[1:]
    with house.server() as server:
        today = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).date().isoformat()
        change = {"state": "revoked", "kind": "annulled", "ground": "示例", "since": today}
        status, _, answer = server.ask("POST", f"/api/v1/licenses/{revoked}/standing", json.dumps(change).encode(),
                                       {**BEARER, "Content-Type": "application/json", "Idempotency-Key": "drill/revoke"})
        ask(status in (200, 201), f"revoking: {status} {answer.decode()}")
        before = fetch(server, hanging[0])
        done = house.run("keys", "reseal", "--key", gone.id, check=False)
        ask(done.returncode == 2, f"sealed anew beside a server: {done.returncode}")
        # In an emergency other things may be broken too: the key has a limit, and the folder does not hold together.
        (house.seals / "keys.toml").write_text(f'# of the card\n[[key]]\nid = "{gone.id}"\nmax_uses = 1000\n')
        broken = house.seals / f"{AUTHORITY}.broken.key.pem"
        broken.write_text("half a key")
        seen = len(server.said["stderr"])
        for since in ("2027-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "2026-12-01T00:00:00Z"):
            house.run("keys", "retire", "--key", gone.id, "--since", since, "--reason", "lost with a notebook")
        said(server, "the sealing keys do not hold together", seen)
        ask(sealed_with(fetch(server, house.issue(server))) == following.id, "a retired key seals on in a broken folder")
        seen = len(server.said["stderr"])
        broken.unlink()
        said(server, "the sealing keys were read anew", seen)
        ask((house.seals / "keys.toml").read_text().startswith("# of the card"), "what the operator had written is gone")
        ask(sealed_with(fetch(server, house.issue(server))) == following.id, "a retired key seals on, or nothing does")
        ask(all(part["status"] == "ok" for part in ready(server)["parts"]), f"{ready(server)}")
    versions = house.versions()

    def told(*command) -> dict:
        return json.loads(house.run("keys", *command, "--key", gone.id, "--json").stdout)

    hangs = told("licenses")["counts"]
    ask(hangs == {"due": len(hanging), "ended": 1}, f"{hangs}")
    dry = told("reseal", "--dry-run")
    ask(dry["counts"] == hangs and dry["sealed_anew"] == 0 and house.versions() == versions, f"{dry}")

    def sealed() -> int:
        return sum(1 for _ in house.data.glob("objects/*/*.pdf"))

    so_far = sealed()
    process = subprocess.Popen([str(part) for part in [program.BINARY, "keys", "reseal", "--key", gone.id, *house.arguments()]],
                               cwd=program.ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and sealed() < so_far + KILL_AFTER:
        time.sleep(0.002)
    process.send_signal(signal.SIGKILL)
    ask(process.wait() == -signal.SIGKILL, "it was not to be killed: it had ended")
    halfway = house.versions() - versions
    ask(0 < halfway < len(hanging), f"{halfway} of {len(hanging)} were sealed anew when it was killed")

    again = told("reseal")
    ask(not again["failed"] and again["sealed_anew"] == len(hanging) - halfway, f"{halfway} before, then {again}")
    ask(house.versions() == versions + len(hanging), "not exactly one further version for each license")
    last = told("reseal")
    ask(last["sealed_anew"] == 0 and last["counts"] == {"replaced": len(hanging), "ended": 1}, f"{last}")
    ask(house.versions() == versions + len(hanging), "a third run made something")

    with house.server() as server:
        for old in hanging:
            status, _, body = server.ask("GET", f"/api/v1/licenses/{old}", headers=BEARER)
            described = json.loads(body)
            ask(described["standing"]["state"] == "replaced", f"{described['standing']}")
            new = described["standing"]["by"]
            ask(int(new.split(".")[-2]) == int(old.split(".")[-2]) + 1, f"{old} became {new}")
        after = fetch(server, new)
        status, _, body = server.ask("GET", f"/api/v1/licenses/{new}", headers=BEARER)
        ask(json.loads(body)["standing"]["state"] == "in_force", f"{body.decode()}")
        ask(fetch(server, hanging[0]) == before, "the old version was changed")
    ask(sealed_with(after) == following.id, "not sealed anew with the authority's present key")
    verdicts = [house.verdict(pdf) for pdf in (before, after)]
    ask([verdict["verdict"] for verdict in verdicts][1] == "valid", f"{verdicts[1]}")
    ask(verdicts[0]["integrity"] == "passed" and verdicts[0]["standing_state"] == "replaced", f"{verdicts[0]}")


def main() -> int:
    program.must_have()
    begun, results = time.monotonic(), []

    def drill(name: str, run, *arguments):
        started = time.monotonic()
        try:
            outcome = run(*arguments)
            results.append(True)
            print(f"ok     {name} ({time.monotonic() - started:.1f} s)")
            return outcome
        except (Broken, SystemExit, KeyError, ValueError, OSError, TypeError) as error:
            results.append(False)
            print(f"FAILED {name}: {type(error).__name__} {error}", file=sys.stderr)

    with tempfile.TemporaryDirectory(prefix="zhengku-keys-") as folder:
        house = House(Path(folder))
        following, locked = Key("其二"), Key("其三", datetime.timedelta(minutes=30))
        ids = drill("a newer key takes over while serving", rotation, house, following)
        drill("a key in an encrypted file", encrypted, house, locked)
        drill("a key that is used up", used_up, house, locked)
        drill("a key that is lost", lost, house, following, locked, ids)
    failed = results.count(False)
    print(f"{len(results)} drills in {time.monotonic() - begun:.0f} s")
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
