#!/usr/bin/env bash
# `make test`: the suite and short versions of the long shows. Says plainly what it skips.
set -uo pipefail
cd "$(dirname "$0")/.."
export INSTA_UPDATE="${INSTA_UPDATE:-no}"
TARGET="${CARGO_TARGET_DIR:-target}"
BIN="$TARGET/release/gridworker"
started=$SECONDS
passed=0 failed=0 skipped=0 failures=()

show() { printf '\n\033[1m== %s\033[0m\n' "$1"; }
part() { # name command…
    local name=$1 from=$SECONDS
    shift
    show "$name"
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        failures+=("$name")
    fi
    echo "-- $name: $((SECONDS - from)) s"
}
skip() { # name reason
    show "$1"
    echo "SKIPPED: $2"
    skipped=$((skipped + 1))
}

for tool in cargo node npm; do
    command -v "$tool" >/dev/null || { echo "make test needs $tool, which is not here"; exit 1; }
done

find_chromium() { command -v chromium || command -v chromium-browser || command -v google-chrome; }
CHROMIUM="${CHROMIUM:-$(find_chromium)}"
if [ -z "$CHROMIUM" ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    show "installing Debian's chromium for the browser journeys"
    (apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk) >/dev/null 2>&1
    CHROMIUM="$(find_chromium)"
fi

part "web: install and build" make --no-print-directory web
part "web: unit tests" npm --prefix web test --silent
part "build" cargo build --release --locked
part "suite" cargo test --release --locked --no-fail-fast
part "doctor: knowledge, street data, prompts, configuration" "$BIN" doctor
part "eval questions" "$BIN" eval questions
part "eval figures" "$BIN" eval figures tests/fixtures/figures.jsonl
if [ -n "$CHROMIUM" ]; then
    # A busy machine may be slow; what is wrong stays wrong however long one waits.
    part "browser journeys" env PATIENCE="${PATIENCE:-3}" GRIDWORKER_BIN="$(realpath "$BIN")" CHROMIUM="$CHROMIUM" npm --prefix web run e2e --silent
else
    skip "browser journeys" "there is no Chromium and none could be installed"
fi
if command -v nginx >/dev/null && command -v python3 >/dev/null; then
    part "nginx in front, two hops" python3 deploy/check.py --gridworker "$BIN"
else
    skip "nginx in front, two hops" "nginx or python3 is not here"
fi
[ -n "${TEST_QDRANT_URL:-}" ] || skip "index contract on a real Qdrant server" "TEST_QDRANT_URL is not set (the suite ran it over the wire against a stand-in)"

show "result after $((SECONDS - started)) s"
for name in "${failures[@]+"${failures[@]}"}"; do echo "FAILED: $name"; done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ]
