{{/* Pods of this release. Takes a dict of root and name. */}}
{{- define "ai-agents.peer" -}}
- podSelector:
    matchLabels:
      {{- include "ai-agents.selector" . | nindent 6 }}
{{- end }}

{{/* Pods of the platform in another namespace, whatever its release is called. Takes a dict of namespace and name. */}}
{{- define "ai-agents.platformPeer" -}}
- namespaceSelector:
    matchLabels: {kubernetes.io/metadata.name: {{ .namespace }}}
  podSelector:
    matchLabels:
      app.kubernetes.io/name: {{ .name }}
      app.kubernetes.io/part-of: ai-agents
{{- end }}

{{/* The enhancers of tenants that have one of their own. Takes the root context. */}}
{{- define "ai-agents.tenantPeers" -}}
{{- range .Values.dedicatedTenants }}
{{ include "ai-agents.platformPeer" (dict "namespace" (include "ai-agents.tenantNamespace" .) "name" "enhancer") }}
{{- end }}
{{- end }}

{{- define "ai-agents.dnsRule" -}}
- to:
    {{- toYaml .Values.networkPolicies.dns | nindent 4 }}
  ports:
    - {port: 53, protocol: UDP}
    - {port: 53, protocol: TCP}
{{- end }}

{{- define "ai-agents.postgresRule" -}}
- to:
    {{- if (.Values.postgresql).enabled }}
    {{- include "ai-agents.peer" (dict "root" . "name" "postgresql") | nindent 4 }}
    {{- else }}
    {{- toYaml .Values.networkPolicies.postgresql.to | nindent 4 }}
    {{- end }}
  ports:
    - {port: {{ ternary 5432 (int .Values.networkPolicies.postgresql.port) (not (not (.Values.postgresql).enabled)) }}, protocol: TCP}
{{- end }}

{{/* What a sidecar needs of Dapr, each on the port of its pods: operator, sentry, placement, scheduler. */}}
{{- define "ai-agents.sidecarEgress" -}}
{{- range $name, $port := dict "dapr-operator" 6500 "dapr-sentry" 50001 "dapr-placement-server" 50005 "dapr-scheduler-server" 50006 }}
- to:
    - namespaceSelector:
        matchLabels: {kubernetes.io/metadata.name: {{ $.Values.dapr.namespace }}}
      podSelector:
        matchLabels: {app: {{ $name }}}
  ports:
    - {port: {{ $port }}, protocol: TCP}
{{- end }}
- to:
    {{- if .Values.redis.enabled }}
    {{- include "ai-agents.peer" (dict "root" . "name" "redis") | nindent 4 }}
    {{- else }}
    {{- toYaml .Values.networkPolicies.redis.to | nindent 4 }}
    {{- end }}
  ports:
    - {port: {{ ternary 6379 (int .Values.networkPolicies.redis.port) (not (not .Values.redis.enabled)) }}, protocol: TCP}
# Secrets, with the sidecar's token.
- to:
    {{- toYaml .Values.networkPolicies.kubernetesAPI.to | nindent 4 }}
  ports:
    {{- range .Values.networkPolicies.kubernetesAPI.ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- with .Values.networkPolicies.tracing }}
{{- if .to }}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    - {port: {{ .port }}, protocol: TCP}
{{- end }}
{{- end }}
{{- end }}

{{- define "ai-agents.outsideRule" -}}
{{- with .Values.networkPolicies.outside }}
{{- if .to }}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
    {{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* An app's policy. Takes a dict of root and app. */}}
{{- define "ai-agents.networkPolicy" -}}
{{- $ports := include "ai-agents.ports" . | fromJson -}}
{{- $policies := .root.Values.networkPolicies -}}
{{- if $policies.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: {{ include "ai-agents.id" . }}
  labels:
    app.kubernetes.io/name: {{ .app }}
    {{- include "ai-agents.labels" .root | nindent 4 }}
spec:
  podSelector:
    matchLabels:
      {{- include "ai-agents.selector" (dict "root" .root "name" .app) | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    {{- with $policies.metricsFrom }}
    - from:
        {{- toYaml . | nindent 8 }}
      ports:
        - {port: {{ $ports.internal }}, protocol: TCP}
        - {port: {{ $ports.metrics }}, protocol: TCP}
    {{- end }}
    {{- if eq .app "gateway" }}
    # Test webhooks.
    - from:
        {{- include "ai-agents.peer" (dict "root" .root "name" "console") | nindent 8 }}
        {{- with $policies.ingressFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {port: {{ $ports.public }}, protocol: TCP}
    {{- end }}
    {{- if eq .app "enhancer" }}
    # Previews, from the console's sidecar; workflows' actors, from each other's.
    - from:
        {{- if .root.Values.tenant }}
        {{- include "ai-agents.platformPeer" (dict "namespace" .root.Values.platform.namespace "name" "console") | nindent 8 }}
        {{- else }}
        {{- include "ai-agents.peer" (dict "root" .root "name" "console") | nindent 8 }}
        {{- end }}
        {{- include "ai-agents.peer" (dict "root" .root "name" "enhancer") | nindent 8 }}
      ports:
        - {port: 50002, protocol: TCP}
    {{- end }}
    {{- if and (eq .app "console") (include "ai-agents.consoleOpen" .root) (or .root.Values.smokeTest.enabled $policies.consoleFrom) }}
    - from:
        {{- if .root.Values.smokeTest.enabled }}
        {{- include "ai-agents.peer" (dict "root" .root "name" "smoke-test") | nindent 8 }}
        {{- end }}
        {{- with $policies.consoleFrom }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      ports:
        - {port: {{ $ports.public }}, protocol: TCP}
    {{- end }}
  egress:
    {{- include "ai-agents.dnsRule" .root | nindent 4 }}
    {{- include "ai-agents.postgresRule" .root | nindent 4 }}
    {{- include "ai-agents.sidecarEgress" .root | nindent 4 }}
    {{- if ne .app "gateway" }}
    - to:
        {{- include "ai-agents.peer" (dict "root" .root "name" "enhancer") | nindent 8 }}
        {{- if eq .app "console" }}
        {{- include "ai-agents.tenantPeers" .root | nindent 8 }}
        {{- end }}
      ports:
        - {port: 50002, protocol: TCP}
    {{- include "ai-agents.outsideRule" .root | nindent 4 }}
    {{- end }}
    {{- if eq .app "console" }}
    - to:
        {{- include "ai-agents.peer" (dict "root" .root "name" "gateway") | nindent 8 }}
      ports:
        - {port: 8080, protocol: TCP}
    {{- end }}
{{- end }}
{{- end }}
