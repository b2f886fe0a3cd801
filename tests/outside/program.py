"""The program as its users have it: a file to run, started and stopped from outside.

Nothing in here knows how Zhengku is built; it stands on the command line and the HTTP door alone.
"""

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
import urllib.error
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BINARY = Path(os.environ.get("ZHENGKU_BIN", ROOT / "target" / "debug" / "zhengku"))
SUBMISSIONS = ROOT / "fixtures" / "submissions" / "good"
TYPES = ROOT / "templates" / "types"
KEYS = ROOT / "keys-dev"

# What a development program prints into squares and accepts at its door.
PUBLIC_URL = "http://127.0.0.1:8080"
TOKEN = "DEV-issuing-system"

START_SECONDS = 60


def must_have(*commands: str) -> None:
    """Gives up where a tool is missing: a judge that is not there has not agreed."""
    missing = [command for command in commands if shutil.which(command) is None]
    if not BINARY.is_file():
        missing.append(f"{BINARY} (cargo build)")
    if missing:
        raise SystemExit(f"missing: {', '.join(missing)}; `make setup` puts the tools in place")


class Ledger:
    """Counts the cases that held and those that did not."""

    def __init__(self):
        self.passed = self.failed = 0

    def case(self, name: str, check, *arguments) -> None:
        """Runs a check; whatever it throws is its verdict."""
        try:
            check(*arguments)
            self.passed += 1
        except Exception as fault:
            self.failed += 1
            print(f"FAILED {name}: {fault!r}")

    def close(self) -> int:
        """Says how many held; the exit code."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


def run(*arguments, check: bool = True, timeout: float = 900) -> subprocess.CompletedProcess:
    """Runs the program to its end, in the root of the project."""
    done = subprocess.run([BINARY, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True,
                          timeout=timeout, check=False)
    if check and done.returncode != 0:
        raise SystemExit(f"zhengku {' '.join(map(str, arguments))} left with {done.returncode}:\n"
                         f"{done.stdout}{done.stderr}")
    return done


def issue_all_fixtures(folder: Path) -> Path:
    """The demonstration once, into `folder`; what it issued lies in the folder that is returned."""
    out = folder / "out"
    run("demo", "--exit", "--data-dir", folder / "data", "--out", out)
    return out


def issued(out: Path):
    """Every license in `out`: its id, what was submitted for it, its two files."""
    found = []
    for path in sorted(SUBMISSIONS.glob("*.jsonl")):
        lines = path.read_text("utf-8").splitlines()
        result = out / f"{path.stem}.result.jsonl"
        if not result.is_file():
            raise SystemExit(f"{result} is not there: nothing says which line of {path.name} became which license")
        rows = [json.loads(row) for row in result.read_text("utf-8").splitlines()]
        if len(rows) != len(lines):
            raise SystemExit(f"{result} has {len(rows)} rows for {len(lines)} submissions")
        for row in rows:
            if row["outcome"] not in ("issued", "already_issued"):
                raise SystemExit(f"{path.name}:{row['line']} was {row['outcome']}: {row.get('faults')}")
            license_id = row["license_id"]
            files = (out / f"{license_id}.pdf", out / f"{license_id}.ecert.txt")
            for file in files:
                if not file.is_file():
                    raise SystemExit(f"{path.name}:{row['line']} was issued and {file.name} is not there")
            found.append((license_id, json.loads(lines[row["line"] - 1]), *files))
    if not found:
        raise SystemExit(f"no submissions in {SUBMISSIONS}")
    return found


class Server:
    """`zhengku serve` on a port of its own choosing, with the settings given; killed on leaving if still there."""

    def __init__(self, data_dir: Path, **settings):
        self.data_dir = data_dir
        self.settings = settings

    def __enter__(self):
        arguments = [BINARY, "serve", "--data-dir", self.data_dir, "--listen", "127.0.0.1:0"]
        self.config = None
        if self.settings:
            with tempfile.NamedTemporaryFile("w", suffix=".toml", delete=False) as file:
                file.write('mode = "development"\n')
                file.writelines(f"{key} = {json.dumps(value)}\n" for key, value in self.settings.items())
            self.config = Path(file.name)
            arguments += ["--config", self.config]
        self.process = subprocess.Popen([str(argument) for argument in arguments], cwd=ROOT, text=True,
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.said = {"stdout": "", "stderr": ""}
        self.changed = threading.Condition()
        self.readers = [threading.Thread(target=self._read, args=(name,), daemon=True) for name in self.said]
        for reader in self.readers:
            reader.start()
        self.url = self.wait_for("stdout", r"listening on (http://\S+)").group(1)
        return self

    def _read(self, name):
        for line in getattr(self.process, name):
            with self.changed:
                self.said[name] += line
                self.changed.notify_all()
        with self.changed:
            self.changed.notify_all()

    def wait_for(self, stream: str, pattern: str) -> re.Match:
        """Waits until the program has said it."""
        match = None

        def said():
            nonlocal match
            match = re.search(pattern, self.said[stream])
            return match or self.process.poll() is not None

        with self.changed:
            self.changed.wait_for(said, START_SECONDS)
        if not match:
            raise SystemExit(f"zhengku serve did not say {pattern!r}:\n{self.said['stdout']}{self.said['stderr']}")
        return match

    def kill(self):
        """As a loss of power would: no handler runs."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None, timeout=60):
        """One request; the status, the headers and the body of the answer, whatever the status."""
        request = urllib.request.Request(self.url + path, data=body, method=method, headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as answer:
                return answer.status, answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read()

    def submit(self, body: bytes, key: str, timeout=60):
        """`POST /api/v1/licenses` as the issuing system of the development."""
        headers = {"Authorization": f"Bearer {TOKEN}", "Idempotency-Key": key, "Content-Type": "application/json"}
        status, _, answer = self.ask("POST", "/api/v1/licenses", body, headers, timeout)
        return status, answer

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()
        for reader in self.readers:
            reader.join(5)
        if self.config:
            self.config.unlink()


def certificates(folder: Path = KEYS) -> tuple[list[bytes], list[bytes]]:
    """The self-issued authorities and the revocation lists found in `folder`, as DER."""
    import base64
    from asn1crypto import x509

    roots, lists = [], []
    pattern = re.compile(r"-----BEGIN (CERTIFICATE|X509 CRL)-----(.*?)-----END", re.DOTALL)
    for path in sorted(folder.rglob("*.pem")):
        for kind, text in pattern.findall(path.read_text("utf-8")):
            der = base64.b64decode(text)
            if kind == "X509 CRL":
                lists.append(der)
                continue
            certificate = x509.Certificate.load(der)
            if certificate.subject == certificate.issuer and certificate.ca and der not in roots:
                roots.append(der)
    if not roots:
        raise SystemExit(f"no root certificate in {folder}")
    return roots, lists
