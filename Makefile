# Every target sets up what it needs. Needs on the machine: Rust 1.95, a C compiler, Python 3.10+ with pip and venv, Node 20+ with npm.

CARGO_FLAGS ?= --locked

# What the demo needs and no more, optimised only in what computes, as in the tests: a release takes much longer to build.
SOON_BUILT = CARGO_PROFILE_DEV_DEBUG=0 CARGO_INCREMENTAL=0 cargo build $(CARGO_FLAGS) -p selfsame --no-default-features

.PHONY: demo test bench bench-avx2 bench-cluster bench-instructions bench-latency bench-lookups bench-memory bench-page bench-search chaos full-disk restore soak fuzz page test-page models image release release-test lint help

demo: ## Set up all, then show a person registered, authenticated and an impostor refused
	$(SOON_BUILT)
	target/debug/selfsame models fetch
	target/debug/selfsame demo

test: ## Set up all, then pass every check and test, the public clients included
	bash scripts/test.sh

bench: ## Compare speed with peers in one run; measure the server, liveness and 1:N search (takes an hour; SEARCH=100000 for less)
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	python3 bench/engines.py
	python3 bench/bound.py --no-build
	python3 bench/server.py
	bash bench/search.sh $(SEARCH)

bench-avx2: ## The same against peers as if the CPU had AVX2 and nothing beyond, all contenders held to it alike (Linux on x86-64)
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	python3 bench/only_avx2.py engines.py
	python3 bench/only_avx2.py bound.py --no-build

page: ## Set up all, then serve a page where a person registers and logs in with a selfie (as root on Debian: it installs a compiler)
	$(SOON_BUILT)
	target/debug/selfsame models fetch
	bash web/build.sh
	@echo "open http://127.0.0.1:8080/demo/"
	target/debug/selfsame serve --demo-page web/dist

test-page: ## Set up all, then test the capture component in a real browser, against the real server
	cargo build $(CARGO_FLAGS) --bin selfsame
	target/debug/selfsame models fetch
	bash web/test.sh

soak: ## Kill the server at random moments over 200 jobs of type 4 and 200 of type 1; none may be lost (SOAK_JOBS=20 for less)
	SELFSAME_SOAK_JOBS=$(or $(SOAK_JOBS),200) cargo nextest run $(CARGO_FLAGS) --profile soak -p selfsame --test suite --no-capture \
	  -E 'test(/^durability::/) + test(=biometric_kyc::nothing_is_lost_while_the_server_dies_and_the_authority_fails)'

chaos: ## Kill three nodes, PostgreSQL and the bucket under load; no job may be lost (hours; CHAOS="--kills 20 --databases 2" for less)
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	SELFSAME_SERVICES=require bash scripts/services.sh python3 bench/cluster/chaos.py $(or $(CHAOS),--kills 1000 --databases 20 --buckets 20 --cuts 40)

full-disk: ## Fill up the disk of a data directory, then PostgreSQL's, under load; nothing accepted may be lost (root; minutes)
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	python3 bench/cluster/full_disk.py --sqlite
	SELFSAME_SERVICES=require bash scripts/services.sh python3 bench/cluster/full_disk.py

restore: ## Lose a database and a bucket, put both back from a backup, and see that all is there (needs rclone)
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	SELFSAME_SERVICES=require bash scripts/services.sh python3 bench/cluster/restore.py

bench-cluster: ## The queue's own limit on PostgreSQL and S3, beside pgbench on the same server; two nodes against one; what both add to one answer
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	SELFSAME_SERVICES=require bash scripts/services.sh python3 bench/cluster/job_queue.py
	SELFSAME_SERVICES=require bash scripts/services.sh python3 bench/cluster/two_nodes.py
	SELFSAME_SERVICES=require bash scripts/services.sh python3 bench/cluster/latency.py

bench-instructions: ## Count the instructions of decoding, aligning, searching and more, and hold them to their budgets (needs valgrind)
	python3 bench/instructions.py

bench-page: ## The browser's hints a second with the CPU slowed four and six times, and the bytes that a page loads
	bash web/build.sh
	cd web && node scripts/hints.mjs

bench-lookups: ## Look-ups a second with a local authority, and what one adds to the comparison alone
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	python3 bench/lookups.py --no-build

bench-latency: ## Latency at 50, 80 and 95 % of the server's capacity by an open-loop generator; MINUTES=60 for memory over an hour of load
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch
	python3 bench/latency.py --no-build --minutes $(or $(MINUTES),0)

bench-memory: ## What memory a server holds at rest, after selfies and after large photographs; MINUTES=60 for both in turn over an hour
	cargo build $(CARGO_FLAGS) --release --bin selfsame --example load
	target/release/selfsame models fetch
	python3 bench/memory.py --no-build --minutes $(or $(MINUTES),0)

bench-search: ## 1:N search by pgvector at 10,000, 100,000 and a million templates (an hour)
	cargo build $(CARGO_FLAGS) --release -p selfsame-search --example one_to_many
	python3 bench/pgvector.py --exact target/release/examples/one_to_many

image: ## Build the image with whichever builder there is (ENGINE=buildah, podman or docker)
	$(or $(ENGINE),buildah) build -t selfsame:latest -f deploy/Containerfile .

release: ## Binary, wheel, npm packages, SBOM and checksums of a commit (needs cargo-auditable, cargo-cyclonedx, and cargo-zigbuild for older systems)
	bash scripts/release.sh

release-test: ## Install what `make release` made into clean folders, and run the demo from each
	bash scripts/release_test.sh

fuzz: ## Fuzz everything that reads what strangers send, FUZZ_SECONDS (60) for each target; needs cargo-fuzz, no nightly
	bash scripts/fuzz.sh

models: ## Fetch, verify and prepare the models
	cargo build $(CARGO_FLAGS) --release --bin selfsame
	target/release/selfsame models fetch

lint: ## Format and clippy
	cargo fmt --all --check
	cargo clippy $(CARGO_FLAGS) --workspace --all-targets -- -D warnings

help: ## This text
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'
