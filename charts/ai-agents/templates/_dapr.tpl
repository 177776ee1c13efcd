{{/*
What Dapr is told: the components of components/ with a cluster's addresses and secret store. e2e/charts compares them.
*/}}

{{- define "ai-agents.redisMetadata" -}}
- name: redisHost
  value: {{ include "ai-agents.redisHost" . | quote }}
- name: redisPassword
  secretKeyRef: {name: redis-password, key: redis-password}
{{- if not .Values.redis.enabled }}
{{- with .Values.redis.external }}
{{- if .username }}
- name: redisUsername
  value: {{ .username | quote }}
{{- end }}
{{- if .tls }}
- name: enableTLS
  value: "true"
{{- end }}
{{- if .type }}
- name: redisType
  value: {{ .type }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "ai-agents.components" -}}
# Secrets of this namespace, with the rights of the app whose sidecar asks: its Role names those that it may read.
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: secretstore
  labels:
    {{- include "ai-agents.labels" . | nindent 4 }}
spec:
  type: secretstores.kubernetes
  version: v1
  metadata: []
scopes: [gateway, enhancer, console]
---
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: statestore
  labels:
    {{- include "ai-agents.labels" . | nindent 4 }}
spec:
  type: state.redis
  version: v1
  metadata:
    {{- include "ai-agents.redisMetadata" . | nindent 4 }}
    - name: actorStateStore
      value: "true"
auth:
  secretStore: secretstore
scopes: [gateway, enhancer]
---
# Why these values: components/pubsub.yaml.
apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: pubsub
  labels:
    {{- include "ai-agents.labels" . | nindent 4 }}
spec:
  type: pubsub.redis
  version: v1
  metadata:
    {{- include "ai-agents.redisMetadata" . | nindent 4 }}
    - name: processingTimeout
      value: 30s
    - name: redeliverInterval
      value: 5s
    - name: queueDepth
      value: "200"
    - name: concurrency
      value: "100"
    - name: streamTTL
      value: 1h
    - name: allowedTopics
      value: "enhancement:queue,enhancement:dead,tenant:changed"
    - name: protectedTopics
      value: "enhancement:queue,enhancement:dead,tenant:changed"
    - name: publishingScopes
      value: "gateway=enhancement:queue;console=enhancement:queue,tenant:changed;enhancer=enhancement:dead"
    - name: subscriptionScopes
      value: "enhancer=enhancement:queue,enhancement:dead,tenant:changed;gateway=tenant:changed"
auth:
  secretStore: secretstore
scopes: [gateway, enhancer, console]
{{- end }}

{{/* Takes a dict of root and app. mTLS is no part of it: Dapr's own Configuration has it, and on. */}}
{{- define "ai-agents.configuration" -}}
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: ai-agents-{{ .app }}
  labels:
    app.kubernetes.io/name: {{ .app }}
    {{- include "ai-agents.labels" .root | nindent 4 }}
spec:
  {{- if eq .app "enhancer" }}
  workflow:
    {{- toYaml .root.Values.enhancer.workflow | nindent 4 }}
  {{- end }}
  secrets:
    scopes:
      - storeName: secretstore
        defaultAccess: deny
        allowedSecrets: {{ include "ai-agents.secretNames" . }}
  # Who may call what of this app through its sidecar. Only the enhancer is called, by the console, for previews.
  accessControl:
    defaultAction: deny
    trustDomain: public
    {{- if eq .app "enhancer" }}
    policies:
      - appId: console
        defaultAction: allow
        trustDomain: public
        namespace: {{ .root.Release.Namespace }}
    {{- end }}
  {{- with .root.Values.dapr.tracing }}
  {{- if .endpoint }}
  tracing:
    samplingRate: {{ .samplingRate | quote }}
    otel:
      endpointAddress: {{ .endpoint | quote }}
      isSecure: {{ .secure }}
      protocol: grpc
  {{- end }}
  {{- end }}
  logging:
    apiLogging:
      enabled: false
{{- end }}
