"""Receipts of verifications before programs that we did not write.

One file of each kind is verified by `zhengku verify --receipt`, as JSON and as PDF, and over HTTP. jwcrypto checks the
signature, OpenSSL the certificate's path and the time-stamp over the signature, jsonschema the verdict inside; pdfsig, qpdf
and the checkers of `judge_archival.py` look at the PDF. What the receipt says is what `zhengku verify --json` said. In
2033, when the certificate of the library has ended, a receipt with a time-stamp still verifies, and one without cannot be
told. No changed byte passes.
"""

import base64
import hashlib
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from jsonschema import Draft202012Validator
from jwcrypto import jwk, jws

import program
from outside_services import Authority, Tsa, days, now

LATER = "2033-06-01T00:00:00Z"
SCHEMA = Draft202012Validator(json.loads((program.ROOT / "docs" / "verdict.schema.json").read_text("utf-8")))
# What changes from one verification to the next, and what is kept out of receipts.
FLEETING = {"judged_at", "standing_as_of", "sources", "comparison", "statement", "findings", "signatures"}


def ask(held: bool, what: str) -> None:
    if not held:
        raise AssertionError(what)


def said(*command) -> str:
    done = subprocess.run([str(part) for part in command], capture_output=True, timeout=120, check=False)
    ask(done.returncode == 0, f"{command[0]} left with {done.returncode}: {done.stderr[-300:]!r}")
    return done.stdout.decode()


def unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class House:
    """A vault with one license, and a time-stamp authority of others where one is wanted."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.keys = folder / "keys"
        program.run("dev-keys", "--out", self.keys)
        self.tsa = Tsa(Authority(self.keys), ends=now() + days(365 * 12))
        lines = ['mode = "development"', f"seals_dir = {json.dumps(str(self.keys / 'seals'))}", f"trust = [{json.dumps(str(self.keys))}]"]
        self.plain = folder / "plain.toml"
        self.plain.write_text("\n".join(lines) + "\n")
        self.stamping = folder / "stamping.toml"
        self.stamping.write_text("\n".join([*lines, "[timestamps]", f"tsa = [{json.dumps(self.tsa.url)}]", 'at_issue = "B-T"',
                                            'keep = "B-B"', "deadline_ms = 10000"]) + "\n")
        first = sorted(program.SUBMISSIONS.glob("*.jsonl"))[0].read_text("utf-8").splitlines()[0]
        (folder / "one.jsonl").write_text(first + "\n", "utf-8")
        program.run("import", folder / "one.jsonl", "--config", self.plain, "--data-dir", folder / "data", "--out", folder / "out")
        [self.pdf] = (folder / "out").glob("*.pdf")

    def verify(self, file: Path, *more, settings=None, vault=False):
        arguments = ["verify", file, "--json", "--config", settings or self.plain, *more]
        if vault:
            arguments += ["--data-dir", self.folder / "data"]
        done = program.run(*arguments, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def receipt(self, file: Path, name: str, settings: Path) -> tuple[Path, dict]:
        out = self.folder / name
        _, verdict = self.verify(file, "--receipt", out, settings=settings, vault=True)
        return out, verdict


def brought(house: House) -> dict[str, Path]:
    """One file of each kind, genuine and not."""
    kinds = {"sealed PDF": house.pdf}
    altered = bytearray(house.pdf.read_bytes())
    altered[len(altered) // 3] ^= 1
    for name, content in [("altered PDF", bytes(altered)), ("text", b"nothing of ours\n"), ("empty PDF", b"%PDF-1.7\n%%EOF\n")]:
        kinds[name] = house.folder / f"{name.replace(' ', '-')}.bin"
        kinds[name].write_bytes(content)
    picture = house.folder / "picture"
    said("pdftoppm", "-png", "-r", 150, "-f", 1, "-l", 1, "-singlefile", house.pdf, picture)
    kinds["picture"] = picture.with_suffix(".png")
    (house.folder / "attached").mkdir()
    said("pdfdetach", "-saveall", "-o", house.folder / "attached", house.pdf)
    [kinds["e-certificate"]] = (house.folder / "attached").iterdir()
    return kinds


def judge_json(house: House, file: Path, out: Path, verdict: dict, stamped: bool) -> None:
    whole = json.loads(out.read_text("utf-8"))
    protected = json.loads(unpadded(whole["protected"]))
    chain = [x509.load_der_x509_certificate(base64.b64decode(der)) for der in protected["x5c"]]
    leaf = chain[0]
    thumbprint = base64.urlsafe_b64encode(hashlib.sha256(leaf.public_bytes(serialization.Encoding.DER)).digest()).decode().rstrip("=")
    ask(protected["x5t#S256"] == thumbprint, "x5t#S256 is not that of the first certificate")
    token = jws.JWS()
    token.deserialize(out.read_text("utf-8"))
    token.verify(jwk.JWK.from_pem(leaf.public_bytes(serialization.Encoding.PEM)))
    pem = house.folder / "leaf.pem"
    pem.write_bytes(leaf.public_bytes(serialization.Encoding.PEM))
    said("openssl", "verify", "-CAfile", house.keys / "root.pem", "-untrusted", house.keys / "issuing-ca.pem", "-crl_check_all",
         "-CRLfile", house.keys / "crl.pem", pem)
    payload = json.loads(token.payload)
    bytes_brought = file.read_bytes()
    ask(payload["presented"] == {"sha256": hashlib.sha256(bytes_brought).hexdigest(), "size_bytes": len(bytes_brought)}, "presented")
    SCHEMA.validate(payload["verdict"])
    ask({name for name, value in payload["verdict"].items() if name not in FLEETING and value != verdict[name]} == set(), "the verdict differs")
    ask(payload["verdict"]["findings"] and payload["verdict"]["comparison"] is None and payload["verdict"]["statement"] is None, "members")
    pieces = [json.loads(unpadded(piece)) for piece in whole.get("header", {}).get("etsiU", [])]
    ask(any("rVals" in piece for piece in pieces), "no revocation lists")
    stamps = [piece["sigTst"]["tstTokens"][0]["val"] for piece in pieces if "sigTst" in piece]
    ask(len(stamps) == (1 if stamped else 0), f"{len(stamps)} time-stamps")
    for stamp in stamps:
        info = cms.ContentInfo.load(base64.b64decode(stamp))
        content = info["content"]["encap_content_info"]["content"].parsed
        ask(isinstance(content, tsp.TSTInfo), "no TSTInfo")
        digest = hashlib.sha256(whole["signature"].encode()).hexdigest()
        ask(content["message_imprint"]["hashed_message"].native.hex() == digest, "the time-stamp is over something else")
        file = house.folder / "token.der"
        file.write_bytes(base64.b64decode(stamp))
        roots = house.folder / "roots.pem"
        roots.write_bytes((house.keys / "root.pem").read_bytes() + (house.keys / "issuing-ca.pem").read_bytes())
        ask("OK" in said("openssl", "ts", "-verify", "-digest", digest, "-in", file, "-token_in", "-CAfile", roots), "openssl ts")


def judge_pdf(house: House, out: Path) -> None:
    ask("No syntax or stream encoding errors" in said("qpdf", "--check", out), "qpdf")
    seal = said("pdfsig", "-nocert", out)
    ask("Total document signed" in seal and "Signature is Valid" in seal, "pdfsig")
    with tempfile.TemporaryDirectory() as folder:
        said("pdfdetach", "-saveall", "-o", folder, out)
        [inside] = Path(folder).iterdir()
        ask(inside.name == "receipt.json", inside.name)
        code, verdict = house.verify(inside)
        ask((code, verdict["form"], verdict["verdict"]) == (0, "receipt", "valid"), f"the file inside: {code}")


def changed(house: House, out: Path) -> None:
    """No changed byte of what is signed passes."""
    whole, rolls = out.read_bytes(), random.Random(7)
    end = whole.find(b'"header"') if out.suffix == ".json" else len(whole)
    for _ in range(12):
        bytes_now = bytearray(whole)
        at = rolls.randrange(end)
        bytes_now[at] ^= 1 << rolls.randrange(7)
        file = house.folder / f"changed{out.suffix}"
        file.write_bytes(bytes_now)
        code, verdict = house.verify(file)
        ask(code != 0 and verdict["verdict"] != "valid", f"byte {at} of {out.name} can be changed")


def over_http(house: House) -> None:
    with program.Server(house.folder / "data", seals_dir=str(house.keys / "seals"), trust=[str(house.keys)]) as server:
        headers = {"Content-Type": "application/pdf"}
        for form, media in [("json", "application/jose+json"), ("pdf", "application/pdf")]:
            status, answered, body = server.ask("POST", f"/api/v1/receipts?form={form}", house.pdf.read_bytes(), headers)
            ask((status, answered["Content-Type"]) == (200, media), f"{form}: {status}")
            ask(f".{form}\"" in answered["Content-Disposition"], answered["Content-Disposition"])
            file = house.folder / f"http.{form}"
            file.write_bytes(body)
            code, verdict = house.verify(file, "--of", house.pdf)
            ask((code, verdict["receipt"]["standing_state"]) == (0, "in_force"), f"{form}: {code}")
            # And back over the same door.
            status, _, body = server.ask("POST", "/api/v1/verifications", body, {"Content-Type": media})
            ask(status == 200 and json.loads(body)["form"] == "receipt", f"{form} back: {status}")
        status, _, body = server.ask("POST", "/api/v1/receipts?form=docx", house.pdf.read_bytes(), headers)
        ask((status, json.loads(body)["code"]) == (422, "receipt.unknown_form"), f"{status}")
        status, _, body = server.ask("POST", "/api/v1/receipts", b"", headers)
        ask((status, json.loads(body)["code"]) == (422, "verification.refused"), f"{status}")


def main() -> int:
    program.must_have("openssl", "qpdf", "pdfsig", "pdftoppm", "pdfdetach")
    ledger = program.Ledger()
    case = ledger.case
    with tempfile.TemporaryDirectory(prefix="zhengku-receipts-") as folder:
        house = House(Path(folder))
        pdfs = []
        for number, (name, file) in enumerate(brought(house).items()):
            for stamped, settings in [(False, house.plain), (True, house.stamping)]:
                out, verdict = house.receipt(file, f"{number}-{stamped}.json", settings)
                case(f"{name}, JSON, {stamped}", judge_json, house, file, out, verdict, stamped)
                sealed, _ = house.receipt(file, f"{number}-{stamped}.pdf", settings)
                case(f"{name}, PDF, {stamped}", judge_pdf, house, sealed)
                pdfs.append(sealed)
                for receipt in (out, sealed):
                    def of(receipt=receipt):
                        code, found = house.verify(receipt, "--of", file)
                        ask((code, found["verdict"], found["receipt"]["verdict"]) == (0, "valid", verdict["verdict"]), f"{code}")
                        code, found = house.verify(receipt, "--of", program.ROOT / "Cargo.toml")
                        ask((code, found["verdict"]) == (1, "invalid"), f"of another file: {code}")

                    def later(receipt=receipt, stamped=stamped):
                        code, found = house.verify(receipt, "--at", LATER)
                        ask((code, found["verdict"]) == ((0, "valid") if stamped else (2, "indeterminate")), f"{code} {found['verdict']}")

                    case(f"{name}, {receipt.name}, of this file", of)
                    case(f"{name}, {receipt.name}, in 2033", later)
        case("changed JSON", changed, house, house.folder / "0-True.json")
        case("changed PDF", changed, house, house.folder / "0-True.pdf")
        case("over HTTP", over_http, house)
        archival = [sys.executable, Path(__file__).with_name("judge_archival.py"), *pdfs[:2], pdfs[-1]]
        case("archival", lambda: subprocess.run(archival, check=True))
    print(f"{len(pdfs)} receipts as PDF, as many as JSON")
    return ledger.close()


if __name__ == "__main__":
    sys.exit(main())
