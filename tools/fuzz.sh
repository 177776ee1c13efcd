#!/usr/bin/env bash
# Runs every fuzz target of our modules for FUZZTIME each, one after the other. What makes one fail is kept by Go in the
# package's testdata/fuzz, and belongs into git together with the repair.
set -uo pipefail
cd "$(dirname "$0")/.."

time=${FUZZTIME:-5m}
failed=() n=0
while IFS=: read -r file target; do
    dir=$(dirname "$file")
    n=$((n + 1))
    echo "==> $dir $target, for $time"
    go test -run '^$' -fuzz "^$target\$" -fuzztime "$time" "./$dir" || failed+=("$dir $target")
done < <(grep -rnoE --include='*_test.go' '^func Fuzz[A-Z0-9][A-Za-z0-9_]*' apps internal migrations workflows e2e |
    sed -E 's/:[0-9]+:func /:/' | sort -u)

if [ "$n" -eq 0 ]; then
    echo "There are no fuzz targets: something is wrong with $0." >&2
    exit 1
fi
if [ ${#failed[@]} -gt 0 ]; then
    printf 'failed: %s\n' "${failed[@]}" >&2
    exit 1
fi
echo "make fuzz: $n targets, $time each, nothing found."
