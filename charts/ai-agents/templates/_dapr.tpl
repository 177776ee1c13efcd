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

{{/* App ids with state or changes of tenants to hear of: all but the console. */}}
{{- define "ai-agents.stateful" -}}
{{- without (include "ai-agents.ids" . | fromJsonArray) "console" | toJson -}}
{{- end }}

{{/* Who may send and hear what, as pubsub has it. The gateway sends to each tenant's own topic; who hears it is said in the tenant's namespace,
by a component of its own. One of a tenant knows no topic of another: what is not in `all` is refused, whoever asks. */}}
{{- define "ai-agents.topics" -}}
{{- $of := include "ai-agents.ofTenant" . -}}
{{- $queue := printf "enhancement:queue%s" $of -}}
{{- $dead := printf "enhancement:dead%s" $of -}}
{{- $all := list $queue $dead "tenant:changed" -}}
{{- $id := include "ai-agents.id" (dict "root" . "app" "enhancer") -}}
{{- $publish := printf "%s=%s" $id $dead -}}
{{- $subscribe := printf "%s=%s" $id (join "," $all) -}}
{{- if not .Values.tenant -}}
{{- $sent := list $queue -}}
{{- range .Values.dedicatedTenants -}}
{{- $sent = append $sent (printf "enhancement:queue:%s" .) -}}
{{- end -}}
{{- $all = concat $all (rest $sent) -}}
{{- $publish = printf "gateway=%s;console=%s,tenant:changed;%s" (join "," $sent) $queue $publish -}}
{{- $subscribe = printf "%s;gateway=tenant:changed" $subscribe -}}
{{- end -}}
{{- dict "all" (join "," $all) "publish" $publish "subscribe" $subscribe "queue" $queue "dead" $dead | toJson -}}
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
scopes: {{ include "ai-agents.ids" . }}
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
scopes: {{ include "ai-agents.stateful" . }}
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
    {{- $topics := include "ai-agents.topics" . | fromJson }}
    - name: allowedTopics
      value: {{ $topics.all | quote }}
    - name: protectedTopics
      value: {{ $topics.all | quote }}
    - name: publishingScopes
      value: {{ $topics.publish | quote }}
    - name: subscriptionScopes
      value: {{ $topics.subscribe | quote }}
auth:
  secretStore: secretstore
scopes: {{ include "ai-agents.ids" . }}
{{- end }}

{{/* Where gateway and console are. */}}
{{- define "ai-agents.platformNamespace" -}}
{{- if .Values.tenant }}{{ .Values.platform.namespace }}{{ else }}{{ .Release.Namespace }}{{ end -}}
{{- end }}

{{/* Takes a dict of root and app. mTLS is no part of it: Dapr's own Configuration has it, and on. */}}
{{- define "ai-agents.configuration" -}}
apiVersion: dapr.io/v1alpha1
kind: Configuration
metadata:
  name: ai-agents-{{ include "ai-agents.id" . }}
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
        namespace: {{ include "ai-agents.platformNamespace" .root }}
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

{{- define "ai-agents.resiliency" -}}
# The Redis component acknowledges a message when its last delivery attempt fails before processingTimeout (30 s),
# and leaves it pending, to be delivered again, when it fails later. So the attempts must go on for longer than
# that, and not much longer: each message that fails holds one of the component's workers meanwhile.
# What then has a dead-letter topic goes there, once or twice, and is acknowledged. Policies are a component's and not a
# topic's: these are for the dead letters themselves, too, which have no such topic, and for tenant:changed.
apiVersion: dapr.io/v1alpha1
kind: Resiliency
metadata:
  name: resiliency
  labels:
    {{- include "ai-agents.labels" . | nindent 4 }}
spec:
  policies:
    retries:
      until-pending-again:
        policy: constant
        duration: 5s
        maxRetries: 7
    timeouts:
      publish: 4s
      delivery: 15s
  targets:
    components:
      pubsub:
        inbound:
          retry: until-pending-again
          timeout: delivery
        outbound:
          timeout: publish
scopes: {{ include "ai-agents.ids" . }}
{{- end }}

{{- define "ai-agents.subscriptions" -}}
{{- $topics := include "ai-agents.topics" . | fromJson -}}
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata:
  name: enhancement-queue
  labels:
    {{- include "ai-agents.labels" . | nindent 4 }}
spec:
  pubsubname: pubsub
  topic: {{ $topics.queue }}
  routes:
    default: /events/enhancement
  # What was refused, or could not be delivered in all attempts of resiliency.yaml.
  deadLetterTopic: {{ $topics.dead }}
scopes: [{{ include "ai-agents.id" (dict "root" . "app" "enhancer") }}]
---
# Messages of enhancement:queue that could not be delivered. They are taken as they are, unread: what is no CloudEvent could
# not be handed on otherwise, and would be dropped by the sidecar without a word. This topic has no dead letters of its own.
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata:
  name: enhancement-dead
  labels:
    {{- include "ai-agents.labels" . | nindent 4 }}
spec:
  pubsubname: pubsub
  topic: {{ $topics.dead }}
  routes:
    default: /events/dead
  metadata:
    rawPayload: "true"
scopes: [{{ include "ai-agents.id" (dict "root" . "app" "enhancer") }}]
---
# Every app gets each change once, whichever of its replicas: the copies that it throws out are the app's, not the replica's.
apiVersion: dapr.io/v2alpha1
kind: Subscription
metadata:
  name: tenant-changed
  labels:
    {{- include "ai-agents.labels" . | nindent 4 }}
spec:
  pubsubname: pubsub
  topic: tenant:changed
  routes:
    default: /events/tenant
scopes: {{ include "ai-agents.stateful" . }}
{{- end }}

{{- define "ai-agents.workflowAccessPolicy" -}}
# Workflows are begun, ended and removed by the enhancer's own replicas, which this does not touch; without a rule, by nobody else. Who calls is
# told by the certificate of its sidecar, so that there is no such policy where there is no mTLS (components/).
apiVersion: dapr.io/v1alpha1
kind: WorkflowAccessPolicy
metadata:
  name: {{ include "ai-agents.id" (dict "root" . "app" "enhancer") }}
  labels:
    app.kubernetes.io/name: enhancer
    {{- include "ai-agents.labels" . | nindent 4 }}
spec:
  rules: []
scopes: [{{ include "ai-agents.id" (dict "root" . "app" "enhancer") }}]
{{- end }}
