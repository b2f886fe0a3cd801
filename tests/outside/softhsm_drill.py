"""A sealing key in a PKCS#11 token (SoftHSM2), and what happens when the token goes and comes back.

Licenses are sealed with it over HTTP, also after a restart; the token is taken away in the middle of a stream of requests
and given back: nothing is half made, and the same requests succeed, with exactly one license each.

    softhsm_drill.py
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import program
from kill_drill import Broken, ask
from sealing_keys import AUTHORITY, House, Key, fetch, first_key, sealed_with

MODULES = ["/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"]
PIN = "271828"
STREAM = 16
AT_ONCE = 4


def module() -> str:
    found = [path for path in MODULES if Path(path).is_file()]
    if not found:
        raise SystemExit("missing: libsofthsm2.so; `make setup` puts it in place")
    return found[0]


class Token:
    """A software token in a folder, with one key in it."""

    def __init__(self, folder: Path, key: Key):
        self.folder, self.away = folder / "tokens", folder / "tokens-away"
        self.folder.mkdir()
        config = folder / "softhsm2.conf"
        config.write_text(f"directories.tokendir = {self.folder}\nobjectstore.backend = file\nlog.level = ERROR\n")
        # The program loads the library into itself, which finds its token by this.
        os.environ["SOFTHSM2_CONF"] = str(config)
        self._util("--init-token", "--free", "--label", "zhengku-drill", "--so-pin", "31415926", "--pin", PIN)
        pem = folder / "key.pem"
        pem.write_bytes(key.pem())
        self._util("--import", pem, "--token", "zhengku-drill", "--label", "seal", "--id", "01", "--pin", PIN)
        pem.unlink()

    def _util(self, *arguments) -> None:
        done = subprocess.run(["softhsm2-util", *map(str, arguments)], capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise SystemExit(f"softhsm2-util {arguments[0]}: {done.stdout}{done.stderr}")

    def take(self) -> None:
        self.folder.rename(self.away)
        self.folder.mkdir()

    def give(self) -> None:
        self.folder.rmdir()
        self.away.rename(self.folder)


def furnish(house: House, key: Key) -> None:
    """What an operator puts into the folder for a key in a token."""
    (house.folder / "token.pin").write_text(f"{PIN}\n")
    (house.seals / f"{AUTHORITY}.token.chain.pem").write_bytes(key.chain)
    (house.seals / f"{AUTHORITY}.token.token.toml").write_text(
        f'module = "{module()}"\ntoken = "zhengku-drill"\nkey = "seal"\npin_file = "../token.pin"\n')


def issues(house: House, key: Key) -> None:
    with house.server() as server:
        pdf = fetch(server, house.issue(server))
    ask(sealed_with(pdf) == key.id, "not sealed with the key in the token")
    verdict = house.verdict(pdf)
    ask(verdict["verdict"] == "valid", f"{verdict}")
    listed = json.loads(house.run("keys", "list", "--json").stdout)
    mine = [row for row in listed if row["key"] == key.id]
    ask(len(mine) == 1 and mine[0]["kept_in"] == "token" and mine[0]["state"] == "in use", f"{mine}")


def goes_and_comes_back(house: House, key: Key, token: Token) -> None:
    before = house.versions()
    with house.server() as server:
        requests = [house.next() for _ in range(STREAM)]

        def send(numbered):
            number, request = numbered
            if number == STREAM // 3:
                token.take()
            return server.submit(*request)

        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            answers = list(pool.map(send, enumerate(requests)))
        refused = [body for status, body in answers if status == 503]
        ids = {number: json.loads(body)["license_id"] for number, (status, body) in enumerate(answers) if status == 201}
        ask(len(refused) + len(ids) == STREAM, f"{[status for status, _ in answers]}")
        ask(len(refused) >= STREAM // 2, f"only {len(refused)} refused without a token")
        for body in refused:
            ask(json.loads(body)["code"] == "service.unavailable", f"{body.decode()}")
        ask("the token with a sealing key did not sign" in server.said["stderr"], "the log says nothing of the token")
        ask("keys.token_gone" in server.said["stderr"], "the log does not give the fault its place")
        ask(PIN not in server.said["stderr"], "the PIN stands in the log")
        status, _, _ = server.ask("GET", "/health/live")
        ask(status == 200, "the server does not live")
        ask(house.versions() == before + len(ids), "something is half made while the token is away")

        # A folder that changes meanwhile is taken up all the same: a key must be retired at any time.
        (house.seals / "keys.toml").write_text("# looked at anew\n")
        server.wait_for("stderr", "the sealing keys were read anew")

        token.give()
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            again = list(pool.map(lambda request: server.submit(*request), requests))
        ask(all(status in (200, 201) for status, _ in again),
            f"after the token came back: {[status for status, _ in again]}; {server.said['stderr'][-800:]}")
        now = [json.loads(body)["license_id"] for _, body in again]
        ask(len(set(now)) == STREAM, "two requests have one license")
        ask(all(now[number] == known for number, known in ids.items()), "a request has got a second license")
        ask(sealed_with(fetch(server, now[-1])) == key.id, "not sealed with the key in the token")
    ask(house.versions() == before + STREAM, "not exactly one license for each request")


def away_in_other_ways(house: House, key: Key, token: Token) -> None:
    """A PIN that is refused is tried once, and neither it nor a library that is gone keeps the folder from being read."""
    refusal = "a token refused its PIN"
    settings, pin = house.seals / f"{AUTHORITY}.token.token.toml", house.folder / "token.pin"
    right = settings.read_text()

    def put(file: Path, text: str) -> None:
        half = house.folder / "half"
        half.write_text(text)
        half.rename(file)

    def read_anew(file: Path, text: str) -> None:
        seen = server.said["stderr"].count("the sealing keys were read anew")
        put(file, text)
        server.wait_for("stderr", "(?s)(the sealing keys were read anew.*){%d}" % (seen + 1))

    def submitted(request, wanted: int) -> None:
        status, answer = server.submit(*request)
        ask(status == wanted, f"{status} {answer.decode()}; {server.said['stderr'][-800:]}")

    with house.server() as server:
        # The token goes and comes back, so that it is to be opened anew; meanwhile the PIN is replaced by a wrong one.
        put(pin, "161803\n")
        request = house.next()
        token.take()
        submitted(request, 503)
        token.give()
        for number in range(3):
            submitted(request, 503)
            read_anew(house.seals / "keys.toml", f"# {number}\n")
        ask(server.said["stderr"].count(refusal) == 1, "a PIN that was refused was tried again")
        read_anew(settings, f"# touched\n{right}")
        ask(server.said["stderr"].count(refusal) == 2, "a changed token.toml does not have the PIN tried once more")
        put(pin, f"{PIN}\n")
        submitted(request, 201)
        ask("161803" not in server.said["stderr"] and PIN not in server.said["stderr"], "a PIN stands in the log")

        # The library and the PIN are away.
        request = house.next()
        read_anew(settings, right.replace(module(), "/nowhere.so"))
        submitted(request, 503)
        read_anew(settings, right)
        submitted(request, 201)
        pin.unlink()
        token.take()
        submitted(house.next(), 503)
        token.give()
        read_anew(house.seals / "keys.toml", "# the PIN is away\n")
        request = house.next()
        submitted(request, 503)
        put(pin, f"{PIN}\n")
        submitted(request, 201)
        ask(server.said["stderr"].count(refusal) == 2, "a PIN was refused that is right")


def wrong(house: House) -> None:
    name = f"{AUTHORITY}.token.token.toml"
    (house.folder / "token.pin").write_text("161803\n")
    house.refuses_to_start(name, "does not take the PIN")
    (house.folder / "token.pin").write_text(f"{PIN}\n")
    right = (house.seals / name).read_text()
    for old, new, said in (('"seal"', '"other"', "no private key with this label"),
                           ('"zhengku-drill"', '"other"', "no token with this label"),
                           ("token.pin", "nowhere.pin", "pin_file"), (module(), "/nowhere.so", "cannot be loaded")):
        (house.seals / name).write_text(right.replace(old, new))
        house.refuses_to_start(name, said)
    (house.seals / name).write_text(right)
    chain = house.seals / f"{AUTHORITY}.token.chain.pem"
    kept = chain.read_bytes()
    chain.write_bytes(Key("另一枚").chain)
    house.refuses_to_start(name, "not that of the certificate")
    chain.write_bytes(kept)


def main() -> int:
    program.must_have("softhsm2-util")
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

    with tempfile.TemporaryDirectory(prefix="zhengku-token-") as folder:
        house, key = House(Path(folder)), Key("令牌")
        ask(key.id != first_key(), "the key in the token is not another one")
        token = Token(Path(folder), key)
        furnish(house, key)
        drill("sealed with a key in a token", issues, house, key)
        drill("the token goes in a stream of requests, and comes back", goes_and_comes_back, house, key, token)
        drill("a refused PIN is tried once; a library or PIN that is away", away_in_other_ways, house, key, token)
        drill("what is wrong with a token is said at the start", wrong, house)
    failed = results.count(False)
    print(f"{len(results)} drills in {time.monotonic() - begun:.0f} s")
    print(f"{len(results) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
