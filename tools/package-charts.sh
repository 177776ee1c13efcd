#!/usr/bin/env bash
# usage: package-charts.sh VERSION DIR
# Writes DIR/NAME-VERSION.tgz for each chart, whose images are those of VERSION. HELM names the program, bin/helm by default (make kubernetes).
set -euo pipefail
version=${1:?usage: package-charts.sh VERSION DIR}
dir=${2:?usage: package-charts.sh VERSION DIR}
root=$(cd "$(dirname "$0")/.." && pwd)
helm=${HELM:-$root/bin/helm}

if ! command -v "$helm" >/dev/null; then
    echo "There is no $helm: run make kubernetes, or name another one with HELM." >&2
    exit 1
fi
mkdir -p "$dir"
packaged=0
for chart in "$root"/charts/*/Chart.yaml; do
    if grep -qs '^type: application' "$chart"; then
        "$helm" package "$(dirname "$chart")" --version "$version" --app-version "$version" --destination "$dir"
        packaged=$((packaged + 1))
    fi
done
if [ "$packaged" -eq 0 ]; then
    echo "There is no chart below $root/charts." >&2
    exit 1
fi
