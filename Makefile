# What people do with Gatepost. Every target installs what it needs and is missing, and nothing else.
#   make demo    build it and see it work      make test    every test, doctests included
#   make check   format, lints, docs, licences  make bench   compare with nginx, time proofs and keys  make soak   the long loops

SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test check bench soak need-cc need-curl need-deny need-bench need-solver need-second need-browser need-clients

# nginx lives in a folder that is not in everybody's path.
export PATH := $(CURDIR)/target/tools/bin:$(PATH):/usr/sbin:/sbin

CARGO_DENY_VERSION := 0.20.2
SECOND_CVC5_VERSION := 1.4.2
NODE_MAJOR_MIN := 20
# Jira clients as they are published, and the Node that the second wants: newer than Debian's.
PYTHON_JIRA_VERSION := 3.10.5
JIRA_JS_VERSION := 6.2.0
NODE_VERSION := 22.23.3

# $(call need,command,Debian package)
define need
command -v $(1) >/dev/null || { \
    as_root=; [ "$$(id -u)" = 0 ] || as_root=sudo; \
    if ! command -v apt-get >/dev/null || { [ -n "$$as_root" ] && ! command -v sudo >/dev/null; }; then \
        echo "error: \`$(1)\` is missing; install it (on Debian as root: apt-get install $(2))" >&2; exit 1; fi; \
    echo "installing $(2) for \`$(1)\`" >&2; \
    $$as_root apt-get update -qq; \
    $$as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $(2); \
}
endef

help:
	@sed -n '2,3s/^# *//p' Makefile

# SQLite and the cryptography are C, compiled from source by their crates: a C compiler is all they need.
need-cc:
	@command -v cargo >/dev/null || { echo "error: Rust is missing; see https://rustup.rs" >&2; exit 1; }
	@$(call need,cc,build-essential)

# The lines of the documents are pasted into a shell.
need-curl:
	@$(call need,curl,curl)

# Built once and kept; what the build leaves behind is six times the program.
need-deny:
	@cargo-deny --version 2>/dev/null | grep -qF '$(CARGO_DENY_VERSION)' || { \
	    CARGO_TARGET_DIR=target/tools/build cargo install cargo-deny --version $(CARGO_DENY_VERSION) --locked --root target/tools; \
	    rm -rf target/tools/build; }

need-bench:
	@$(call need,nginx,nginx-light)
	@$(call need,wrk,wrk)

# What proofs are made with. The gateway looks for it in the usual places, not in the path.
need-solver:
	@$(call need,cvc5,cvc5)

# A second solver to compare with, from the Python index. Without network it is missing, and the test that wants it says so. The solver
# is started without an environment, so its first line names the interpreter in full.
need-second:
	@second=target/tools/cvc5/bin; \
	[ -x $$second/cvc5-second ] && cmp -s <(tail -n +2 tests/tools/cvc5-python) <(tail -n +2 $$second/cvc5-second) || { \
	    python3 -m venv target/tools/cvc5 && $$second/pip install -q cvc5==$(SECOND_CVC5_VERSION) && \
	    sed '1s|.*|#!$(CURDIR)/target/tools/cvc5/bin/python|' tests/tools/cvc5-python > $$second/cvc5-second && \
	    chmod 755 $$second/cvc5-second; } || echo "skipped: no second solver (it needs python3 with venv, and network)" >&2

# What tests in a real browser need: Debian's Chromium, its driver from the npm registry, and Node, also from there if this machine's is
# older than the driver wants. Without them the tests that want them say so.
need-browser:
	@( $(call need,chromium,chromium) ) && ( $(call need,npm,npm) ) && \
	tools=target/tools/browser && \
	{ { cmp -s tests/browser/package-lock.json $$tools/package-lock.json && [ -d $$tools/node_modules/axe-core ]; } || { \
	    mkdir -p $$tools && cp tests/browser/package.json tests/browser/package-lock.json $$tools/ && \
	    npm ci --prefix $$tools --ignore-scripts --no-audit --no-fund --loglevel=error; }; } && \
	{ [ "$$(node -p 'parseInt(process.versions.node) >= $(NODE_MAJOR_MIN)')" = true ] || [ -x $$tools/node_modules/node/bin/node ] || \
	    npm install --prefix $$tools --no-save --no-audit --no-fund --loglevel=error node@$(NODE_VERSION); } || \
	echo "skipped: no browser (it needs Debian's chromium and npm, and network)" >&2

# Jira clients to be pointed at the gateway, from the indexes of Python and npm. Without network they are missing, and the tests that
# want them say so. Node comes from the package that npm's `node` fetches by a script: scripts of packages are not run.
need-clients:
	@$(call need,python3,python3-venv)
	@$(call need,npm,npm)
	@into=target/tools/clients; arch=$$(uname -m | sed 's/x86_64/x64/;s/aarch64/arm64/'); \
	wanted='$(PYTHON_JIRA_VERSION) $(JIRA_JS_VERSION) $(NODE_VERSION)'; \
	[ "$$(cat $$into/versions 2>/dev/null)" = "$$wanted" ] || { \
	    python3 -m venv $$into && $$into/bin/pip install -q jira==$(PYTHON_JIRA_VERSION) && \
	    npm install --prefix $$into --no-save --no-package-lock --no-audit --no-fund --ignore-scripts --loglevel=error \
	        jira.js@$(JIRA_JS_VERSION) node-linux-$$arch@$(NODE_VERSION) >&2 && \
	    echo "$$wanted" > $$into/versions; } || echo "skipped: no Jira clients (they need python3 with venv, npm, and network)" >&2

demo: need-cc need-solver
	cargo build --release --locked --bin gatepost
	target/release/gatepost demo

test: need-cc need-curl need-solver need-browser need-clients
	cargo test --locked

check: need-cc need-deny
	cargo fmt --check
	cargo clippy --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --locked --no-deps --document-private-items
	cargo-deny --color never check bans licenses sources

bench: need-cc need-solver need-bench
	cargo build --release --locked --bin gatepost
	cargo bench --locked --bench corridor
	cargo bench --locked --bench proofs
	cargo bench --locked --bench credentials

# Every property with many more cases, then the ignored tests: a hundred kills in the middle of policy edits, every hole confirmed,
# and the corpus asked of a second solver.
soak: need-cc need-solver need-second
	PROPTEST_CASES=$${PROPTEST_CASES:-100000} cargo test --locked --release
	cargo test --locked --release -- --ignored --test-threads=1
