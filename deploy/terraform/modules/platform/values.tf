locals {
  controller_values = {
    cert-manager     = { crds = { enabled = true }, replicaCount = 2, webhook = { replicaCount = 3 }, cainjector = { replicaCount = 2 } }
    external-secrets = { replicaCount = 2, leaderElect = true, serviceAccount = { name = "external-secrets", annotations = { "eks.amazonaws.com/role-arn" = var.roles.external_secrets } } }
    keda             = { operator = { replicaCount = 2 }, metricsServer = { replicaCount = 2 } }
    metrics-server   = { replicas = 2 }
    cluster-autoscaler = {
      awsRegion     = var.region
      autoDiscovery = { clusterName = var.cluster_name }
      replicaCount  = 2
      rbac          = { serviceAccount = { name = "cluster-autoscaler", annotations = { "eks.amazonaws.com/role-arn" = var.roles.cluster_autoscaler } } }
      # Pods with volumes stay with the group of their zone.
      extraArgs = { balance-similar-node-groups = true, skip-nodes-with-system-pods = false }
    }
  }

  # Rules, monitors and dashboards of all releases, not only of this one.
  monitoring_values = {
    prometheus = { prometheusSpec = {
      replicas                                = 2
      retention                               = "30d"
      podMonitorSelectorNilUsesHelmValues     = false
      serviceMonitorSelectorNilUsesHelmValues = false
      ruleSelectorNilUsesHelmValues           = false
      storageSpec = { volumeClaimTemplate = { spec = {
        storageClassName = "encrypted"
        accessModes      = ["ReadWriteOnce"]
        resources        = { requests = { storage = "50Gi" } }
      } } }
    } }
    alertmanager = { alertmanagerSpec = { replicas = 3 } }
    grafana      = { sidecar = { dashboards = { searchNamespace = "ALL" } } }
  }

  # The sender's address is what limits and audit entries go by: Local keeps it as far as Traefik.
  traefik_values = {
    deployment          = { replicas = 3 }
    podDisruptionBudget = { enabled = true, minAvailable = 2 }
    ingressClass        = { name = "traefik", isDefaultClass = false }
    service = {
      annotations = {
        "service.beta.kubernetes.io/aws-load-balancer-type"                              = "nlb"
        "service.beta.kubernetes.io/aws-load-balancer-cross-zone-load-balancing-enabled" = "true"
      }
      spec = { externalTrafficPolicy = "Local" }
    }
  }

  # Without the capability setting, sidecars are refused by restricted Pod Security.
  dapr_values = {
    global                = { ha = { enabled = true } }
    dapr_sidecar_injector = { sidecarDropALLCapabilities = true }
    dapr_scheduler        = { cluster = { storageClassName = "encrypted", storageSize = "16Gi" } }
  }

  ground_values = {
    region   = var.region
    issuer   = { server = var.acme.server, email = var.acme.email, ingressClass = "traefik" }
    database = { host = var.database.host, port = var.database.port, masterSecret = var.database.master_secret_arn, passwords = var.secret_names["database-passwords"] }
    secrets  = { for name, remote in var.secret_names : name => remote if name != "database-passwords" }
  }

  platform_values = {
    image = { registry = var.image.registry, tag = var.image.tag }
    gateway = {
      replicas    = 3
      settings    = { TRUSTED_PROXIES = join(",", var.networks.private) }
      autoscaling = { hpa = { enabled = true, minReplicas = 3, maxReplicas = 12 } }
    }
    enhancer = {
      replicas = 3
      settings = { FEEDBACK_URL = "https://${var.host}", LLM_BASE_URL = var.model.base_url, LLM_MODEL = var.model.name }
      autoscaling = { keda = {
        enabled           = true, minReplicas = 3, maxReplicas = 12
        prometheusAddress = "http://kube-prometheus-stack-prometheus.monitoring.svc:9090"
      } }
    }
    console = { settings = { LLM_BASE_URL = var.model.base_url, LLM_MODEL = var.model.name } }
    redis   = { external = { address = var.redis.address, tls = true } }
    ingress = { enabled = true, className = "traefik", host = var.host, certManager = { clusterIssuer = "ai-agents" } }
    networkPolicies = {
      ingressFrom = [{ namespaceSelector = { matchLabels = { "kubernetes.io/metadata.name" = "traefik" } } }]
      metricsFrom = [{ namespaceSelector = { matchLabels = { "kubernetes.io/metadata.name" = "monitoring" } } }]
      postgresql  = { to = [for cidr in var.networks.data : { ipBlock = { cidr = cidr } }], port = var.database.port }
      redis       = { to = [for cidr in var.networks.data : { ipBlock = { cidr = cidr } }], port = var.redis.port }
      # The API by its Service, and by its private ends, which are in the nodes' subnets.
      kubernetesAPI = { to = [for cidr in concat(["${cidrhost(var.networks.services, 1)}/32"], var.networks.private) : { ipBlock = { cidr = cidr } }], ports = [443] }
    }
    monitoring = { podMonitor = true, prometheusRule = true, dashboards = true }
  }
}
