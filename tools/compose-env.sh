#!/usr/bin/env bash
# usage: compose-env.sh [FILE]
# Makes the .env of docker-compose.yml out of .env.example: what docker-compose.yml wants to be set and the example leaves empty becomes
# random. A file that is there is left alone, because the volumes depend on what is in it. Needs openssl, and Go for the keyset.
set -euo pipefail
cd "$(dirname "$0")/.."
env=${1:-.env}

if [ -e "$env" ]; then
    echo "$env is there already, and stays as it is: the database and what is sealed in it depend on it." >&2
    exit 1
fi
command -v openssl >/dev/null || { echo "openssl is missing: install it and run this again." >&2; exit 1; }

keyset=${TENANT_KEYSET:-$(go run ./apps/agentctl keyset new)}
umask 077
work=$(mktemp "$env.XXXXXX")
trap 'rm -f "$work"' EXIT
while IFS= read -r line; do
    case $line in
    TENANT_KEYSET=) line="TENANT_KEYSET='$keyset'" ;;
    LLM_API_KEY=) line+=$(openssl rand -hex 16) ;;
    [A-Z]*=)
        # Required is what compose refuses to do without.
        if grep -qF "\${${line%=}:?" docker-compose.yml; then line+=$(openssl rand -hex 16); fi
        ;;
    esac
    printf '%s\n' "$line"
done <.env.example >"$work"
# Not over a file that another run has made meanwhile.
ln "$work" "$env"
echo "Made $env. Keep a copy of TENANT_KEYSET: without it nobody opens the tenants' credentials again."
