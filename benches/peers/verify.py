"""pyHanko verifying a sealed license at its best: anchors and lists are read once, nothing is fetched, the file is in memory.

    verify.py FILE.pdf ROOT.pem CRL.pem
"""

import io
import logging
import sys
import time
from pathlib import Path

from asn1crypto import crl, pem
from pyhanko.keys import load_certs_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext

SECONDS = 5.0


def main():
    logging.disable(logging.CRITICAL)
    file = Path(sys.argv[1]).read_bytes()
    roots = list(load_certs_from_pemder([sys.argv[2]]))
    lists = [crl.CertificateList.load(der) for _, _, der in pem.unarmor(Path(sys.argv[3]).read_bytes(), multiple=True)]

    def verify():
        context = ValidationContext(trust_roots=roots, crls=lists, allow_fetching=False, revocation_mode="require")
        seal = PdfFileReader(io.BytesIO(file)).embedded_signatures[0]
        status = validate_pdf_signature(seal, context)
        assert status.bottom_line and status.intact and status.trusted, status.summary()

    for _ in range(5):
        verify()
    began, done = time.process_time(), 0
    while time.process_time() - began < SECONDS:
        verify()
        done += 1
    print(f"{done / (time.process_time() - began):.2f} {len(file)}")


main()
