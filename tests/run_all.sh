#!/usr/bin/env bash
# Everything that must hold, part by part: `make test`.
#
#   tests/run_all.sh [CORPORA]
#
# Each part is named with its seconds, and all of them run even where one fails. A tool that is missing fails its
# part; nothing is skipped but the corpora, which do not belong to the project and may be absent.

set -uo pipefail
cd "$(dirname "$0")/.."

corpora=${1:-../shared/corpora}
judged=.setup/judged
python=.setup/venv/bin/python
# Set-up may have put a newer Node than the system's there.
export PATH="$PWD/.setup/venv/bin:$PATH"
log=.setup/part.log
passed=0
failed=0
failed_parts=()
summary=()

# Runs one part, shows what it says, and adds up what it counted. A part that counts nothing is one check.
part() {
    local name=$1 start=$SECONDS outcome=passed good bad
    shift
    echo
    echo "=== $name"
    if ! "$@" 2>&1 | tee "$log"; then
        outcome=FAILED
        failed_parts+=("$name")
    fi
    read -r good bad < <(awk '
        { gsub(/\033\[[0-9;]*m/, "") }
        /^test result:/ { for (i = 2; i <= NF; i++) { if ($i ~ /^passed/) g += $(i-1); if ($i ~ /^failed/) b += $(i-1) } }
        /^[0-9]+ passed, [0-9]+ failed$/ { g += $1; b += $3 }
        END { print g + 0, b + 0 }' "$log")
    if [ "$good" -eq 0 ] && [ "$bad" -eq 0 ]; then
        [ "$outcome" = passed ] && good=1
    fi
    [ "$outcome" = FAILED ] && [ "$bad" -eq 0 ] && bad=1
    passed=$((passed + good))
    failed=$((failed + bad))
    summary+=("$(printf '%-28s %-6s %6d s  %d passed, %d failed' "$name" "$outcome" $((SECONDS - start)) "$good" "$bad")")
}

# Every target, also behind one that fails.
rust_tests() {
    cargo test --no-fail-fast --quiet
}

issue_fixtures() {
    rm -rf "$judged"
    target/debug/zhengku demo --exit --data-dir "$judged/data" --out "$judged/out"
}

docs() {
    RUSTDOCFLAGS="-D warnings" cargo doc --quiet --no-deps --document-private-items
}

part "format" cargo fmt --check
part "lints" cargo clippy --quiet --all-targets -- -D warnings
part "documentation" docs
part "rust tests" rust_tests
part "fixtures are as generated" "$python" fixtures/generate.py --check
part "program" cargo build --quiet
part "issue every fixture" issue_fixtures
part "vault is whole" target/debug/zhengku vault check --data-dir "$judged/data"
part "documents, ten judges" "$python" tests/outside/judge_documents.py --out "$judged/out"
part "archival and accessible" "$python" tests/outside/judge_archival.py --out "$judged/out"
part "read aloud" "$python" tests/outside/judge_reading.py --out "$judged/out"
part "e-certificates" node tests/outside/judge_ecerts.mjs --out "$judged/out"
part "verdicts" "$python" tests/outside/judge_verdicts.py --out "$judged/out"
part "sealed PDFs of others" "$python" tests/outside/judge_foreign.py
part "who signed PDFs of others" "$python" tests/outside/judge_signers.py
part "squares" "$python" tests/outside/judge_qr.py --out "$judged/out" --data-dir "$judged/data"
part "pictures" "$python" tests/outside/judge_pictures.py --out "$judged/out" --data-dir "$judged/data"
part "hostile files" "$python" tests/outside/judge_hostile.py
part "annotated copies" "$python" tests/outside/judge_copies.py
part "receipts" "$python" tests/outside/judge_receipts.py
part "trust packs" "$python" tests/outside/judge_packs.py
part "time-stamps and OCSP" "$python" tests/outside/judge_proofs.py
part "kill drill" "$python" tests/outside/kill_drill.py
part "levels, by pyHanko and OpenSSL" "$python" tests/outside/judge_levels.py
part "archival at every level" "$python" tests/outside/judge_lasting.py
part "time-stamp drill" "$python" tests/outside/tsa_drill.py
part "key drill" "$python" tests/outside/key_drill.py
part "SoftHSM2 drill" "$python" tests/outside/softhsm_drill.py
part "browser" node tests/outside/browser.mjs
part "browser, a day at the counter" node tests/outside/browser_clerk.mjs
part "browser, many and receipts" node tests/outside/browser_many.mjs
part "browser, the camera" node tests/outside/browser_camera.mjs
if [ -d "$corpora" ]; then
    part "corpora" "$python" tests/outside/judge_corpora.py "$corpora"
else
    summary+=("corpora left out: $corpora is not there (make corpora CORPORA=DIR)")
fi

echo
printf '%s\n' "${summary[@]}"
echo
if [ ${#failed_parts[@]} -gt 0 ]; then
    echo "failed: $(printf '%s; ' "${failed_parts[@]}" | sed 's/; $//')"
fi
echo "$passed passed, $failed failed, $SECONDS s"
[ ${#failed_parts[@]} -eq 0 ]
