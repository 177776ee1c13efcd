#!/usr/bin/env bash
# Installs what this repository needs from Debian or Ubuntu and is missing: PostgreSQL, Redis, gcc (for
# the race detector), curl, openssl and python3 (for the samples in docs/), jq (for its runbooks), and the packages that it is given, unless there is a
# command of that name. Starts no service and stops none. Where it may not install, it says what to.
set -euo pipefail
cd "$(dirname "$0")/.."

# The newest version that one of our modules asks for.
wanted=$(sed -n 's/^go //p' go.mod e2e/go.mod tools/go.mod | sort -V | tail -n 1)
if ! command -v go >/dev/null; then
    echo "Go is missing: install Go $wanted or newer from https://go.dev/dl/ and put it on the PATH." >&2
    exit 1
fi
found=$(GOTOOLCHAIN=local go env GOVERSION)
found=${found#go}
if [ "$(printf '%s\n%s\n' "$wanted" "$found" | sort -V | head -n 1)" != "$wanted" ]; then
    echo "Go $found is too old: install Go $wanted or newer from https://go.dev/dl/." >&2
    exit 1
fi

has_postgres() {
    compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null ||
        command -v postgres >/dev/null ||
        { command -v pg_config >/dev/null && [ -x "$(pg_config --bindir)/postgres" ]; }
}

missing=()
has_postgres || missing+=(postgresql)
command -v redis-server >/dev/null || missing+=(redis-server)
command -v gcc >/dev/null || missing+=(gcc libc6-dev)
command -v curl >/dev/null || missing+=(curl)
command -v openssl >/dev/null || missing+=(openssl)
command -v python3 >/dev/null || missing+=(python3)
command -v jq >/dev/null || missing+=(jq)
for package in "$@"; do
    command -v "$package" >/dev/null || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
    as_root=(sudo -n)
    if ! sudo -n true 2>/dev/null; then
        echo "Missing: ${missing[*]}. Install them and run this again, for instance:" >&2
        echo "    sudo apt-get install ${missing[*]}" >&2
        exit 1
    fi
fi
if ! command -v apt-get >/dev/null; then
    echo "Missing: ${missing[*]} (names as in Debian). Install them with your system's package manager and run this again." >&2
    exit 1
fi

echo "Installing ${missing[*]}; none of them is started as a service."
# Packages ask this script whether they may start their service; 101 means no.
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
fi
log=$(mktemp)
if ! { "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "The installation failed, all of it is in $log. Install by hand: apt-get install ${missing[*]}" >&2
    exit 1
fi
rm -f "$log"
