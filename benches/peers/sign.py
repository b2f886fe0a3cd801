"""pyHanko at its best: the key and the certificates are read once, nothing is fetched, the file is in memory.

    sign.py p256|rsa FILE.pdf
"""

import io
import sys
import time
from pathlib import Path

from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko.sign.fields import SigSeedSubFilter

SECONDS = 5.0
SEALS = Path(__file__).resolve().parents[2] / "keys-dev" / "seals"
CODES = {"p256": "11990000MD1000018N", "rsa": "11990000MD1000077R"}


def main():
    kind, file = sys.argv[1], Path(sys.argv[2]).read_bytes()
    code = CODES[kind]
    chain = (SEALS / f"{code}.chain.pem").read_text()
    parts = ["-----BEGIN CERTIFICATE-----" + part for part in chain.split("-----BEGIN CERTIFICATE-----")[1:]]
    folder = Path(sys.argv[3])
    leaf, others = folder / f"{kind}-leaf.pem", []
    leaf.write_text(parts[0])
    for place, part in enumerate(parts[1:]):
        other = folder / f"{kind}-ca{place}.pem"
        other.write_text(part)
        others.append(str(other))
    signer = signers.SimpleSigner.load(str(SEALS / f"{code}.key.pem"), str(leaf), ca_chain_files=tuple(others))
    meta = signers.PdfSignatureMetadata(field_name="Seal", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES)
    machine = signers.PdfSigner(meta, signer, new_field_spec=fields.SigFieldSpec("Seal"))

    def seal():
        out = io.BytesIO()
        machine.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(file)), output=out, bytes_reserved=8192)
        return out.getvalue()

    for _ in range(5):
        sealed = seal()
    began, done = time.process_time(), 0
    while time.process_time() - began < SECONDS:
        sealed = seal()
        done += 1
    print(f"{done / (time.process_time() - began):.2f} {len(sealed)}")


main()
