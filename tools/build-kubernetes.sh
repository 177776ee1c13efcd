#!/usr/bin/env bash
# Builds what the charts are tested against into bin/, unless it is there: Kubernetes' control plane with etcd and kubectl (one program,
# kubebox, by these names), helm, and Dapr's own control plane for Kubernetes (sentry, operator, injector), at the versions that
# tools/kubernetes/go.mod and tools/go.mod pin. Safe to run twice at once.
set -euo pipefail
cd "$(dirname "$0")"
. ./build-once.sh

module=kubernetes
kubernetes=$(sed -n 's#^\s*k8s.io/kubernetes v\([^ ]*\).*#\1#p' $module/go.mod)
helm=$(sed -n 's#^\s*helm.sh/helm/v3 v\([^ ]*\).*#\1#p' $module/go.mod)
dapr=$(sed -n 's#^require github.com/dapr/dapr v##p' go.mod)
IFS=. read -r major minor _ <<<"$kubernetes"

# One command, so that what both use is compiled once.
compile() {
    local version=k8s.io/component-base/version
    CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly go -C $module build -v \
        -ldflags "-s -w -X $version.gitVersion=v$kubernetes -X $version.gitMajor=$major -X $version.gitMinor=$minor -X $version.gitTreeState=clean \
-X helm.sh/helm/v3/internal/version.version=v$helm -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=$major \
-X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=$minor -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=$major \
-X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=$minor" -o "$1/" ./kubebox helm.sh/helm/v3/cmd/helm
}
build_once kubernetes "$kubernetes $helm $(cat $module/go.mod $module/kubebox/*.go | sha256sum | cut -d ' ' -f 1)" \
    "Kubernetes $kubernetes and Helm $helm" "about 7 minutes" kubebox helm
for part in etcd kube-apiserver kube-controller-manager kube-scheduler kubectl; do
    ln -sf kubebox ../bin/$part
done

# The flags of build-dapr.sh: with others, nothing that it compiled would be found.
compile() {
    CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly go build -v -tags stablecomponents \
        -ldflags "-s -w -X github.com/dapr/dapr/pkg/buildinfo.version=$dapr" -o "$1/" \
        github.com/dapr/dapr/cmd/{sentry,operator,injector}
}
build_once dapr-kubernetes "$dapr $(sha256sum go.mod | cut -d ' ' -f 1)" "Dapr $dapr for Kubernetes (sentry operator injector)" "half a minute" \
    sentry operator injector
