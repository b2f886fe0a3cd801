# The commands of the project. `make` alone lists them.
#
# All of them share one target folder; tests and judges share one profile, so that nothing is built twice.

SHELL := bash
CORPORA ?= ../shared/corpora
DATA ?= data/demo
CASES ?= 20000
SECONDS ?= 60
PYTHON := .setup/venv/bin/python
# Set-up may have put a newer Node than the system's there.
export PATH := $(CURDIR)/.setup/venv/bin:$(PATH)

.PHONY: help
help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1|/' | column -t -s '|'

.PHONY: setup
setup: ## put in place what is needed: Debian packages, Python and npm packages in .setup
	@tests/setup.sh

.PHONY: demo
demo: ## from nothing to a running library: issues every fixture, then serves until Ctrl-C
	@tests/setup.sh demo
	cargo build --release
	@if [ -e "$(DATA)" ]; then echo "removing $(DATA): the demonstration starts with an empty vault"; rm -rf "$(DATA)"; fi
	@exec target/release/zhengku demo --data-dir "$(DATA)"

.PHONY: test
test: setup ## everything that must hold, with the seconds of each part
	@tests/run_all.sh "$(CORPORA)"

.PHONY: check
check: ## format, lints and documentation, warnings denied
	cargo fmt --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --document-private-items

.PHONY: bench
bench: ## what we promise about speed, as ratios to the raw primitive
	@tests/setup.sh demo
	cargo bench

.PHONY: bench-peers
bench-peers: ## beside what users could pick instead, in one run: typst, pyHanko, PDFBox, iText, Chromium …
	@benches/peers/run.sh

.PHONY: fixtures
fixtures: setup ## write fixtures/submissions and fixtures/holders.json anew
	$(PYTHON) fixtures/generate.py

.PHONY: tampered
tampered: setup ## write fixtures/tampered anew: forged PDFs of others, one trick a file
	$(PYTHON) tests/outside/judge_foreign.py --write fixtures/tampered

.PHONY: dev-keys
dev-keys: ## make the toy keys of keys-dev anew
	cargo run --quiet -- dev-keys --out keys-dev

.PHONY: corpora
corpora: setup ## foreign test files: make corpora CORPORA=DIR
	@test -d "$(CORPORA)" || { echo "$(CORPORA) is not there: make corpora CORPORA=DIR" >&2; exit 2; }
	cargo build --quiet
	ZHENGKU_CORPORA="$(abspath $(CORPORA))" cargo test --quiet --test '*corpus*'
	$(PYTHON) tests/outside/judge_corpora.py "$(CORPORA)"

.PHONY: judges
judges: setup ## the outside judges alone, over freshly issued fixtures
	cargo build --quiet
	rm -rf .setup/judged
	target/debug/zhengku demo --exit --data-dir .setup/judged/data --out .setup/judged/out
	$(PYTHON) tests/outside/judge_documents.py --out .setup/judged/out
	$(PYTHON) tests/outside/judge_archival.py --out .setup/judged/out
	$(PYTHON) tests/outside/judge_reading.py --out .setup/judged/out
	node tests/outside/judge_ecerts.mjs --out .setup/judged/out

.PHONY: drill
drill: setup ## kill -9 before every step of issuing
	cargo build --quiet
	$(PYTHON) tests/outside/kill_drill.py

.PHONY: browser
browser: setup ## the pages in Chromium; screenshots in .setup/screens
	cargo build --quiet
	node tests/outside/browser.mjs
	node tests/outside/browser_clerk.mjs
	node tests/outside/browser_camera.mjs

.PHONY: tamper
tamper: ## every changed byte and every cut of a document of each type, with counts and seconds
	cargo test --test tamper --test tamper_revisions -- --nocapture

.PHONY: properties
properties: ## every property with many more cases: make properties CASES=N
	PROPTEST_CASES=$(CASES) cargo test --quiet --lib --test properties

.PHONY: fuzz
fuzz: ## every reader of untrusted bytes under cargo-fuzz: make fuzz SECONDS=N, for each
	@fuzz/run.sh $(SECONDS)

.PHONY: clean
clean: ## remove what was built, issued and set up
	cargo clean
	rm -rf data .setup
