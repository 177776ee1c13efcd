{{/* Between each app and its sidecar, and of nobody else: made here, kept over upgrades. */}}
{{- define "ai-agents.tokens" -}}
{{- if .Values.secrets.createTokens }}
{{- range $app := include "ai-agents.apps" . | fromJsonArray }}
{{- range $kind := list "dapr-api-token" "app-api-token" }}
{{- $name := printf "%s-%s" (include "ai-agents.id" (dict "root" $ "app" $app)) $kind }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ $name }}
  labels:
    app.kubernetes.io/name: {{ $app }}
    {{- include "ai-agents.labels" $ | nindent 4 }}
type: Opaque
data:
  token: {{ include "ai-agents.kept" (dict "root" $ "name" $name "key" "token") | b64enc }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* What the apps and components read, one Secret for each name, as in the secret store of components/. */}}
{{- define "ai-agents.givenSecrets" -}}
{{- range $name := keys .Values.secrets.values | sortAlpha }}
{{- $value := get $.Values.secrets.values $name }}
{{- if $value }}
---
apiVersion: v1
kind: Secret
metadata:
  name: {{ $name }}
  labels:
    {{- include "ai-agents.labels" $ | nindent 4 }}
  annotations:
    # tenant-keyset opens what is in the database: it outlives the release, as the database does.
    helm.sh/resource-policy: keep
type: Opaque
data:
  {{ $name }}: {{ $value | b64enc }}
{{- end }}
{{- end }}
{{- end }}
