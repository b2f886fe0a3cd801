#!/usr/bin/env bash
# Puts in place what the project needs from outside, and only what is missing.
#
#   tests/setup.sh          everything: the program, its tests and the outside judges
#   tests/setup.sh demo     what the program itself needs: a C compiler and the fonts
#
# Debian packages are installed system-wide (as root, or through sudo); Python and npm packages go into .setup/ and
# nowhere else. Run again, it only looks whether everything is still there.

set -euo pipefail
cd "$(dirname "$0")/.."

what=${1:-all}
case $what in
all | demo) ;;
*)
    echo "usage: tests/setup.sh [demo]" >&2
    exit 2
    ;;
esac

say() { echo "setup: $*"; }

give_up() {
    say "$*" >&2
    exit 1
}

# ---- Debian packages: what must be there, and the package that brings it.

missing=()

wants_command() {
    command -v "$1" >/dev/null || missing+=("$2")
}

wants_file() {
    [ -r "$1" ] || missing+=("$2")
}

wants_command gcc gcc
wants_command make make
wants_file /usr/include/stdio.h libc6-dev
wants_file /usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc fonts-noto-cjk
wants_file /usr/share/fonts/truetype/babelstone/BabelStoneHan.ttf fonts-babelstone-han
wants_file /usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc fonts-noto-cjk

# The first Python that is new enough and can make virtual environments. A version switcher may stand before Debian's.
find_python() {
    local candidate
    for candidate in python3 /usr/bin/python3; do
        if "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
}

python=
if [ "$what" = all ]; then
    wants_command qpdf qpdf
    wants_command pdfsig poppler-utils
    wants_command pdftotext poppler-utils
    wants_command mutool mupdf-tools
    wants_command certutil libnss3-tools
    wants_command zbarimg zbar-tools
    wants_command chromium chromium
    wants_command openssl openssl
    wants_command softhsm2-util softhsm2
    python=$(find_python)
    [ -n "$python" ] || missing+=(python3 python3-venv)
fi

if [ ${#missing[@]} -gt 0 ]; then
    mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
    command -v apt-get >/dev/null ||
        give_up "this system has no apt-get; install what these Debian packages bring: ${missing[*]}"
    as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null ||
            give_up "neither root nor sudo; have an administrator run: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "installing Debian packages: ${missing[*]}"
    apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq)
    "${apt[@]}" update
    "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null
    hash -r
fi

command -v cargo >/dev/null || give_up "cargo is missing: install Rust 1.94 or later with rustup"
[ "$what" = all ] || exit 0

[ -n "$python" ] || python=$(find_python)
[ -n "$python" ] || give_up "Python 3.11 or later with venv is missing"

# ---- Python and npm packages, by the versions written down in tests/outside.

python_packages=.setup/venv
node_packages=.setup/node
mkdir -p .setup

# Made anew whenever the list, or what it was made with, has changed.
digest_of() {
    { "$@" && cat; } | sha256sum | cut -d ' ' -f 1
}
python_stamp=$(digest_of "$python" --version <tests/outside/requirements.txt)

if [ "$(cat .setup/venv.stamp 2>/dev/null)" != "$python_stamp" ] ||
    ! "$python_packages/bin/python" -c '' 2>/dev/null; then
    say "installing Python packages into $python_packages"
    rm -rf "$python_packages" .setup/venv.stamp
    "$python" -m venv "$python_packages"
    "$python_packages/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        -r tests/outside/requirements.txt
    "$python_packages/bin/python" -m pip check >/dev/null
    echo "$python_stamp" >.setup/venv.stamp
fi

# The SD-JWT library and Playwright need Node 20, and Debian 12 has 18. Where the system has no newer one, a wheel
# brings it into the Python environment, whose programs the tests find first.
export PATH="$PWD/$python_packages/bin:$PATH"
new_enough() {
    command -v npm >/dev/null &&
        node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' 2>/dev/null
}
if ! new_enough; then
    say "installing Node into $python_packages"
    "$python_packages/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        -r tests/outside/requirements-node.txt
    hash -r
    new_enough || give_up "Node 20 or later is missing and could not be installed"
fi
node_stamp=$(cat tests/outside/package.json tests/outside/package-lock.json | digest_of node --version)

if [ "$(cat .setup/node.stamp 2>/dev/null)" != "$node_stamp" ] ||
    [ ! -r "$node_packages/node_modules/playwright-core/package.json" ]; then
    say "installing npm packages into $node_packages"
    rm -rf "$node_packages" .setup/node.stamp
    mkdir -p "$node_packages"
    cp tests/outside/package.json tests/outside/package-lock.json "$node_packages/"
    npm ci --prefix "$node_packages" --no-audit --no-fund --ignore-scripts --loglevel=error
    echo "$node_stamp" >.setup/node.stamp
fi

# ---- The checker of PDF/A and PDF/UA: a program of its own, under a license of its own (tests/outside/archival_checker).

checker_stamp=$(cat tests/outside/archival_checker/* | digest_of rustc --version)

if [ "$(cat .setup/archival.stamp 2>/dev/null)" != "$checker_stamp" ] || [ ! -x .setup/archival/debug/archival-checker ]; then
    say "building the archival checker into .setup/archival (about a minute)"
    rm -f .setup/archival.stamp
    env -u RUSTFLAGS CARGO_TARGET_DIR="$PWD/.setup/archival" cargo build --quiet --locked \
        --manifest-path tests/outside/archival_checker/Cargo.toml
    echo "$checker_stamp" >.setup/archival.stamp
fi
