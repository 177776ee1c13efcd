#!/usr/bin/env bash
# Installs what the browser tests need: a Chromium, unless there is a browser of its kind, and axe (tools/browser) as bin/axe.min.js.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=()
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || packages+=(chromium)
wanted=$(sha256sum tools/browser/package-lock.json | cut -d ' ' -f 1)
if [ "$(cat bin/axe.version 2>/dev/null)" != "$wanted" ] || [ ! -s bin/axe.min.js ]; then
    command -v npm >/dev/null || packages+=(npm)
    tools/install-packages.sh "${packages[@]}"
    echo "Installing axe into bin/."
    place=$(mktemp -d)
    trap 'rm -rf "$place"' EXIT
    cp tools/browser/package.json tools/browser/package-lock.json "$place"
    # The lock file has its checksum; no script of a package runs.
    (cd "$place" && npm ci --ignore-scripts --no-audit --no-fund --silent)
    mkdir -p bin
    cp "$place/node_modules/axe-core/axe.min.js" bin/axe.min.js
    echo "$wanted" >bin/axe.version
else
    tools/install-packages.sh "${packages[@]}"
fi
