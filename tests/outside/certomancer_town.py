"""Certomancer as a city of its own: another root, a time-stamp authority under it, a responder and a list of revocations."""

import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

import program

CONFIG = """
external-url-prefix: {prefix}
keysets:
  town:
    path-prefix: {keys}
    keys:
      root: {{ path: root.pem }}
      tsa: {{ path: tsa.pem }}
      ocsp: {{ path: ocsp.pem }}
pki-architectures:
  town:
    keyset: town
    entity-defaults: {{ country-name: CN, organization-name: DEV Certomancer }}
    entities:
      root: {{ common-name: DEV Certomancer root }}
      tsa: {{ common-name: DEV Certomancer time stamps }}
      ocsp: {{ common-name: DEV Certomancer responder }}
    certs:
      root:
        subject: root
        subject-key: root
        issuer: root
        authority-key: root
        validity: {{ valid-from: "2020-01-01T00:00:00+0000", valid-to: "2060-01-01T00:00:00+0000" }}
        extensions:
          - {{ id: basic_constraints, critical: true, value: {{ ca: true }} }}
          - {{ id: key_usage, critical: true, smart-value: {{ schema: key-usage, params: [digital_signature, key_cert_sign, crl_sign] }} }}
      tsa:
        subject: tsa
        issuer: root
        validity: {{ valid-from: "2020-01-01T00:00:00+0000", valid-to: "2050-01-01T00:00:00+0000" }}
        extensions:
          - {{ id: key_usage, critical: true, smart-value: {{ schema: key-usage, params: [digital_signature] }} }}
          - {{ id: extended_key_usage, critical: true, value: [time_stamping] }}
      ocsp:
        subject: ocsp
        issuer: root
        validity: {{ valid-from: "2020-01-01T00:00:00+0000", valid-to: "2050-01-01T00:00:00+0000" }}
        extensions:
          - {{ id: key_usage, critical: true, smart-value: {{ schema: key-usage, params: [digital_signature] }} }}
          - {{ id: extended_key_usage, value: [ocsp_signing] }}
          - {{ id: ocsp_no_check, value: null }}
    services:
      time-stamping:
        tsa: {{ signing-cert: tsa }}
      ocsp:
        root: {{ for-issuer: root, responder-cert: ocsp }}
      crl-repo:
        root: {{ for-issuer: root, signing-key: root, simulated-update-schedule: P3000D }}
"""


class CertomancerTown:
    """The services, on a port of their own, as long as the block lasts."""

    def __init__(self, folder: Path, port: int):
        self.folder, self.port = folder, port
        self.prefix = f"http://127.0.0.1:{port}"
        self.tsa = f"{self.prefix}/town/tsa/tsa"
        self.ocsp = f"{self.prefix}/town/ocsp/root"
        self.crl = f"{self.prefix}/town/crls/root/latest.crl"
        self.root = folder / "certomancer-root.pem"

    def __enter__(self):
        keys = self.folder / "certomancer-keys"
        keys.mkdir()
        for name, key in {"root": ec.generate_private_key(ec.SECP384R1()), "ocsp": ec.generate_private_key(ec.SECP256R1()),
                          "tsa": rsa.generate_private_key(65537, 3072)}.items():
            (keys / f"{name}.pem").write_bytes(key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        config = self.folder / "certomancer.yml"
        config.write_text(CONFIG.format(prefix=self.prefix, keys=keys))
        command = [sys.executable, "-m", "certomancer", "--config", config]
        subprocess.run([*command, "mass-summon", "town", self.folder / "certomancer-certs"], check=True,
                       capture_output=True, timeout=60)
        found = list((self.folder / "certomancer-certs").rglob("root.cert.pem"))
        self.root.write_bytes(found[0].read_bytes())
        self.process = subprocess.Popen([*map(str, command), "--service-url-prefix", self.prefix, "animate",
                                         "--port", str(self.port)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + program.START_SECONDS
        while True:
            try:
                urllib.request.urlopen(self.crl, timeout=5).read()
                return self
            except OSError as error:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise SystemExit(f"certomancer did not start: {error}") from error
                time.sleep(0.2)

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(20)
