{{/*
What the three apps have in common. Each template takes a dict of root (the root context) and app (gateway, enhancer or console).
Objects are called like the app's id.
*/}}

{{/* Ports of an app, as in dapr.yaml. public is 0 for an app that has no listener but the internal one. */}}
{{- define "ai-agents.ports" -}}
{{- $ports := dict
  "gateway" (dict "internal" 8081 "public" 8080 "metrics" 9101)
  "enhancer" (dict "internal" 8082 "public" 0 "metrics" 9110)
  "console" (dict "internal" 8084 "public" 8083 "metrics" 9130) -}}
{{- get $ports .app | toJson -}}
{{- end }}

{{/* Names of the secrets that an app may read through Dapr: those of its Configuration. */}}
{{- define "ai-agents.secretNames" -}}
{{- $names := dict
  "gateway" (list "database-url" "tenant-keyset")
  "enhancer" (list "database-url" "tenant-keyset" "llm-api-key" "llm-fallback-api-key" "embeddings-api-key")
  "console" (list "console-database-url" "tenant-keyset" "console-bootstrap-token" "console-oidc-client-secret" "llm-api-key" "llm-fallback-api-key") -}}
{{- get $names .app | toJson -}}
{{- end }}

{{/* Whether other pods reach the console: with TLS, or because that was chosen. Else kubectl port-forward does. */}}
{{- define "ai-agents.consoleOpen" -}}
{{- if or .Values.console.tls.secretName .Values.console.allowPlainHTTP -}}true{{- end -}}
{{- end }}

{{/* The settings that the chart sets itself, because other objects depend on them. */}}
{{- define "ai-agents.managedSettings" -}}
{{- $root := .root -}}
{{- $ports := include "ai-agents.ports" . | fromJson -}}
{{- $values := get $root.Values .app -}}
APP_PORT: {{ $ports.internal | quote }}
INTERNAL_HOST: "0.0.0.0"
SHUTDOWN_GRACE: {{ printf "%ds" (int $values.shutdown.graceSeconds) }}
{{- with $root.Values.tenant }}
ENHANCER_TENANT: {{ . | quote }}
{{- end }}
{{- if eq .app "gateway" }}
PUBLIC_ADDR: {{ printf "0.0.0.0:%d" (int $ports.public) | quote }}
SHUTDOWN_DELAY: {{ printf "%ds" (int $values.shutdown.delaySeconds) }}
{{- end }}
{{- if eq .app "console" }}
DEDICATED_NAMESPACE_PREFIX: {{ include "ai-agents.tenantNamespace" "" }}
GATEWAY_URL: http://gateway.{{ $root.Release.Namespace }}.svc:{{ $root.Values.gateway.service.port }}
{{- if include "ai-agents.consoleOpen" $root }}
CONSOLE_ADDR: {{ printf "0.0.0.0:%d" (int $ports.public) | quote }}
{{- else }}
CONSOLE_ADDR: {{ printf "127.0.0.1:%d" (int $ports.public) | quote }}
{{- end }}
{{- if $values.tls.secretName }}
CONSOLE_TLS_CERT: /etc/console-tls/tls.crt
CONSOLE_TLS_KEY: /etc/console-tls/tls.key
{{- else if $values.allowPlainHTTP }}
CONSOLE_ALLOW_PLAIN_HTTP: "true"
{{- end }}
{{- end }}
{{- end }}

{{/* A value as it was written: a number of a values file is a float, which a large one would show. */}}
{{- define "ai-agents.text" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{ printf "%.0f" . }}{{- else -}}{{ . }}{{- end -}}
{{- end }}

{{- define "ai-agents.settings" -}}
{{- $managed := include "ai-agents.managedSettings" . | fromYaml -}}
{{- $own := (get .root.Values .app).settings -}}
{{- range $name := keys $own | sortAlpha }}
{{- if hasKey $managed $name }}
{{- fail (printf "%s.settings.%s: the chart sets it, because other objects depend on it; see the README for the value that it comes from" $.app $name) }}
{{- end }}
{{- end }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "ai-agents.id" . }}-settings
  labels:
    app.kubernetes.io/name: {{ .app }}
    {{- include "ai-agents.labels" .root | nindent 4 }}
data:
  {{- range $name, $value := merge $managed $own }}
  {{ $name }}: {{ include "ai-agents.text" $value | quote }}
  {{- end }}
{{- end }}

{{- define "ai-agents.daprAnnotations" -}}
{{- $ports := include "ai-agents.ports" . | fromJson -}}
{{- $dapr := .root.Values.dapr -}}
{{- $values := get .root.Values .app -}}
dapr.io/enabled: "true"
dapr.io/app-id: {{ include "ai-agents.id" . }}
dapr.io/app-port: {{ $ports.internal | quote }}
dapr.io/app-protocol: http
dapr.io/config: ai-agents-{{ include "ai-agents.id" . }}
dapr.io/api-token-secret: {{ include "ai-agents.id" . }}-dapr-api-token
dapr.io/app-token-secret: {{ include "ai-agents.id" . }}-app-api-token
dapr.io/metrics-port: {{ $ports.metrics | quote }}
dapr.io/log-level: {{ $dapr.logLevel }}
dapr.io/log-as-json: "true"
dapr.io/enable-native-sidecar: {{ $dapr.nativeSidecar | quote }}
dapr.io/graceful-shutdown-seconds: {{ $dapr.gracefulShutdownSeconds | quote }}
{{- if not $dapr.nativeSidecar }}
# A sidecar that is a container like the app gets its signal at the same moment: it stays until the app has gone.
dapr.io/block-shutdown-duration: {{ printf "%ds" (include "ai-agents.stopSeconds" . | int) }}
{{- end }}
dapr.io/sidecar-cpu-request: {{ $values.sidecar.resources.requests.cpu }}
dapr.io/sidecar-memory-request: {{ $values.sidecar.resources.requests.memory }}
{{- with $values.sidecar.resources.limits.cpu }}
dapr.io/sidecar-cpu-limit: {{ . }}
{{- end }}
dapr.io/sidecar-memory-limit: {{ $values.sidecar.resources.limits.memory }}
dapr.io/sidecar-seccomp-profile-type: RuntimeDefault
# All secrets are read through the component secretstore, whose scopes the Configuration sets; there is no way around it.
dapr.io/disable-builtin-k8s-secret-store: "true"
# The token for the Kubernetes API is the sidecar's, which reads the secrets; the app has none.
dapr.io/volume-mounts: kube-api-access:/var/run/secrets/kubernetes.io/serviceaccount{{ if .root.Values.trust.configMap }},trust:/etc/trust{{ end }}
{{- $env := compact (list $dapr.env (ternary "SSL_CERT_FILE=/etc/trust/ca.crt" "" (ne .root.Values.trust.configMap ""))) }}
{{- with $env }}
dapr.io/env: {{ join "," . | quote }}
{{- end }}
{{- end }}

{{/*
Authorities beside those that are known to all, in three parts of a pod. Go reads the file that SSL_CERT_FILE names, and the folder in which images
have the others.
*/}}
{{- define "ai-agents.trustEnv" -}}
{{- if .Values.trust.configMap }}
- name: SSL_CERT_FILE
  value: /etc/trust/ca.crt
{{- end }}
{{- end }}

{{- define "ai-agents.trustMount" -}}
{{- if .Values.trust.configMap }}
- name: trust
  mountPath: /etc/trust
  readOnly: true
{{- end }}
{{- end }}

{{- define "ai-agents.trustVolume" -}}
{{- with .Values.trust }}
{{- if .configMap }}
- name: trust
  configMap:
    name: {{ .configMap }}
    items: [{key: {{ .key }}, path: ca.crt}]
{{- end }}
{{- end }}
{{- end }}

{{/* How long an app may take to stop by itself, in seconds: its delay, requests under way, background work, and what it writes last. */}}
{{- define "ai-agents.stopSeconds" -}}
{{- $shutdown := (get .root.Values .app).shutdown -}}
{{- add (int (get $shutdown "delaySeconds" | default 0)) (mul 2 (int $shutdown.graceSeconds)) 5 -}}
{{- end }}

{{- define "ai-agents.deployment" -}}
{{- $ports := include "ai-agents.ports" . | fromJson -}}
{{- $values := get .root.Values .app -}}
{{- $context := . -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "ai-agents.id" . }}
  labels:
    app.kubernetes.io/name: {{ .app }}
    {{- include "ai-agents.labels" .root | nindent 4 }}
spec:
  {{- if not (or (dig "autoscaling" "hpa" "enabled" false $values) (dig "autoscaling" "keda" "enabled" false $values)) }}
  replicas: {{ $values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxUnavailable: 0, maxSurge: 1}
  selector:
    matchLabels:
      {{- include "ai-agents.selector" (dict "root" .root "name" .app) | nindent 6 }}
  template:
    metadata:
      labels:
        app.kubernetes.io/name: {{ .app }}
        {{- include "ai-agents.labels" .root | nindent 8 }}
        {{- with $values.podLabels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      annotations:
        # A change of settings, or of what the sidecar is configured with, is a new pod.
        checksum/settings: {{ include "ai-agents.settings" . | sha256sum }}
        checksum/dapr: {{ printf "%s%s" (include "ai-agents.configuration" .) (include "ai-agents.components" .root) | sha256sum }}
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ $ports.internal | quote }}
        prometheus.io/path: /metrics
        {{- include "ai-agents.daprAnnotations" . | nindent 8 }}
        {{- with $values.podAnnotations }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
    spec:
      serviceAccountName: {{ include "ai-agents.id" . }}
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: {{ add (include "ai-agents.stopSeconds" . | int) (int .root.Values.dapr.gracefulShutdownSeconds) 5 }}
      securityContext:
        {{- include "ai-agents.podSecurityContext" . | nindent 8 }}
      {{- with .root.Values.image.pullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .root.Values.priorityClassName }}
      priorityClassName: {{ . }}
      {{- end }}
      {{- with $values.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with $values.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      topologySpreadConstraints:
        {{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ $key }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "ai-agents.selector" (dict "root" $context.root "name" $context.app) | nindent 14 }}
          matchLabelKeys: [pod-template-hash]
        {{- end }}
      containers:
        - name: {{ .app }}
          image: {{ include "ai-agents.image" (dict "root" .root "name" .app) }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy }}
          envFrom:
            - configMapRef:
                name: {{ include "ai-agents.id" . }}-settings
          env:
            - name: DAPR_API_TOKEN
              valueFrom:
                secretKeyRef: {name: {{ include "ai-agents.id" . }}-dapr-api-token, key: token}
            - name: APP_API_TOKEN
              valueFrom:
                secretKeyRef: {name: {{ include "ai-agents.id" . }}-app-api-token, key: token}
            {{- include "ai-agents.trustEnv" .root | nindent 12 }}
          ports:
            {{- if $ports.public }}
            - name: public
              containerPort: {{ $ports.public }}
            {{- end }}
            - name: internal
              containerPort: {{ $ports.internal }}
          # The app listens when sidecar, secrets and database have answered, each of which it waits for: DAPR_START_WAIT, DB_CONNECT_TIMEOUT.
          startupProbe:
            httpGet: {path: /healthz, port: internal}
            periodSeconds: 2
            failureThreshold: 75
          # Whether the process serves. What it depends on is none of this: a restart does not mend a database.
          livenessProbe:
            httpGet: {path: /healthz, port: internal}
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          # Asks its dependencies, within 3 s.
          readinessProbe:
            httpGet: {path: /readyz, port: internal}
            periodSeconds: 5
            timeoutSeconds: 4
            failureThreshold: 2
          resources:
            {{- toYaml $values.resources | nindent 12 }}
          securityContext:
            {{- include "ai-agents.containerSecurityContext" . | nindent 12 }}
          {{- $certificate := and (eq .app "console") $values.tls.secretName }}
          {{- if or $certificate .root.Values.trust.configMap }}
          volumeMounts:
            {{- if $certificate }}
            - name: console-tls
              mountPath: /etc/console-tls
              readOnly: true
            {{- end }}
            {{- include "ai-agents.trustMount" .root | nindent 12 }}
          {{- end }}
      volumes:
        - name: kube-api-access
          projected:
            sources:
              - serviceAccountToken: {path: token, expirationSeconds: 3607}
              - configMap:
                  name: kube-root-ca.crt
                  items: [{key: ca.crt, path: ca.crt}]
              - downwardAPI:
                  items:
                    - path: namespace
                      fieldRef: {fieldPath: metadata.namespace}
        {{- if $certificate }}
        - name: console-tls
          secret:
            secretName: {{ $values.tls.secretName }}
        {{- end }}
        {{- include "ai-agents.trustVolume" .root | nindent 8 }}
{{- end }}

{{/* Its ServiceAccount, which may read the secrets of the app and of the components that its sidecar loads, by name, and nothing else. */}}
{{- define "ai-agents.access" -}}
{{- $names := include "ai-agents.secretNames" . | fromJsonArray -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "ai-agents.id" . }}
  labels:
    app.kubernetes.io/name: {{ .app }}
    {{- include "ai-agents.labels" .root | nindent 4 }}
  {{- with (get .root.Values .app).serviceAccountAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
---
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ include "ai-agents.id" . }}-secrets
  labels:
    app.kubernetes.io/name: {{ .app }}
    {{- include "ai-agents.labels" .root | nindent 4 }}
rules:
  - apiGroups: [""]
    resources: [secrets]
    # redis-password is for the components; the Configuration denies it to the app.
    resourceNames: {{ append $names "redis-password" | toJson }}
    verbs: [get]
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ include "ai-agents.id" . }}-secrets
  labels:
    app.kubernetes.io/name: {{ .app }}
    {{- include "ai-agents.labels" .root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ include "ai-agents.id" . }}-secrets
subjects:
  - kind: ServiceAccount
    name: {{ include "ai-agents.id" . }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{- define "ai-agents.disruption" -}}
{{- if gt (int (get .root.Values .app).replicas) 1 }}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "ai-agents.id" . }}
  labels:
    app.kubernetes.io/name: {{ .app }}
    {{- include "ai-agents.labels" .root | nindent 4 }}
spec:
  maxUnavailable: 1
  # A pod that is not ready serves nobody, and must not hold up a node that is to be emptied.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "ai-agents.selector" (dict "root" .root "name" .app) | nindent 6 }}
{{- end }}
{{- end }}

{{- define "ai-agents.hpa" -}}
{{- $hpa := (get .root.Values .app).autoscaling.hpa -}}
{{- if $hpa.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "ai-agents.id" . }}
  labels:
    app.kubernetes.io/name: {{ .app }}
    {{- include "ai-agents.labels" .root | nindent 4 }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "ai-agents.id" . }}}
  minReplicas: {{ $hpa.minReplicas }}
  maxReplicas: {{ $hpa.maxReplicas }}
  metrics:
    # Of the app alone: its sidecar's processor time is no measure of its load.
    - type: ContainerResource
      containerResource:
        name: cpu
        container: {{ .app }}
        target: {type: Utilization, averageUtilization: {{ $hpa.cpuPercent }}}
  behavior:
    scaleDown:
      stabilizationWindowSeconds: 300
{{- end }}
{{- end }}
