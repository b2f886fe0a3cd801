"""Verdicts in JSON before judges that we did not write.

Every verdict, whatever was handed in, must be of the published schema (docs/verdict.schema.json), by a foreign validator.
And what is said of a seal in the words of EN 319 102-1 must be what pyHanko says of it: of a genuine one, one with another
root, one in which a byte was changed, and one whose signature was changed.

    judge_verdicts.py --out DIR       the files that `zhengku demo --out DIR` wrote
"""

import argparse
import asyncio
import dataclasses
import json
import logging
import re
import sys
import tempfile
from pathlib import Path

import jsonschema
from asn1crypto import crl as asn1_crl
from asn1crypto import pem as asn1_pem
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

import program
from judge_levels import knowing, specification
from outside_services import now

SCHEMA = program.ROOT / "docs" / "verdict.schema.json"
TAMPERED = program.ROOT / "fixtures" / "tampered"


def verdicts(*arguments):
    done = program.run("verify", "--json", *arguments, check=False)
    said = json.loads(done.stdout)
    return said if isinstance(said, list) else [said]


def root_of(path: Path):
    return asn1_x509.Certificate.load(asn1_pem.unarmor(path.read_bytes())[2])


def strangers_root(folder: Path) -> Path:
    """The root of somebody else."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Stranger")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(7).not_valid_before(now().replace(year=2020)).not_valid_after(now().replace(year=2040))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    file = folder / "stranger.pem"
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return file


def by_pyhanko(pdf: Path, root: Path, with_store: bool, crl: Path | None = None) -> str:
    """The indication and sub-indication, or what kept it from one."""
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation.ades import ades_basic_validation
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko.sign.validation.policy_decl import LocalKnowledge
    from pyhanko_certvalidator.revinfo.archival import CRLContainer

    with pdf.open("rb") as file:
        reader = PdfFileReader(file)
        signature = reader.embedded_regular_signatures[0]
        signature.compute_integrity_info()
        spec = specification([root_of(root)])
        spec = knowing(spec, DocumentSecurityStore.read_dss(reader)) if with_store else spec.signature_validation_spec
        if crl:
            known = CRLContainer(asn1_crl.CertificateList.load(asn1_pem.unarmor(crl.read_bytes())[2]))
            spec = dataclasses.replace(spec, local_knowledge=LocalKnowledge(known_crls=[known]))
        result = asyncio.run(ades_basic_validation(
            signature.signed_data, spec, raw_digest=signature.compute_digest()))
        said = result.ades_subindic
        return "TOTAL-PASSED" if said.name == "OK" else said.name


def cases(pdf: Path, folder: Path):
    """Name, file, what is trusted, and whether revocation lists are at hand."""
    root, crl, genuine = program.KEYS / "root.pem", program.KEYS / "crl.pem", pdf.read_bytes()
    gap = int(re.search(rb"/ByteRange *\[ *0 +(\d+)", genuine)[1]) + 1
    changed = bytearray(genuine)
    changed[genuine.index(b"stream") + 20] ^= 1
    # The last bytes of the message are those of the signature, before the padding.
    length = int(genuine[gap + 4:gap + 8], 16) + 4  # 30 82 and two bytes of length
    forged = bytearray(genuine)
    last = gap + 2 * length - 1
    forged[last] = ord("0") if forged[last] != ord("0") else ord("1")
    for name, data, trust, lists in [
        ("genuine", genuine, root, [crl]),
        ("another root", genuine, strangers_root(folder), []),
        ("a byte was changed", bytes(changed), root, [crl]),
        ("the signature was changed", bytes(forged), root, [crl]),
    ]:
        file = folder / f"{name.replace(' ', '-')}.pdf"
        file.write_bytes(data)
        yield name, file, trust, lists


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    program.must_have()
    # What it refuses is asked for here.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    validator = jsonschema.Draft202012Validator(
        json.loads(SCHEMA.read_text("utf-8")), format_checker=jsonschema.FormatChecker())
    validator.check_schema(validator.schema)
    passed = failed = 0

    def tell(name, complaint):
        nonlocal passed, failed
        passed, failed = passed + (not complaint), failed + bool(complaint)
        if complaint:
            print(f"FAILED {name}: {complaint}")

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        noise = folder / "noise.bin"
        noise.write_bytes(b"\x00\x01\x02 nothing that anybody knows")
        files = sorted(out.glob("*.pdf"))[:40] + sorted(out.glob("*.ecert.txt"))[:40] + [noise]
        files += sorted(TAMPERED.glob("*.pdf"))
        for file, verdict in zip(files, verdicts(*files)):
            errors = [f"{'/'.join(map(str, error.path))}: {error.message}" for error in validator.iter_errors(verdict)]
            tell(f"schema, {file.name}", "; ".join(errors[:3]))
        broken = verdicts(files[0])[0]
        broken["verdict"] = "fine"
        tell("schema, a word that is none", "" if list(validator.iter_errors(broken)) else "was let through")

        for name, file, trust, lists in cases(sorted(out.glob("*.pdf"))[0], folder):
            arguments = [part for one in [trust, *lists] for part in ("--trust", one)]
            seal = verdicts(file, *arguments)[0]["signatures"][0]
            ours = seal["sub_indication"] or seal["indication"]
            theirs = by_pyhanko(file, trust, with_store=True)
            tell(f"{name}: {ours}", "" if ours == theirs else f"pyHanko says {theirs}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
