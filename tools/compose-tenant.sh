#!/usr/bin/env bash
# usage: compose-tenant.sh TENANT [ENV-FILE]
# Prints, for `agentctl tenant apply --file -`, a tenant whose ServiceDesk Plus (on premises) and knowledge base the simulator of docker-compose.yml
# plays. The simulator derives its keys from SERVICEDESK_SIMULATOR_KEY, and so does this. Needs openssl.
set -euo pipefail
tenant=${1:?usage: compose-tenant.sh TENANT [ENV-FILE]}
env=${2:-$(dirname "$0")/../.env}
if ! [[ $tenant =~ ^[a-z0-9][a-z0-9-]*$ ]]; then
    echo "$tenant is no tenant id: use small letters, digits and hyphens." >&2
    exit 1
fi
[ -r "$env" ] || { echo "There is no $env: run tools/compose-env.sh first." >&2; exit 1; }
key=$(sed -n 's/^SERVICEDESK_SIMULATOR_KEY=//p' "$env")
[ -n "$key" ] || { echo "SERVICEDESK_SIMULATOR_KEY is not set in $env." >&2; exit 1; }

# It stands on a command line for a moment: it opens the simulator, and nothing else.
derive() { printf '%s\0%s' "$1" "$tenant" | openssl dgst -sha256 -hmac "$key" -r | cut -d ' ' -f 1; }
base=http://simulator.outside:8089
cat <<JSON
{
  "tenant_id": "$tenant",
  "name": "$tenant (simulated)",
  "servicedesk_url": "$base/sdp/$tenant/api/v3",
  "servicedesk_profile": "onprem",
  "technician_id": "4",
  "kb_url": "$base/kb/$tenant",
  "api_key": "$(derive servicedesk-api-key)",
  "signing_secret": "$(derive webhook-signing-secret)",
  "kb_api_key": "$(derive knowledge-api-key)"
}
JSON
