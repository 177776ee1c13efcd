#!/usr/bin/env bash
# Builds Dapr's placement, scheduler and daprd into bin/ at the version that tools/go.mod pins, unless
# they are there. Takes minutes the first time and is safe to run twice at once.
set -euo pipefail
cd "$(dirname "$0")"

programs=(placement scheduler daprd)
version=$(sed -n 's#^require github.com/dapr/dapr v##p' go.mod)
stamp="$version $(sha256sum go.mod | cut -d ' ' -f 1)"
bin=$PWD/../bin
mkdir -p "$bin"

up_to_date() {
    local program
    [ "$(cat "$bin/.dapr-version" 2>/dev/null)" = "$stamp" ] || return 1
    for program in "${programs[@]}"; do
        [ -x "$bin/$program" ] || return 1
    done
}

! up_to_date || exit 0
exec 9>"$bin/.dapr-lock"
if ! flock -n 9; then
    echo "Waiting for another build of Dapr to finish."
    flock 9
fi
! up_to_date || exit 0

work=$(mktemp -d "$bin/.dapr-build-XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "Building Dapr $version (${programs[*]}): about 5 minutes on two cores the first time."

# A different set of flags would not find the compiled packages of an earlier build. The compiler must
# not inherit the lock, which a compiler server could keep.
CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly go build -v -tags stablecomponents \
    -ldflags "-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=$version" -o "$work/" \
    "${programs[@]/#/github.com/dapr/dapr/cmd/}" >"$work/log" 2>&1 9>&- &
build=$!
while kill -0 "$build" 2>/dev/null; do
    sleep 1
    if [ $((SECONDS % 15)) -eq 0 ]; then
        echo "  ${SECONDS} s: $(grep -c . "$work/log" || true) packages compiled or downloaded"
    fi
done
if ! wait "$build"; then
    tail -n 20 "$work/log" >&2
    echo "Dapr did not build; the last lines are above." >&2
    exit 1
fi
for program in "${programs[@]}"; do
    mv -f "$work/$program" "$bin/$program"
done
echo "$stamp" >"$bin/.dapr-version"
echo "Built Dapr $version in ${SECONDS} s."
