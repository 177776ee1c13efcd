#!/usr/bin/env bash
# Builds what keeps traces on one machine into bin/: Jaeger (all in one, called jaeger) and an OpenTelemetry Collector (otelcol), at
# the versions that tools/observability/go.mod pins, unless they are there. Safe to run twice at once.
set -euo pipefail
cd "$(dirname "$0")"
. ./build-once.sh

module=observability
jaeger=$(sed -n 's#^\s*github.com/jaegertracing/jaeger v\([^ ]*\).*#\1#p' $module/go.mod)
otelcol=$(sed -n 's#^\s*go.opentelemetry.io/collector/otelcol v\([^ ]*\).*#\1#p' $module/go.mod)

# One command, so that what both use is compiled once.
compile() {
    CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly go -C $module build -v \
        -ldflags "-s -w -X main.version=$otelcol -X github.com/jaegertracing/jaeger/pkg/version.latestVersion=v$jaeger" -o "$1/" \
        github.com/jaegertracing/jaeger/cmd/all-in-one ./otelcol &&
        mv "$1/all-in-one" "$1/jaeger"
}

build_once observability "$jaeger $otelcol $(cat $module/go.mod $module/otelcol/*.go | sha256sum | cut -d ' ' -f 1)" \
    "Jaeger $jaeger and the OpenTelemetry Collector $otelcol" "about 3 minutes" jaeger otelcol
