#!/usr/bin/env bash
# Looks for weaknesses in the code (gosec) and for known ones in what it is built with (govulncheck), in both of our modules.
# gosec runs inside of golangci-lint, at the version and with the exceptions that `make lint` has: another gosec beside it
# would judge by other rules and know nothing of the reasons that stand beside the exceptions.
#
# Where the vulnerability database cannot be reached it says so, and ends well all the same, unless REQUIRE_VULNDB=1.
set -uo pipefail
cd "$(dirname "$0")/.."
root=$PWD

GOLANGCI_LINT=$(sed -n 's/^GOLANGCI_LINT := //p' Makefile)
# renovate: depName=golang.org/x/vuln
GOVULNCHECK=v1.9.0
modules=(. e2e)
failed=0

tools/install-tool.sh github.com/golangci/golangci-lint/v2 "$GOLANGCI_LINT" cmd/golangci-lint || exit 1
tools/install-tool.sh golang.org/x/vuln "$GOVULNCHECK" cmd/govulncheck || exit 1

for module in "${modules[@]}"; do
    echo "==> gosec in $module"
    (cd "$module" && "$root/bin/golangci-lint" run --allow-parallel-runners --config "$root/.golangci.yaml" --enable-only gosec ./...) || failed=1
done

unreachable=()
report=$(mktemp)
trap 'rm -f "$report"' EXIT
for module in "${modules[@]}"; do
    echo "==> govulncheck in $module"
    (cd "$module" && "$root/bin/govulncheck" ./...) >"$report" 2>&1
    status=$?
    # 3 says that code of ours reaches a known vulnerability; any other is a failure of the check itself.
    case $status in
    0) tail -n 3 "$report" ;;
    3)
        cat "$report"
        failed=1
        ;;
    *)
        if grep -qiE 'vuln\.go\.dev|GOVULNDB|fetching vulnerabilities|no such host|dial tcp|connection refused|i/o timeout|proxyconnect|HTTP .*(GET|status)|Forbidden|Bad Gateway|Service Unavailable' "$report"; then
            unreachable+=("$module: $(tail -n 1 "$report")")
        else
            cat "$report"
            failed=1
        fi
        ;;
    esac
done

if [ ${#unreachable[@]} -gt 0 ]; then
    {
        echo
        echo "########################################################################################"
        echo "#  NOT CHECKED: known vulnerabilities in the dependencies and in Go itself."
        echo "#"
        echo "#  The vulnerability database cannot be reached from here:"
        printf '#    %s\n' "${unreachable[@]}"
        echo "#"
        echo "#  Nothing is known about them: neither that there are none, nor that there are any."
        echo "#  To check: run \`tools/scan.sh\` where https://vuln.go.dev can be reached, or set GOVULNDB"
        echo "#  to a mirror of it (https://… or file:///…). With REQUIRE_VULNDB=1 this is a failure; CI"
        echo "#  sets that (.github/workflows/security.yaml)."
        echo "########################################################################################"
        echo
    } >&2
    [ "${REQUIRE_VULNDB:-}" != 1 ] || failed=1
fi
if [ "$failed" -ne 0 ]; then
    echo "tools/scan.sh: failed, see above."
    exit 1
fi
if [ ${#unreachable[@]} -gt 0 ]; then
    echo "tools/scan.sh: gosec found nothing; known vulnerabilities were NOT checked, see above."
else
    echo "tools/scan.sh: gosec and govulncheck found nothing."
fi
