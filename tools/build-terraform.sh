#!/usr/bin/env bash
# Builds what deploy/terraform is checked with into bin/, unless it is there: OpenTofu, and terraform-schemas, which stands in for the
# providers (tools/terraform/schemaprovider), at the versions that tools/terraform/go.mod pins. Safe to run twice at once.
set -euo pipefail
cd "$(dirname "$0")"
. ./build-once.sh

module=terraform
tofu=$(sed -n 's#^\s*github.com/opentofu/opentofu v##p' $module/go.mod)

compile() {
    CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly go -C $module build -v \
        -ldflags "-s -w -X github.com/opentofu/opentofu/version.dev=no" -o "$1/" github.com/opentofu/opentofu/cmd/tofu
    CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly go -C $module build -v -ldflags "-s -w" -o "$1/terraform-schemas" ./schemaprovider
}
build_once terraform "$tofu $(cat $module/go.mod $module/schema/*.go $module/schemaprovider/*.go | sha256sum | cut -d ' ' -f 1)" \
    "OpenTofu $tofu" "about 7 minutes" tofu terraform-schemas
