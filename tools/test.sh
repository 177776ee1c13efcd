#!/usr/bin/env bash
# Runs all tests of the product and of the end-to-end module, adds up what they cover of the product,
# the running apps included, and fails below the threshold. Expects what `make build` makes.
set -euo pipefail
cd "$(dirname "$0")/.."

threshold=80
product=./internal/...,./workflows/...,./apps/...
results=$PWD/bin/test
cover=$PWD/bin/cover
rm -rf "$results" "$cover/data" "$cover/unit"
mkdir -p "$results" "$cover/bin" "$cover/data" "$cover/unit"

# count ACTION: how many tests ended that way. Quotes inside a test's output are escaped, so that
# only the events themselves match.
count() { cat "$results"/*.json 2>/dev/null | grep '"Test":' | grep -c "\"Action\":\"$1\"" || true; }

# Packages that failed without a failing test: they did not compile, or crashed.
broken() {
    cat "$results"/*.json 2>/dev/null | awk '
        /"Action":"fail"/ {
            match($0, /"Package":"[^"]*"/); name = substr($0, RSTART, RLENGTH)
            if (/"Test":/) tested[name] = 1; else failed[name] = 1
        }
        END { n = 0; for (p in failed) if (!(p in tested)) n++; print n }'
}

summarize() {
    local skipped
    echo "$(count pass) passed, $(($(count fail) + $(broken))) failed" >"$results/summary"
    skipped=$(count skip)
    [ "$skipped" -eq 0 ] || echo "$skipped tests were skipped."
}

echo "==> Building the apps again, with counters"
go build -cover -coverpkg="$product" -o "$cover/bin/" ./apps/...

failed=0
echo "==> Unit tests"
bin/gotestsum --format pkgname --hide-summary skipped --jsonfile "$results/unit.json" -- \
    -count=1 -cover -coverpkg="$product" ./... -args -test.gocoverdir="$cover/unit" || failed=1

echo "==> End-to-end tests"
(cd e2e && E2E_COVER=$cover ../bin/gotestsum --format pkgname --hide-summary skipped --jsonfile "$results/e2e.json" -- \
    -count=1 -timeout 30m ./...) || failed=1

summarize
if [ "$failed" -ne 0 ]; then
    echo "make test: $(cat "$results/summary")"
    exit 1
fi

# Test packages hold what tests need, such as fakes: they are no product.
go tool covdata textfmt -i="$cover/unit,$cover/data" -o "$results/all.out"
awk 'NR == 1 || $1 !~ /\/[a-z]*test\//' "$results/all.out" >"$results/product.out"
covered=$(go tool cover -func="$results/product.out" | awk '/^total:/ { sub("%", "", $3); print $3 }')
if awk -v c="$covered" -v t="$threshold" 'BEGIN { exit !(c < t) }'; then
    echo "make test: $(cat "$results/summary"), but the tests cover only $covered % of the product, at least $threshold % are wanted."
    echo "What is not covered: go tool cover -html=bin/test/product.out"
    exit 1
fi
echo "make test: $(cat "$results/summary"); coverage $covered % of the product (at least $threshold %)."
