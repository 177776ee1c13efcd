output "platform_values" {
  description = "The values that the platform's chart is installed with, as YAML. Nothing secret is in them."
  value       = yamlencode(local.platform_values)
}

output "ground_values" {
  description = "The values of the chart ground, as YAML. Nothing secret is in them."
  value       = yamlencode(local.ground_values)
}

output "charts" {
  description = "Versions and values of the charts beside the platform's, as YAML. Nothing secret is in them."
  value = yamlencode({ for name, values in merge(local.controller_values, {
    dapr = local.dapr_values, kube-prometheus-stack = local.monitoring_values, traefik = local.traefik_values,
  }) : name => { version = local.versions[name], values = values } })
}

output "load_balancer" {
  description = "How to find what the platform's name has to point to."
  value       = "kubectl --namespace traefik get service traefik"
}
