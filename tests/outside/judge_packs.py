"""Trust packs before programs that we did not write, and at a counter without vault, registry and network.

A vault with licenses in force, suspended, revoked, reinstated and replaced is made; its pack comes from `zhengku vault pack` and from
the server. jwcrypto checks the signature, Python reads the list by its published layout. With the pack alone every file gets the
standing that the vault gives; a stale pack says nothing of what is in force; a changed one, one by a bureau, and one by
strangers are not used.
"""

import base64
import datetime
import hashlib
import json
import random
import struct
import sys
import tempfile
import time
import zlib
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from jwcrypto import jwk, jws

import program

STATES = ["in force", "suspended", "deregistered", "withdrawn", "annulled", "reinstated", "replaced", "suspended tomorrow"]
CHANGES = {
    "suspended": [{"state": "suspended"}],
    "deregistered": [{"state": "revoked", "kind": "deregistered"}],
    "withdrawn": [{"state": "revoked", "kind": "withdrawn"}],
    "annulled": [{"state": "revoked", "kind": "annulled"}],
    "reinstated": [{"state": "suspended"}, {"state": "reinstated"}],
    "suspended tomorrow": [{"state": "suspended"}],
}


def ask(held: bool, what: str) -> None:
    if not held:
        raise AssertionError(what)


def day(ahead: int = 0) -> str:
    return (datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))) + datetime.timedelta(days=ahead)).date().isoformat()


def moment(ahead_days: float) -> str:
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=ahead_days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Town:
    """The vault, the files that were issued, and a counter that has an anchor and a pack."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.keys = folder / "keys"
        self.data = folder / "data"
        program.run("dev-keys", "--out", self.keys)
        self.ids, self.files = {}, {}
        bodies = [json.loads(line) for line in (program.SUBMISSIONS / "11990000MD0000008F002.jsonl").read_text("utf-8").splitlines()]
        # Without an end, so that the period decides nothing here.
        with program.Server(self.data, seals_dir=str(self.keys / "seals"), trust=[str(self.keys)]) as server:
            for number, (state, body) in enumerate(zip(STATES, bodies)):
                self.ids[state] = self._issue(server, body, str(number))
                for at, change in enumerate(CHANGES.get(state, [])):
                    since = day(1) if state == "suspended tomorrow" else day()
                    self._change(server, self.ids[state], {**change, "since": since, "ground": "示例依据"}, f"{number}-{at}")
                if state == "replaced":
                    self.ids["replacing"] = self._issue(server, {**body, "replaces": self.ids[state]}, f"{number}-next")
            for state, id_ in self.ids.items():
                for form in ("pdf", "ecert"):
                    status, _, answer = server.ask("GET", f"/api/v1/licenses/{id_}/files/{form}", None, self._headers())
                    ask(status == 200, f"{state}, {form}: {status}")
                    self.files[state, form] = folder / f"{state.replace(' ', '-')}.{form}"
                    self.files[state, form].write_bytes(answer)
            self.served = folder / "served.zkpack"
            status, headers, answer = server.ask("GET", "/api/v1/trust-pack")
            ask(status == 200 and ".zkpack" in headers["Content-Disposition"], f"the pack over HTTP: {status}")
            self.served.write_bytes(answer)
            ask(server.ask("GET", "/api/v1/trust-pack")[2] == answer, "asked twice in a minute, two packs were made")
        self.pack = folder / "city.zkpack"
        self.vault_settings = self._settings("vault.toml", seals_dir=str(self.keys / "seals"), trust=[str(self.keys)])
        program.run("vault", "pack", "--out", self.pack, "--config", self.vault_settings, "--data-dir", self.data)
        # No registry, no keys: the folder it points to is empty.
        (folder / "empty").mkdir()
        self.counter_settings = self._settings("counter.toml", templates_dir=str(folder / "empty"), trust=[str(self.keys / "root.pem")])
        library = next(x509.load_pem_x509_certificate(path.read_bytes()) for path in sorted((self.keys / "seals").glob("11990000MD1000093F.chain.pem")))
        self.library_key = library.public_key()

    def _settings(self, name: str, **settings) -> Path:
        file = self.folder / name
        file.write_text("".join(f"{key} = {json.dumps(value)}\n" for key, value in {"mode": "development", **settings}.items()))
        return file

    @staticmethod
    def _headers(key: str = "") -> dict:
        headers = {"Authorization": f"Bearer {program.TOKEN}", "Content-Type": "application/json"}
        return {**headers, "Idempotency-Key": key} if key else headers

    def _issue(self, server, body: dict, key: str) -> str:
        status, answer = server.submit(json.dumps(body).encode(), key)
        ask(status == 201, f"{status}: {answer[:300]!r}")
        return json.loads(answer)["license_id"]

    def _change(self, server, id_: str, change: dict, key: str) -> None:
        status, _, answer = server.ask("POST", f"/api/v1/licenses/{id_}/standing", json.dumps(change).encode(), self._headers(key))
        ask(status == 200, f"{status}: {answer[:300]!r}")

    def at_counter(self, file: Path, pack: Path, *more):
        done = program.run("verify", file, "--json", "--pack", pack, "--library", "11990000MD1000093F",
                           "--config", self.counter_settings, *more, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout.strip() else done.stderr

    def by_vault(self, file: Path):
        done = program.run("verify", file, "--json", "--config", self.vault_settings, "--data-dir", self.data, check=False)
        return done.returncode, json.loads(done.stdout)


def read_list(packed: bytes) -> dict:
    """The list by its layout: for every digest the days, states and versions."""
    raw = zlib.decompress(packed)
    ask(raw[:4] == b"ZSL1", "magic")
    salt, count = raw[4:20], struct.unpack(">I", raw[20:24])[0]
    names, rest = raw[24:24 + 12 * count], raw[24 + 12 * count:]
    days, states, versions = rest[:4 * count], rest[4 * count:5 * count], rest[5 * count:]
    ask(len(versions) == 2 * count, "length")
    found = {}
    for index in range(count):
        name = names[12 * index:12 * index + 12]
        since = struct.unpack(">I", days[4 * index:4 * index + 4])[0]
        found.setdefault(name, []).append((since, states[index], struct.unpack(">H", versions[2 * index:2 * index + 2])[0]))
    ask(list(found) == sorted(found), "the digests are not in order")
    return {"salt": salt, "words": found}


def whole(town: Town, pack: Path) -> None:
    line, _, packed = pack.read_bytes().partition(b"\n")
    token = jws.JWS()
    token.deserialize(line.decode())
    token.verify(jwk.JWK.from_pem(town.library_key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)))
    payload = json.loads(token.payload)
    ask(payload["standing_list"] == hashlib.sha256(packed).hexdigest(), "the list is another one")
    ask(payload["versions"] == len(town.ids), f"{payload['versions']} versions")
    roots = [base64.b64decode(anchor["certificate"]) for anchor in payload["anchors"]]
    root = x509.load_pem_x509_certificate((town.keys / "root.pem").read_bytes())
    ask(roots == [root.public_bytes(serialization.Encoding.DER)], "the anchors")
    listed = read_list(packed)
    today = int(day().replace("-", ""))
    tomorrow = int(day(1).replace("-", ""))
    expected = {"suspended": (today, 1, 0), "annulled": (today, 2, 0), "deregistered": (today, 3, 0), "withdrawn": (today, 4, 0),
                "suspended tomorrow": (tomorrow, 1, 0)}
    for state, id_ in town.ids.items():
        words = listed["words"].get(hashlib.sha256(listed["salt"] + id_.encode()).digest()[:12], [])
        if state == "replaced":
            ask(len(words) == 1 and words[0][1:] == (5, 2), f"{state}: {words}")
        else:
            ask(words == ([expected[state]] if state in expected else []), f"{state}: {words}")
    text = line.decode() + packed.hex()
    ask(not any(id_ in text or id_ in token.payload.decode() for id_ in town.ids.values()), "a license id stands in the pack")


def same_as_vault(town: Town, state: str, form: str) -> None:
    file = town.files[state, form]
    code, by_pack = town.at_counter(file, town.pack)
    vault_code, by_vault = town.by_vault(file)
    for member in ("verdict", "integrity", "authenticity", "standing", "standing_state", "standing_detail"):
        ask(by_pack[member] == by_vault[member], f"{member}: {by_pack[member]} and {by_vault[member]}")
    ask(code == vault_code, f"left with {code} and {vault_code}")
    source = next(source for source in by_pack["sources"] if source["source"] == "trust_pack")
    ask(source["as_of"] == by_pack["standing_as_of"] and source["current_until"] > source["as_of"], f"{source}")


def stale(town: Town) -> None:
    for state, expected in [("in force", (2, "unknown", "cannot_check_now")), ("deregistered", (1, "failed", "revoked"))]:
        code, verdict = town.at_counter(town.files[state, "pdf"], town.pack, "--at", moment(8))
        ask((code, verdict["standing"], verdict["standing_state"]) == expected, f"{state}: {code} {verdict['standing_state']}")
        found = next(finding for finding in verdict["findings"] if finding["code"] == "pack.freshness")
        ask(found["outcome"] == "could_not_be_made" and found["next_step"], f"{found}")
    done = program.run("verify", town.files["in force", "pdf"], "--pack", town.pack, "--library", "11990000MD1000093F",
                       "--config", town.counter_settings, "--at", moment(8), check=False)
    ask("STALE" in done.stdout.splitlines()[0], done.stdout[:200])
    code, verdict = town.at_counter(town.files["suspended tomorrow", "pdf"], town.pack, "--at", moment(2))
    ask((code, verdict["standing_state"]) == (1, "suspended"), f"the day after tomorrow: {code} {verdict['standing_state']}")


def issued_since(town: Town) -> None:
    """A license that was issued after the pack was made: the pack says nothing of it."""
    pack, another = town.folder / "before.zkpack", town.folder / "another"
    done = program.run("vault", "pack", "--out", pack, "--config", town.vault_settings, "--data-dir", another, check=False)
    ask(done.returncode == 2 and "no vault" in done.stderr and not another.exists(), "a pack of no vault")
    lines = (program.SUBMISSIONS / "11990000MD0000008F002.jsonl").read_text("utf-8").splitlines()
    for name, body in [("early", lines[-2]), ("late", lines[-1])]:
        (town.folder / f"{name}.jsonl").write_text(body + "\n", "utf-8")
        program.run("import", town.folder / f"{name}.jsonl", "--config", town.vault_settings, "--data-dir", another, "--out", town.folder / name)
        if name == "early":
            program.run("vault", "pack", "--out", pack, "--config", town.vault_settings, "--data-dir", another)
            time.sleep(1.1)
    [file] = (town.folder / "late").glob("*.pdf")
    code, verdict = town.at_counter(file, pack)
    ask((code, verdict["verdict"], verdict["standing"]) == (2, "valid", "unknown"), f"{code} {verdict['standing']}")


def refused(town: Town, pack: Path, why: str, *more) -> None:
    code, said = town.at_counter(town.files["in force", "pdf"], pack, *more)
    ask(code == 2 and isinstance(said, str) and why in said, f"{code}: {said}")


def changed(town: Town) -> None:
    bytes_, rolls = town.pack.read_bytes(), random.Random(3)
    end = bytes_.find(b'"header"')
    behind = bytes_.find(b"\n") + 1
    for at in [rolls.randrange(end) for _ in range(12)] + [rolls.randrange(behind, len(bytes_)) for _ in range(6)]:
        now = bytearray(bytes_)
        now[at] ^= 1 << rolls.randrange(7)
        file = town.folder / "changed.zkpack"
        file.write_bytes(now)
        code, said = town.at_counter(town.files["in force", "pdf"], file)
        ask(code == 2 and isinstance(said, str), f"byte {at} can be changed: {code}")
    (town.folder / "cut.zkpack").write_bytes(bytes_[:-1])
    refused(town, town.folder / "cut.zkpack", "changed or cut off")


def by_a_bureau(town: Town) -> None:
    """The same content, signed by a bureau's sealing key, in its own name and in that of the library."""
    line, _, packed = town.pack.read_bytes().partition(b"\n")
    sent = json.loads(line)
    bureau = town.keys / "seals" / "11990000MD1000018N"
    chain = x509.load_pem_x509_certificates(bureau.with_suffix(".chain.pem").read_bytes())
    ders = [one.public_bytes(serialization.Encoding.DER) for one in chain]
    for name in ("11990000MD1000018N", "11990000MD1000093F"):
        payload = {**json.loads(unpadded(sent["payload"])), "library": name}
        header = {**json.loads(unpadded(sent["protected"])), "x5c": [base64.b64encode(der).decode() for der in ders],
                  "x5t#S256": base64.urlsafe_b64encode(hashlib.sha256(ders[0]).digest()).decode().rstrip("=")}
        for _ in range(40):  # Until the signature is the low one of two, which alone counts.
            token = jws.JWS(json.dumps(payload).encode())
            token.add_signature(jwk.JWK.from_pem(bureau.with_suffix(".key.pem").read_bytes()), None, json.dumps(header), json.dumps(sent["header"]))
            serialized = json.loads(token.serialize())
            if unpadded(serialized["signature"])[32] < 0x7F:
                break
        file = town.folder / "bureau.zkpack"
        file.write_bytes(json.dumps({key: serialized[key] for key in ("payload", "protected", "signature", "header")}).encode() + b"\n" + packed)
        refused(town, file, "runs no library")


def strangers(town: Town) -> None:
    other = town.folder / "other"
    program.run("dev-keys", "--out", other)
    refused(town, town.pack, "not trusted", "--trust", other / "root.pem")
    (town.folder / "no.zkpack").write_bytes(b"nothing of the kind\n")
    refused(town, town.folder / "no.zkpack", "no trust pack")


def main() -> int:
    program.must_have()
    ledger = program.Ledger()
    case = ledger.case
    with tempfile.TemporaryDirectory(prefix="zhengku-packs-") as folder:
        town = Town(Path(folder))
        case("the pack of the command", whole, town, town.pack)
        case("the pack of the server", whole, town, town.served)
        for state, form in town.files:
            case(f"{state}, {form}", same_as_vault, town, state, form)
        for check in (stale, issued_since, changed, by_a_bureau, strangers):
            case(check.__name__, check, town)
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
