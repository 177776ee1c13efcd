{{- define "ai-agents.podMonitor" -}}
{{- if .Values.monitoring.podMonitor }}
# Jobs and labels as in deploy/prometheus/prometheus-kubernetes.yaml, so that rules and dashboards are the same.
apiVersion: monitoring.coreos.com/v1
kind: PodMonitor
metadata:
  name: ai-agents
  labels:
    {{- include "ai-agents.labels" . | nindent 4 }}
    {{- with .Values.monitoring.labels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  selector:
    matchLabels:
      app.kubernetes.io/part-of: ai-agents
      app.kubernetes.io/instance: {{ .Release.Name }}
    matchExpressions:
      - {key: app.kubernetes.io/name, operator: In, values: {{ include "ai-agents.apps" . }}}
  podMetricsEndpoints:
    - port: internal
      path: /metrics
      interval: 15s
      relabelings:
        - {sourceLabels: [__meta_kubernetes_pod_label_app_kubernetes_io_name], targetLabel: job}
        - {sourceLabels: [__meta_kubernetes_pod_annotation_dapr_io_app_id], targetLabel: app_id}
    - port: dapr-metrics
      path: /metrics
      interval: 15s
      # daprd says its app_id in most of its series itself, and it is the same.
      honorLabels: true
      relabelings:
        - {targetLabel: job, replacement: daprd}
        - {sourceLabels: [__meta_kubernetes_pod_annotation_dapr_io_app_id], targetLabel: app_id}
{{- end }}
{{- end }}
