# Every target sets up what it needs. Needs on the machine: Rust 1.95, a C compiler, Python 3.10+ with pip and venv, Node 20+ with npm.

CARGO_FLAGS ?= --locked

.PHONY: demo test bench soak fuzz page test-page models lint help

demo: ## Set up all, then show a person registered, authenticated and an impostor refused
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	target/release/selfsame demo

test: ## Set up all, then pass every check and test, the public clients included
	bash scripts/test.sh

bench: ## Compare speed with peers in one run; measure the server, liveness and 1:N search (takes an hour; SEARCH=100000 for less)
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	python3 bench/engines.py
	python3 bench/server.py
	cargo run $(CARGO_FLAGS) --release -p selfsame-face --example capture_cost
	bash bench/search.sh $(SEARCH)

page: ## Set up all, then serve a page where a person registers and logs in with a selfie (as root on Debian: it installs a compiler)
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	bash web/build.sh
	@echo "open http://127.0.0.1:8080/demo/"
	target/release/selfsame serve --demo-page web/dist

test-page: ## Set up all, then test the capture component in a real browser, against the real server
	cargo build $(CARGO_FLAGS) --bin selfsame
	target/debug/selfsame models fetch
	bash web/test.sh

soak: ## Kill the server at random moments over 200 jobs; none may be lost
	SELFSAME_SOAK_JOBS=200 cargo nextest run $(CARGO_FLAGS) -p selfsame --test durability --no-capture

fuzz: ## Fuzz everything that reads what strangers send, FUZZ_SECONDS (60) for each target; needs cargo-fuzz, no nightly
	bash scripts/fuzz.sh

models: ## Fetch, verify and prepare the models
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch

lint: ## Format and clippy
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings

help: ## This text
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
