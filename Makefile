# Every target sets up what it needs. Needs on the machine: Rust 1.95, a C compiler, Python 3.10+ with pip and venv, Node 20+ with npm.

CARGO_FLAGS ?= --locked

.PHONY: demo test bench soak fuzz models lint help

demo: ## Set up all, then show a person registered, authenticated and an impostor refused
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	target/release/selfsame demo

test: ## Set up all, then pass every check and test, the public clients included
	bash scripts/test.sh

bench: ## Compare speed with peers in one run, and measure 1:N search (takes half an hour)
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	python3 bench/engines.py
	bash bench/search.sh

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
