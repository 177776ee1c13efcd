#!/usr/bin/env bash
# Builds what keeps traces on one machine into bin/: Jaeger (all in one, called jaeger) and an OpenTelemetry Collector (otelcol), at
# the versions that tools/observability/go.mod pins, unless they are there. Safe to run twice at once.
set -euo pipefail
cd "$(dirname "$0")/observability"

programs=(jaeger otelcol)
jaeger=$(sed -n 's#^\s*github.com/jaegertracing/jaeger v\([^ ]*\).*#\1#p' go.mod)
otelcol=$(sed -n 's#^\s*go.opentelemetry.io/collector/otelcol v\([^ ]*\).*#\1#p' go.mod)
stamp="$jaeger $otelcol $(cat go.mod otelcol/*.go | sha256sum | cut -d ' ' -f 1)"
bin=$PWD/../../bin
mkdir -p "$bin"

up_to_date() {
    local program
    [ "$(cat "$bin/.observability-version" 2>/dev/null)" = "$stamp" ] || return 1
    for program in "${programs[@]}"; do
        [ -x "$bin/$program" ] || return 1
    done
}

! up_to_date || exit 0
exec 9>"$bin/.observability-lock"
if ! flock -n 9; then
    echo "Waiting for another build of Jaeger and the collector to finish."
    flock 9
fi
! up_to_date || exit 0

work=$(mktemp -d "$bin/.observability-build-XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "Building Jaeger $jaeger and the OpenTelemetry Collector $otelcol: about 3 minutes on two cores the first time."

# One command, so that what both use is compiled once. The compiler must not inherit the lock, which a compiler server could keep.
CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly go build -v \
    -ldflags "-s -w -X main.version=$otelcol -X github.com/jaegertracing/jaeger/pkg/version.latestVersion=v$jaeger" -o "$work/" \
    github.com/jaegertracing/jaeger/cmd/all-in-one ./otelcol >"$work/log" 2>&1 9>&- &
build=$!
while kill -0 "$build" 2>/dev/null; do
    sleep 1
    if [ $((SECONDS % 15)) -eq 0 ]; then
        echo "  ${SECONDS} s: $(grep -c . "$work/log" || true) packages compiled or downloaded"
    fi
done
if ! wait "$build"; then
    tail -n 20 "$work/log" >&2
    echo "They did not build; the last lines are above." >&2
    exit 1
fi
mv -f "$work/all-in-one" "$bin/jaeger"
mv -f "$work/otelcol" "$bin/otelcol"
echo "$stamp" >"$bin/.observability-version"
echo "Built Jaeger $jaeger and the OpenTelemetry Collector $otelcol in ${SECONDS} s."
