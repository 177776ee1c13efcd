#!/usr/bin/env bash
# usage: install-tool.sh MODULE VERSION [PACKAGE-BELOW-MODULE]
# Builds a Go tool at a pinned version into bin/, unless bin/ has it at that version.
set -euo pipefail
module=$1 version=$2 package=$1${3:+/$3}
bin=$(cd "$(dirname "$0")/.." && pwd)/bin
name=$(basename "$package")

# The executable says itself which version it is.
if [ "$(go version -m "$bin/$name" 2>/dev/null | awk -v m="$module" '$1 == "mod" && $2 == m { print $3 }')" = "$version" ]; then
    exit 0
fi
echo "Installing $name $version into bin/."
mkdir -p "$bin"
cd / # away from our modules, whose versions must not matter
CGO_ENABLED=0 GOWORK=off GOFLAGS= GOBIN=$bin go install "$package@$version"
