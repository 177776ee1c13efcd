#!/usr/bin/env bash
# Builds Dapr's placement, scheduler and daprd into bin/ at the version that tools/go.mod pins, unless
# they are there. Takes minutes the first time and is safe to run twice at once.
set -euo pipefail
cd "$(dirname "$0")"
. ./build-once.sh

programs=(placement scheduler daprd)
version=$(sed -n 's#^require github.com/dapr/dapr v##p' go.mod)

# A different set of flags would not find the compiled packages of an earlier build.
compile() {
    CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly go build -v -tags stablecomponents \
        -ldflags "-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=$version" -o "$1/" \
        "${programs[@]/#/github.com/dapr/dapr/cmd/}"
}

build_once dapr "$version $(sha256sum go.mod | cut -d ' ' -f 1)" "Dapr $version (${programs[*]})" "about 5 minutes" "${programs[@]}"
