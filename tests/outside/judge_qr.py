"""The signed statement in the printed square, before programs that we did not write.

zbarimg reads the square of one license of each type from its page; cbor2 takes the statement apart, and `cryptography` checks its
signature with the certificate of the e-certificate in the same PDF. What it claims is what was submitted. `zhengku verify
--qr` agrees, with a trust pack alone, and calls every changed digit forged or damaged.

    judge_qr.py --out DIR --data-dir DIR
"""

import argparse
import base64
import datetime
import hashlib
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import cbor2
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

import program

WIDTHS = [0, 3, 5, 8, 10, 13, 15, 17]
ROOT = "1.2.156.3005.2."
HOLDER, NUMBER = -65537, -65538


def ask(held: bool, what: str) -> None:
    if not held:
        raise AssertionError(what)


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def square_of(pdf: Path, dpi: int) -> str:
    page = subprocess.run(["pdftoppm", "-r", str(dpi), "-gray", "-f", "1", "-l", "1", pdf], capture_output=True, check=True).stdout
    read = subprocess.run(["zbarimg", "-q", "--raw", "--nodbus", "-Sdisable", "-Sqrcode.enable", "-"], input=page, capture_output=True, check=False)
    squares = read.stdout.decode().split()
    ask(len(squares) == 1, f"{len(squares)} squares at {dpi} dots an inch")
    return squares[0]


def to_bytes(digits: str) -> bytes:
    out = b""
    for start in range(0, len(digits), 17):
        chunk = digits[start:start + 17]
        out += int(chunk).to_bytes(WIDTHS.index(len(chunk)))
    return out


def to_digits(statement: bytes) -> str:
    return "".join(f"{int.from_bytes(chunk):0{WIDTHS[len(chunk)]}}"
                   for chunk in (statement[start:start + 7] for start in range(0, len(statement), 7)))


def start_of(day: str, later: int = 0) -> int:
    """The start of a day in China, in seconds."""
    begun = datetime.datetime.fromisoformat(f"{day}T00:00:00+08:00") + datetime.timedelta(days=later)
    return int(begun.timestamp())


def cut(text: str, limit: int) -> str:
    """What a statement says of a text that may be too long for it."""
    if len(text.encode()) <= limit:
        return text
    kept = text.encode()[:limit - len("…".encode())].decode(errors="ignore")
    return kept + "…"


def judge(license_id: str, body: dict, pdf: Path, ecert: Path, pack: Path) -> None:
    address, _, digits = square_of(pdf, 300).partition("#")
    ask(address == f"{program.PUBLIC_URL}/verify" and digits.isdigit(), f"the square says {address}#{digits[:20]}")
    ask(square_of(pdf, 150).endswith(digits), "at 150 dots an inch it says something else")
    header, payload = (json.loads(unpadded(part)) for part in ecert.read_text("ascii").split("~")[0].split(".")[:2])
    leaf = x509.load_der_x509_certificate(base64.b64decode(header["x5c"][0]))

    statement = cbor2.loads(to_bytes(digits))
    ask(isinstance(statement, cbor2.CBORTag) and statement.tag == 18, "no COSE_Sign1")
    protected, unprotected, claims, signature = statement.value
    ask(unprotected == {}, f"unprotected: {unprotected}")
    thumbprint = hashlib.sha256(leaf.public_bytes(serialization.Encoding.DER)).digest()
    ask(cbor2.loads(protected) == {1: -7, 34: [-15, thumbprint[:8]]}, f"{cbor2.loads(protected)}")
    signed = cbor2.dumps(["Signature1", protected, b"", claims], canonical=True)
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    leaf.public_key().verify(der, signed, ec.ECDSA(hashes.SHA256()))

    claims = cbor2.loads(claims)
    ask(ROOT + claims[2] == license_id, f"sub: {claims[2]}")
    ask(claims[7].hex() == payload["content_digest"][:32], "cti is not the first half of the content digest")
    ask(claims[HOLDER] == cut(body["holders"][0]["name"], 96), f"holder: {claims[HOLDER]}")
    ask(claims[NUMBER] == cut(body["license_number"], 64), f"number: {claims[NUMBER]}")
    end = body.get("valid_to")
    ask(claims.get(4) == (start_of(end, 1) if end else None), f"exp: {claims.get(4)}")
    ask(claims[5] == start_of(body.get("valid_from", body["issued_on"])), f"nbf: {claims[5]}")
    ask(claims[6] == payload["iat"], "iat is not that of the e-certificate")

    def verify(text: str, stdin: str | None = None):
        done = subprocess.run([program.BINARY, "verify", "--json", "--qr", text, "--pack", pack], cwd=program.ROOT, input=stdin,
                              capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    code, verdict = verify(f"{address}#{digits}")
    ask((code, verdict["verdict"], verdict["license"]["id"]) == (2, "valid", license_id), f"{code} {verdict['verdict']}")
    ask(verdict["statement"]["holder"] == claims[HOLDER] and verdict["standing_state"] in ("in_force", "expired", "not_yet_in_force"), verdict["standing_state"])
    ask(verify("-", f"{address}#{digits}\n")[1]["license"]["id"] == license_id, "from standard input")
    rolls = random.Random(license_id)
    # A byte of the signature alone: `cryptography` refuses it, and so does the program, by the check that is meant.
    at = len(to_bytes(digits)) - 1 - rolls.randrange(64)
    other = bytearray(to_bytes(digits))
    ask(to_digits(bytes(other)) == digits, "the digits are not those of the statement")
    other[at] ^= 1 << rolls.randrange(8)
    signature = cbor2.loads(bytes(other)).value[3]
    der = encode_dss_signature(int.from_bytes(signature[:32]), int.from_bytes(signature[32:]))
    try:
        leaf.public_key().verify(der, signed, ec.ECDSA(hashes.SHA256()))
        ask(False, "a changed signature verifies")
    except InvalidSignature:
        pass
    code, verdict = verify(to_digits(bytes(other)))
    failed = [found["code"] for found in verdict["findings"] if found["outcome"] == "failed"]
    ask((code, verdict["verdict"], failed) == (1, "invalid", ["statement.signature"]), f"a changed signature: {code} {failed}")
    for _ in range(2):
        at = rolls.randrange(len(digits))
        other = digits[:at] + str((int(digits[at]) + rolls.randrange(1, 10)) % 10) + digits[at + 1:]
        code, verdict = verify(other)
        # One that names another certificate cannot be told from one by somebody unknown.
        ask(verdict["verdict"] in ("invalid", "indeterminate") and code != 0, f"digit {at} can be changed: {verdict['verdict']}")
        ask(verdict["license"] is None, "something of a changed statement is shown")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data-dir", type=Path, required=True)
    arguments = parser.parse_args()
    program.must_have("pdftoppm", "zbarimg")
    ledger = program.Ledger()
    counted: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder) / "pack.zkpack"
        program.run("vault", "pack", "--out", pack, "--data-dir", arguments.data_dir)
        for license_id, body, pdf, ecert in program.issued(arguments.out):
            # The first three of each type.
            counted[body["type"]] = counted.get(body["type"], 0) + 1
            if counted[body["type"]] > 3:
                continue
            ledger.case(license_id, judge, license_id, body, pdf, ecert, pack)
    types = {folder.name for folder in program.TYPES.iterdir() if folder.is_dir()}
    ledger.case("every type", lambda: ask(set(counted) == types, f"{sorted(types ^ set(counted))}"))
    print(f"squares of {len(counted)} types")
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
