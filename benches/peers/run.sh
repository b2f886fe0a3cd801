#!/usr/bin/env bash
# Sets up what the comparison with peers needs, and runs it: `make bench-peers`.
#
# Debian packages are installed system-wide, Python packages go into .setup/peers. Run again, it only looks.

set -euo pipefail
cd "$(dirname "$0")/../.."

tests/setup.sh

packages=()
command -v javac >/dev/null || packages+=(default-jdk-headless)
for package in libpdfbox2-java libbcpkix-java libbcprov-java libcommons-logging-java libitext5-java fonts-arphic-gbsn00lp fonts-lxgw-wenkai; do
    [ -e "/usr/share/doc/$package" ] || packages+=("$package")
done
if [ ${#packages[@]} -gt 0 ]; then
    echo "installing Debian packages: ${packages[*]}"
    as_root=()
    [ "$(id -u)" -eq 0 ] || as_root=(sudo)
    "${as_root[@]}" apt-get -qq update
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${packages[@]}" >/dev/null
fi

stamp=$(sha256sum benches/peers/requirements.txt)
if [ "$(cat .setup/peers/stamp 2>/dev/null)" != "$stamp" ]; then
    rm -rf .setup/peers
    mkdir -p .setup/peers
    python3 -m venv .setup/peers/venv
    .setup/peers/venv/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r benches/peers/requirements.txt
    .setup/peers/venv/bin/python -m pip check >/dev/null
    echo "$stamp" >.setup/peers/stamp
fi

# Set-up may have put a newer Node than the system's there.
PATH="$PWD/.setup/venv/bin:$PATH" exec .setup/peers/venv/bin/python benches/peers/run.py
