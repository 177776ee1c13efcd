#!/usr/bin/env bash
# usage: release-notes.sh VERSION [FILE]
# Prints what CHANGELOG.md says of a version, and fails when it says nothing.
set -euo pipefail
version=${1:?usage: release-notes.sh VERSION [FILE]}
file=${2:-$(dirname "$0")/../CHANGELOG.md}

notes=$(awk -v heading="## [$version]" '
    index($0, "## ") == 1 { within = index($0, heading) == 1; next }
    within' "$file")
if [ -z "${notes//[[:space:]]/}" ]; then
    echo "CHANGELOG.md says nothing of $version: give what is under [Unreleased] the heading \"## [$version] - $(date +%F)\"." >&2
    exit 1
fi
printf '%s\n' "$notes"
