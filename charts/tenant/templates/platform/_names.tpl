{{/* What every object carries. Takes the root context. */}}
{{- define "ai-agents.labels" -}}
app.kubernetes.io/part-of: ai-agents
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}

{{/*
charts/tenant has a copy of this file and of the others whose names begin with _ (`make charts`): it has a value tenant, which this chart has not.
*/}}

{{/* The apps of a release, and its app ids, as JSON. Take the root context. */}}
{{- define "ai-agents.apps" -}}
{{- ternary (list "enhancer") (list "gateway" "enhancer" "console") (not (not .Values.tenant)) | toJson -}}
{{- end }}
{{- define "ai-agents.ids" -}}
{{- $ids := list -}}
{{- range include "ai-agents.apps" . | fromJsonArray }}{{ $ids = append $ids (include "ai-agents.id" (dict "root" $ "app" .)) }}{{ end -}}
{{- $ids | toJson -}}
{{- end }}

{{/* The app id of an app, which its Deployment and what belongs to it are called, too. Takes a dict of root and app. */}}
{{- define "ai-agents.id" -}}
{{- .app }}{{ with .root.Values.tenant }}-{{ . }}{{ end -}}
{{- end }}

{{/* The namespace of a tenant with an enhancer of its own. It follows from the id, so that no value can send it, or let it listen, elsewhere. */}}
{{- define "ai-agents.tenantNamespace" -}}
tenant-{{ . }}
{{- end }}

{{/* Of a topic, what belongs to the tenant of this release: empty for the shared enhancer. */}}
{{- define "ai-agents.ofTenant" -}}
{{- with .Values.tenant }}:{{ . }}{{ end -}}
{{- end }}

{{/* Which pods belong to a part. Takes a dict of root and name. */}}
{{- define "ai-agents.selector" -}}
app.kubernetes.io/name: {{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* An image of ours, by digest when there is one. Takes a dict of root and name. */}}
{{- define "ai-agents.image" -}}
{{- $image := .root.Values.image -}}
{{- $digest := get $image.digests .name -}}
{{- if $digest -}}
{{ $image.registry }}/{{ .name }}@{{ $digest }}
{{- else -}}
{{ $image.registry }}/{{ .name }}:{{ $image.tag | default .root.Chart.AppVersion }}
{{- end -}}
{{- end }}

{{/* The address of Redis, as its components want it. */}}
{{- define "ai-agents.redisHost" -}}
{{- if .Values.redis.enabled -}}
redis.{{ .Release.Namespace }}.svc:6379
{{- else -}}
{{ required "redis.external.address: the host:port of your Redis is needed, or redis.enabled=true for a small one beside the apps" .Values.redis.external.address }}
{{- end -}}
{{- end }}

{{/* Takes a dict of root, name and key: what a Secret holds already, or else a new random value. What `lookup` cannot see, as in
`helm template`, is made anew each time. */}}
{{- define "ai-agents.kept" -}}
{{- $there := lookup "v1" "Secret" .root.Release.Namespace .name -}}
{{- $value := "" -}}
{{- if $there -}}{{- $value = get ($there.data | default dict) .key -}}{{- end -}}
{{- if $value -}}{{ $value | b64dec }}{{- else -}}{{ randAlphaNum 32 }}{{- end -}}
{{- end }}

{{/* Security contexts that restricted Pod Security asks for. */}}
{{- define "ai-agents.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}
{{- define "ai-agents.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}
