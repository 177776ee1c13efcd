# `make help` lists the targets. Everything that is built or started stays below bin/ and .run/.
SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# One setting for build and test, so that they share compiled packages. The race detector needs cgo.
export CGO_ENABLED := 0

# The comments tell .github/renovate.json which module it is.
# renovate: depName=github.com/golangci/golangci-lint/v2
GOLANGCI_LINT := v2.15.0
# renovate: depName=mvdan.cc/gofumpt
GOFUMPT := v0.12.0
# renovate: depName=gotest.tools/gotestsum
GOTESTSUM := v1.13.0
# renovate: depName=github.com/rhysd/actionlint
ACTIONLINT := v1.7.12
# renovate: depName=github.com/terraform-linters/tflint
TFLINT := v0.64.0

# Modules whose code is ours.
MODULES := . e2e

.PHONY: help
help: ## Show this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# OBSERVE=1 for demo and up: Prometheus, Alertmanager, an OpenTelemetry Collector and Jaeger beside the stack (docs/observability.md).
export OBSERVE
WATCH := $(if $(filter 1,$(OBSERVE)),observability)

.PHONY: demo
demo: infra build $(WATCH) ## From a clone to an enhanced ticket; KEEP=1 leaves the stack running, OBSERVE=1 shows metrics and the trace
	@exec bin/demo

.PHONY: test
test: infra observability kubernetes terraform browser build ## All tests, end to end included, with the coverage of the product
	@tools/install-tool.sh gotest.tools/gotestsum $(GOTESTSUM)
	go vet ./... ./e2e/...
	@tools/test.sh

.PHONY: up
up: infra build $(WATCH) ## Start the stack for development and leave it running; OBSERVE=1 as for demo
	@exec bin/stack up $(if $(filter 1,$(OBSERVE)),--observe)

.PHONY: up-infra
up-infra: infra build ## Start all but the apps, for `dapr run -f .`
	@exec bin/stack up --infra

.PHONY: down
down: ## Stop the stack; its data stays
	@if [ -x bin/stack ]; then bin/stack down; elif [ -d .run ]; then go run ./e2e/cmd/stack down; fi

.PHONY: build
build: ## Build the apps and our commands into bin/
	@echo "==> Building the apps"
	@mkdir -p bin
	@go build -o bin/ ./apps/... ./e2e/cmd/...

.PHONY: lint
lint: ## Check format, code and scripts
	@tools/install-tool.sh mvdan.cc/gofumpt $(GOFUMPT)
	@tools/install-tool.sh github.com/golangci/golangci-lint/v2 $(GOLANGCI_LINT) cmd/golangci-lint
	@unformatted=$$(bin/gofumpt -l apps e2e internal migrations workflows); \
	if [ -n "$$unformatted" ]; then echo "Run \`make fmt\` for:" && echo "$$unformatted" && exit 1; fi
	go vet ./... ./e2e/...
	@for module in $(MODULES); do \
		echo "golangci-lint in $$module"; \
		(cd $$module && $(CURDIR)/bin/golangci-lint run --config $(CURDIR)/.golangci.yaml ./...); \
	done
	@for script in tools/*.sh .ci/run; do bash -n $$script; done
	@tools/install-tool.sh github.com/rhysd/actionlint $(ACTIONLINT) cmd/actionlint
	@# Without its helpers, which are there on some machines and not on others.
	bin/actionlint -shellcheck= -pyflakes=
	@tools/install-tool.sh github.com/terraform-linters/tflint $(TFLINT)
	bin/tflint --chdir deploy/terraform --recursive --config $(CURDIR)/deploy/terraform/.tflint.hcl
	@echo "make lint: nothing to complain about."

.PHONY: test-race
test-race: packages ## Unit tests with the race detector
	CGO_ENABLED=1 go test -race ./...

.PHONY: e2e
e2e: infra observability kubernetes terraform browser build ## End-to-end tests on the real stack
	go test -count=1 -timeout 30m ./e2e/...

.PHONY: test-security
test-security: infra observability build ## The security suite: the tests that docs/security.md names, then gosec and govulncheck
	@SECURITY_MUTATIONS=$${SECURITY_MUTATIONS:-50000} bin/test-security
	@tools/scan.sh

.PHONY: test-charts
test-charts: infra kubernetes build ## The charts in a real control plane with Dapr's own, without containers, and a ticket in it; ends with a table of checks
	@exec bin/test-charts

.PHONY: test-infrastructure
test-infrastructure: kubernetes terraform ## deploy/terraform by OpenTofu with mocked providers, and its values in the charts; nothing is made anywhere
	@cd e2e && go test -count=1 -v ./infrastructure

.PHONY: fuzz
fuzz: packages ## Every fuzz target for FUZZTIME (5m) each
	@tools/fuzz.sh

.PHONY: bench-door
bench-door: infra build ## 1,000 webhooks in a minute at three replicas of the gateway, and what a neighbour notices
	@exec bin/bench-door

.PHONY: bench-pages
bench-pages: packages ## How long the console's pages take with 100,000 jobs of 1,000 tenants, beside the smallest request to the API
	go test ./internal/console/web -run '^$$' -bench Pages -benchtime 100x

.PHONY: bench-burst
bench-burst: infra build ## 10,000 waiting tickets of one tenant, and what another one notices
	@exec bin/bench-burst $(BURST_FLAGS)

# Such as -pairs 60 -tickets 80.
OVERHEAD_FLAGS ?=

.PHONY: bench-overhead
bench-overhead: infra observability build ## What traces and metrics cost of the throughput, with and without in alternation; fails over 5 %
	@exec bin/bench-overhead $(OVERHEAD_FLAGS)

# Such as -long, -duration 10m, -seed 42, -tenants 8, -rate 6, -only "kill redis,flush redis"; -plan shows the schedule.
CHAOS_FLAGS ?=

.PHONY: chaos
chaos: infra build ## Break everything while it works, as a seed says; CHAOS_FLAGS=-long does so for half an hour
	@exec bin/chaos $(CHAOS_FLAGS)

.PHONY: rehearse-restore
rehearse-restore: infra build ## Back up, lose the database, restore, find again: how many tickets were acknowledged, restored, reconciled
	@cd e2e && go test -count=1 -v -run 'TestDrills/restore-from-backup' ./runbooks

.PHONY: bench-masking
bench-masking: ## How the time of masking grows with hostile texts: 4 times as much of one is to take some 4 times as long
	go test -run '^$$' -bench . -benchtime 3x ./internal/masking

SOAK_FLAGS ?=

.PHONY: soak
soak: infra build ## Ten minutes of steady load: what grows with the jobs, and what must not; SOAK_FLAGS="-for 30m -rate 8"
	@exec bin/soak $(SOAK_FLAGS)

# The data sets are no part of the project (docs/retrieval.md).
RETRIEVAL_DATA ?= ../shared/data
RETRIEVAL_FLAGS ?=

.PHONY: bench-retrieval
bench-retrieval: packages build ## How well and how fast the sources find; RETRIEVAL_DATA names the data sets
	@exec bin/bench-retrieval -data $(RETRIEVAL_DATA) $(RETRIEVAL_FLAGS)

EVAL_FLAGS ?= -write

.PHONY: eval
eval: packages ## How good notes are and what attacks achieve; writes the table of docs/evaluation.md and fails when a figure got worse
	@mkdir -p bin
	@go build -o bin/eval ./e2e/cmd/eval
	@bin/eval $(EVAL_FLAGS)

.PHONY: note-snapshots
note-snapshots: ## Write the example notes anew, and the pictures of them in docs/images/notes
	@tools/install-packages.sh chromium
	go test ./internal/synthesis -run TestNotesLookAsBefore -update
	go test ./internal/feedback/page -run TestPagesLookAsBefore -update
	go run ./e2e/cmd/note-snapshots

.PHONY: console-images
console-images: infra browser build ## Take the pictures of the console in docs/images/console anew
	cd e2e && go test -count=1 ./web -run TestATenantsFirstDay -update-images

.PHONY: dashboards
dashboards: ## Write deploy/grafana/dashboards anew from e2e/dashboards
	@go run ./e2e/cmd/dashboards

.PHONY: charts
charts: ## Write anew what of charts/ is made from other files: the README, copies of alerts and dashboards
	@go run ./e2e/cmd/charts

.PHONY: openapi
openapi: packages ## Write docs/openapi.yaml anew from the admin API's types
	go test ./internal/console -run TestTheCommittedDocumentIsTheOneThatIsServed -write-openapi

.PHONY: metrics-doc
metrics-doc: ## Write docs/metrics.md anew from the catalogue in internal/telemetry
	go test ./internal/telemetry -run TestTheCommittedListIsTheCatalogue -write-metrics

.PHONY: config-doc
config-doc: ## Write docs/configuration.md anew from the apps' structs and the README's table
	cd e2e && go test ./docs -run TestTheConfigurationReferenceIsThatOfTheCode -write-configuration

.PHONY: fmt
fmt: ## Format the code
	@tools/install-tool.sh mvdan.cc/gofumpt $(GOFUMPT)
	@tools/install-tool.sh github.com/golangci/golangci-lint/v2 $(GOLANGCI_LINT) cmd/golangci-lint
	@for module in $(MODULES); do \
		(cd $$module && $(CURDIR)/bin/golangci-lint fmt --config $(CURDIR)/.golangci.yaml ./...); \
	done
	@bin/gofumpt -w apps e2e internal migrations workflows

.PHONY: tidy
tidy: ## Tidy our modules; tools/ keeps the set that Dapr builds with
	@for module in $(MODULES); do (cd $$module && GOWORK=off go mod tidy); done

.PHONY: clean
clean: ## Stop what runs and delete bin/, .run/ (the local database included) and what tests keep
	@if [ -x bin/stack ]; then bin/stack clean; elif [ -d .run ]; then go run ./e2e/cmd/stack clean; fi
	@rm -rf bin .run "$${XDG_CACHE_HOME:-$${HOME:-/nonexistent}/.cache}/ai-agents/postgres-tests" \
		"$${HOME:-/nonexistent}/Library/Caches/ai-agents/postgres-tests" \
		"$${TMPDIR:-/tmp}/ai-agents-postgres-tests-$$(id -u)"

# What the stack needs besides our own programs.
.PHONY: infra packages dapr observability kubernetes terraform browser
infra: packages dapr
packages:
	@tools/install-packages.sh
# One build after the other: each of them uses all cores and much memory.
observability: dapr
	@tools/install-packages.sh prometheus prometheus-alertmanager
	@tools/build-observability.sh
kubernetes: dapr
	@tools/build-kubernetes.sh
terraform: dapr
	@tools/build-terraform.sh
browser: packages
	@tools/install-browser.sh
dapr: packages
	@tools/build-dapr.sh
