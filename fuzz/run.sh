#!/usr/bin/env bash
# Runs every target of cargo-fuzz for a stated time: fuzz/run.sh [SECONDS] [TARGET…]
#
# Fuzzing needs instrumentation that only a nightly compiler offers by right; where there is none, the stable one is
# told to offer it (RUSTC_BOOTSTRAP). The seeds are made out of the fixtures first. What is found lies in
# fuzz/artifacts and fails the run; what was learnt lies in fuzz/corpus and is gone on with the next time.

set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-60}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    mapfile -t targets < <(sed -n 's|^path = "targets/\(.*\)\.rs"$|\1|p' fuzz/Cargo.toml)
fi

command -v cargo-fuzz >/dev/null || cargo install --locked cargo-fuzz
if cargo +nightly --version >/dev/null 2>&1; then
    fuzz=(cargo +nightly fuzz)
else
    export RUSTC_BOOTSTRAP=1
    fuzz=(cargo fuzz)
fi

# ---- Seeds: one folder a target, made anew.

seeds=fuzz/seeds
rm -rf "$seeds"
for target in "${targets[@]}"; do
    mkdir -p "$seeds/$target" "fuzz/corpus/$target"
done
cargo build --quiet
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for file in fixtures/submissions/good/*.jsonl; do
    name=$(basename "$file" .jsonl)
    head -n 1 "$file" >"$work/$name.json"
    target/debug/zhengku issue "$work/$name.json" --data-dir "$work/data" --out "$work/out" >/dev/null
done

# Copies files into the seeds of a target, if that target is run.
seed() {
    local target=$1
    shift
    [ ! -d "$seeds/$target" ] || cp "$@" "$seeds/$target/"
}

seed sealed_pdf "$work"/out/*.pdf
seed later_revision "$work"/out/*.pdf
seed foreign_pdf "$work"/out/*.pdf
seed verdict "$work"/out/*
seed e_certificate "$work"/out/*.ecert.txt
seed submission "$work"/*.json fixtures/submissions/bad/[0-9]*.json
for file in templates/types/*/type.toml; do
    name=$(basename "$(dirname "$file")")
    cp "$file" "$work/$name.toml"
done
seed type_file "$work"/*.toml
for file in templates/types/*/face.toml; do
    name=$(basename "$(dirname "$file")")
    cp "$file" "$work/$name.toml"
done
seed face_file "$work"/*.toml
for file in templates/types/*/art.svg; do
    cp "$file" "$work/$(basename "$(dirname "$file")").svg"
done
seed art "$work"/*.svg
python3 - "$work" <<'PYTHON'
import base64, json, pathlib, sys
seen = set()
for file in pathlib.Path("fixtures/submissions").rglob("*.json*"):
    for line in file.read_bytes().splitlines():
        for part in line.split(b'"data":"')[1:]:
            seen.add(part.split(b'"')[0])
for number, data in enumerate(sorted(seen)):
    pathlib.Path(sys.argv[1], f"{number}.picture").write_bytes(base64.b64decode(data + b"=="))
PYTHON
seed portrait "$work"/*.picture
seed picture "$work"/*.picture
printf 'mode = "production"\npublic_url = "https://a.test"\nseals_dir = "s"\ntrust = ["t"]\n' >"$work/settings.toml"
seed settings "$work/settings.toml"
for file in "$work"/out/*.pdf; do
    name=$(basename "$file" .pdf)
    printf '%s' "$name" >"$work/$name.word"
    # The digits of the seal, without brackets; what pads them is cut off by openssl.
    tr -d '\n' <"$file" | LC_ALL=C grep -aoE '/Contents<30[0-9A-F]+' | cut -d '<' -f 2 | tr -d '\n' |
        python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))' |
        openssl asn1parse -inform DER -noout -out "$work/$name.cms"
done
seed cms "$work"/*.cms
seed foreign_cms "$work"/*.cms
printf '2026-11-22T11:20:29+08:00' >"$work/moment.word"
printf '11990000MD1000018N' >"$work/authority.word"
seed words "$work"/*.word
for file in keys-dev/root.pem keys-dev/issuing-ca.pem keys-dev/seals/*.chain.pem; do
    openssl x509 -in "$file" -outform DER -out "$work/$(basename "$file").der"
done
seed certificate "$work"/*.der
openssl crl -in keys-dev/crl.pem -outform DER -out "$work/list.crl"
seed crl "$work/list.crl"
# A time-stamp and an OCSP answer of the toy services, made by openssl.
target/debug/zhengku dev-keys --out "$work/keys" >/dev/null
services=$work/keys/services
printf '01\n' >"$work/serial"
cat >"$work/tsa.cnf" <<CNF
[tsa]
default_tsa = tsa_default
[tsa_default]
serial = $work/serial
default_policy = 1.2.3.4
digests = sha256, sha512
signer_digest = sha256
CNF
openssl ts -query -data "$work/tsa.cnf" -sha256 -cert -out "$work/request.tsq" 2>/dev/null
openssl ts -reply -config "$work/tsa.cnf" -queryfile "$work/request.tsq" -signer "$services/tsa.chain.pem" \
    -inkey "$services/tsa.key.pem" -out "$work/answer.tsr" 2>/dev/null
openssl ts -reply -config "$work/tsa.cnf" -in "$work/answer.tsr" -token_out -out "$work/token.der" 2>/dev/null
seed timestamp "$work/request.tsq" "$work/answer.tsr" "$work/token.der"
: >"$work/index.txt"
seals=("$work"/keys/seals/*.chain.pem)
openssl ocsp -issuer "$work/keys/issuing-ca.pem" -cert "${seals[0]}" -reqout "$work/request.ocsp" 2>/dev/null
openssl ocsp -index "$work/index.txt" -CA "$work/keys/issuing-ca.pem" -rsigner "$services/ocsp.chain.pem" \
    -rkey "$services/ocsp.key.pem" -reqin "$work/request.ocsp" -respout "$work/answer.ocsp" >/dev/null 2>&1
seed ocsp "$work/answer.ocsp"

for file in "$work"/out/*.pdf; do
    name=$(basename "$file" .pdf)
    pdftoppm -r 150 -gray -f 1 -l 1 "$file" | zbarimg -q --raw --nodbus - >"$work/$name.square" 2>/dev/null
    # A small print of the page, so that a mutation of it is judged in time.
    pdftoppm -r 50 -gray -f 1 -l 1 -singlefile -png "$file" "$work/$name"
    # One at a time: each opens the vault.
    target/debug/zhengku verify "$file" --receipt "$work/$name.receipt.json" --data-dir "$work/data" >/dev/null
done
seed qr_statement "$work"/*.square
seed picture "$work"/*.png
target/debug/zhengku vault pack --out "$work/city.zkpack" --data-dir "$work/data" >/dev/null
seed signed_json "$work"/*.receipt.json "$work/city.zkpack"

# ---- Run.

failed=()
for target in "${targets[@]}"; do
    echo "=== $target, $seconds s"
    "${fuzz[@]}" run "$target" "fuzz/corpus/$target" "$seeds/$target" -- \
        -max_total_time="$seconds" -timeout=10 -report_slow_units=1 -rss_limit_mb=4096 -print_final_stats=1 2>"$work/log" || failed+=("$target")
    grep -E '^(stat::number_of_executed_units|stat::slowest_unit|stat::peak_rss_mb|SUMMARY|==.*ERROR|thread|Slowest unit)' "$work/log" || tail -n 20 "$work/log"
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "failed: ${failed[*]}; the inputs lie in fuzz/artifacts" >&2
    exit 1
fi
