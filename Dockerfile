# One image for each app: `docker build --target gateway .` The binaries are static and stand alone on an empty base: no shell, no package
# manager, nothing that has to be patched but Go and what the binary is made of.
#
# Bases are pinned by exact tag. The dependency update (.github/renovate.json) adds digests: where this was written no registry could be asked
# for them.
FROM --platform=$BUILDPLATFORM golang:1.26.5-bookworm AS build
WORKDIR /src
# As the Makefile builds; only the root module goes into images.
ENV CGO_ENABLED=0 GOWORK=off GOFLAGS=-mod=readonly
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY apps apps
COPY internal internal
COPY migrations migrations
COPY workflows workflows
# What the build cannot ask git for, which is not in the context (.dockerignore).
ARG VERSION=dev
ARG REVISION=unknown
ARG TARGETOS
ARG TARGETARCH
# Cross-compiled, so that no machine is emulated. Zone data is linked in, because the base has none.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -tags timetzdata -ldflags "-s -w \
    -X github.com/ai-agents/ai-agents/internal/telemetry.linkedVersion=$VERSION \
    -X github.com/ai-agents/ai-agents/internal/telemetry.linkedRevision=$REVISION" -o /out/ ./apps/...
# Folders that the unprivileged user may write to, where a volume is mounted: a new volume takes over their owner.
RUN mkdir -p /folders/secrets /folders/home /folders/tmp && chmod 1777 /folders/tmp \
    && echo 'nonroot:x:65532:65532:nonroot:/home/nonroot:/none' >/folders/passwd

# What all of them have besides their program.
FROM scratch AS base
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --from=build /folders/passwd /etc/passwd
COPY --from=build /folders/tmp /tmp
ENV HOME=/home/nonroot
USER 65532:65532
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.source="https://github.com/ai-agents/ai-agents" \
    org.opencontainers.image.vendor="AI Agents" \
    org.opencontainers.image.version="$VERSION" \
    org.opencontainers.image.revision="$REVISION"

FROM base AS gateway
LABEL org.opencontainers.image.title="gateway" \
    org.opencontainers.image.description="Takes webhooks of ServiceDesk Plus and queues them"
COPY --from=build /out/gateway /gateway
ENTRYPOINT ["/gateway"]

FROM base AS enhancer
LABEL org.opencontainers.image.title="enhancer" \
    org.opencontainers.image.description="Runs the workflows that put a work note on a ticket"
COPY --from=build /out/enhancer /enhancer
ENTRYPOINT ["/enhancer"]

FROM base AS console
LABEL org.opencontainers.image.title="console" \
    org.opencontainers.image.description="Serves the admin API"
COPY --from=build /out/console /console
ENTRYPOINT ["/console"]

FROM base AS migrate
LABEL org.opencontainers.image.title="migrate" \
    org.opencontainers.image.description="Makes and moves the database schema"
COPY --from=build --chown=65532:65532 /folders/secrets /secrets
COPY --from=build /out/migrate /migrate
ENTRYPOINT ["/migrate"]

FROM base AS agentctl
LABEL org.opencontainers.image.title="agentctl" \
    org.opencontainers.image.description="The operator's tool"
COPY --from=build --chown=65532:65532 /folders/home /home/nonroot
COPY --from=build /out/agentctl /agentctl
ENTRYPOINT ["/agentctl"]

FROM base AS simulator
LABEL org.opencontainers.image.title="simulator" \
    org.opencontainers.image.description="Plays ServiceDesk Plus, a knowledge base and a language model, for trying things out"
COPY --from=build /out/simulator /simulator
ENTRYPOINT ["/simulator"]
