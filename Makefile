# 虚拟数字网格员
# `make run` runs the product, `make test` tests it. Everything else is a part of the two or a long show.

CARGO ?= cargo
NPM ?= npm
ARGS ?=
# Chromium for the browser journeys; Debian's package is used when nothing else is said.
CHROMIUM ?= $(shell command -v chromium || command -v chromium-browser || command -v google-chrome)
export CARGO_TERM_COLOR ?= auto

.PHONY: run test web build suite soak soak-fleet show-confidential bench-tickets bench-places fuzz bench bench-index show-switch show-speed fmt lint clean help

help: ## what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/'

run: build ## install, build and start on 127.0.0.1:8080 (no key, no network once built)
	$(BIN) serve --demo $(ARGS)

TARGET_DIR = $(or $(CARGO_TARGET_DIR),target)
BIN = $(TARGET_DIR)/release/gridworker

build: web ## the release binary with the web part in it
	$(CARGO) build --release --locked

web: web/dist/chat.html ## the web part

WEB_SOURCES := $(shell find web/src web/public web/*.html web/*.ts web/*.json -type f 2>/dev/null)

web/node_modules/.installed: web/package-lock.json
	cd web && $(NPM) ci --no-audit --no-fund
	@touch $@

web/dist/chat.html: web/node_modules/.installed $(WEB_SOURCES)
	cd web && $(NPM) run build
	@touch src/http/pages.rs # the pages are embedded: a new one must be compiled in

test: ## the suite and short versions of the long shows
	./scripts/test.sh

suite: web
	$(CARGO) test --release --locked

soak: web ## long: 30 × kill -9 while 200 tickets are confirmed
	./scripts/soak.sh

soak-fleet: web ## long: 2,000 tickets to three faulty platforms, 50 × kill -9, 20 restarts of platforms
	./scripts/soak-fleet.sh

show-confidential: build ## a complaint about a unit and a tip-off: what each platform received, and who has read who reported
	node scripts/show-confidential.mjs $(BIN)

bench-tickets: build ## confirmed tickets a second beside bare rows that are synced one by one
	$(BIN) bench tickets $(ARGS)

fuzz: ## long: every importer and the splitter, MINUTES=10 each; then property tests with many more cases
	$(CARGO) build --release --locked --bin gridworker
	$(CARGO) bench --profile release --locked --bench fuzz -- --minutes $(or $(MINUTES),10) --binary $(abspath $(BIN)) $(ARGS)
	PROPTEST_TIMES=$(or $(TIMES),50) PROPTEST_CASES=20000 $(CARGO) test --release --locked --test it -- --skip kill:: --skip api::

bench: web ## long: time to the first word beside a bare relay, memory
	$(CARGO) bench --profile release --locked --bench turns

bench-places: ## cost of finding a place among 20,000
	$(CARGO) bench --profile release --locked --bench places

bench-index: build ## long: CORPUS=articles.jsonl[.gz] [QUERIES=…] [SIZES=1000,…]: cost of indexing and searching as a corpus grows
	$(BIN) bench index --corpus $(CORPUS) $(if $(QUERIES),--queries $(QUERIES)) $(if $(SIZES),--sizes $(SIZES))

show-switch: web ## long: people ask over HTTP while the index is cut otherwise, switched and gone back from
	SWITCH_ROUNDS=$(or $(ROUNDS),20) $(CARGO) test --release --locked --test it -- api::switching --nocapture

show-speed: build ## how fast /chat stands on a slow phone (median of five), and what each face weighs
	CHROMIUM=$(CHROMIUM) GRIDWORKER_BIN=$(abspath $(BIN)) node web/e2e/weight.mjs

fmt: ## format
	$(CARGO) fmt
	npm --prefix web run fmt --silent
lint: ## clippy, as strict as Cargo.toml says
	$(CARGO) clippy --release --locked --all-targets -- -D warnings

clean: ## what was built
	rm -rf web/dist web/node_modules
	$(CARGO) clean
