# What the platform stands on, in this order; each is waited for.
locals {
  versions = merge({
    cert-manager          = "v1.21.2"
    cluster-autoscaler    = "9.50.1"
    dapr                  = "1.18.2" # That which the platform is built and tested with.
    external-secrets      = "1.3.2"
    keda                  = "2.17.2"
    kube-prometheus-stack = "76.4.0"
    metrics-server        = "3.13.0"
    traefik               = "41.5.0"
  }, var.versions)

  controllers = {
    cert-manager     = { repository = "https://charts.jetstack.io", namespace = "cert-manager" }
    external-secrets = { repository = "https://charts.external-secrets.io", namespace = "external-secrets" }
    keda             = { repository = "https://kedacore.github.io/charts", namespace = "keda" }
    metrics-server   = { repository = "https://kubernetes-sigs.github.io/metrics-server", namespace = "kube-system" }
    cluster-autoscaler = {
      repository = "https://kubernetes.github.io/autoscaler", namespace = "kube-system"
    }
  }
}

# The storage class comes first: Prometheus and Dapr's scheduler have volumes of it.
resource "helm_release" "storage" {
  name      = "storage"
  chart     = "${path.module}/charts/storage"
  namespace = "kube-system"
}

resource "helm_release" "controller" {
  for_each         = local.controllers
  name             = each.key
  repository       = each.value.repository
  chart            = each.key
  version          = local.versions[each.key]
  namespace        = each.value.namespace
  create_namespace = true
  wait             = true
  timeout          = 600
  values           = concat([yamlencode(local.controller_values[each.key])], lookup(var.chart_values, each.key, []))
}

resource "helm_release" "monitoring" {
  name             = "kube-prometheus-stack"
  repository       = "https://prometheus-community.github.io/helm-charts"
  chart            = "kube-prometheus-stack"
  version          = local.versions["kube-prometheus-stack"]
  namespace        = "monitoring"
  create_namespace = true
  wait             = true
  timeout          = 900
  values           = concat([yamlencode(local.monitoring_values)], lookup(var.chart_values, "kube-prometheus-stack", []))
  depends_on       = [helm_release.storage]
}

resource "helm_release" "traefik" {
  name             = "traefik"
  repository       = "https://traefik.github.io/charts"
  chart            = "traefik"
  version          = local.versions["traefik"]
  namespace        = "traefik"
  create_namespace = true
  wait             = true
  timeout          = 600
  values           = concat([yamlencode(local.traefik_values)], lookup(var.chart_values, "traefik", []))
}

resource "helm_release" "dapr" {
  name             = "dapr"
  repository       = "https://dapr.github.io/helm-charts"
  chart            = "dapr"
  version          = local.versions["dapr"]
  namespace        = "dapr-system"
  create_namespace = true
  wait             = true
  timeout          = 600
  values           = concat([yamlencode(local.dapr_values)], lookup(var.chart_values, "dapr", []))
  depends_on       = [helm_release.storage]
}

# The namespace, who signs its certificates, and where its Secrets come from.
resource "helm_release" "ground" {
  name       = "ai-agents-ground"
  chart      = "${path.module}/charts/ground"
  namespace  = "kube-system"
  values     = [yamlencode(local.ground_values)]
  depends_on = [helm_release.controller]
}

resource "helm_release" "platform" {
  name       = "ai-agents"
  chart      = var.chart.location
  version    = var.chart.version
  namespace  = "ai-agents"
  wait       = true
  timeout    = 900
  values     = concat([yamlencode(local.platform_values)], var.values)
  depends_on = [helm_release.ground, helm_release.dapr, helm_release.monitoring, helm_release.traefik]
}
