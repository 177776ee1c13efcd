mock_provider "helm" {}

variables {
  cluster_name = "example"
  region       = "eu-central-1"
  roles        = { external_secrets = "arn:aws:iam::111122223333:role/example-external-secrets", cluster_autoscaler = "arn:aws:iam::111122223333:role/example-cluster-autoscaler" }
  database     = { host = "db.example.com", port = 5432, master_secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-example" }
  redis        = { address = "redis.example.com:6379", port = 6379 }
  secret_names = { database-passwords = "example/database-passwords", redis-password = "example/redis-password", tenant-keyset = "example/tenant-keyset" }
  networks     = { private = ["10.20.32.0/19"], data = ["10.20.8.0/24"], services = "172.20.0.0/16" }
  host         = "agents.example.com"
  acme         = { email = "operations@example.com" }
  model        = { base_url = "https://llm.example.com/v1", name = "example-model" }
  chart        = { location = "../../../../charts/ai-agents" }
}

run "dapr_is_what_the_platform_needs" {
  assert {
    condition     = yamldecode(helm_release.dapr.values[0]).global.ha.enabled && yamldecode(helm_release.dapr.values[0]).dapr_sidecar_injector.sidecarDropALLCapabilities
    error_message = "Three of each, and sidecars that restricted Pod Security lets in."
  }
  assert {
    condition     = helm_release.dapr.version == "1.18.2"
    error_message = "The version that the platform is tested with."
  }
}

run "every_chart_has_a_version" {
  assert {
    condition     = alltrue([for release in concat(values(helm_release.controller), [helm_release.dapr, helm_release.traefik, helm_release.monitoring]) : can(regex("^v?[0-9]+\\.[0-9]+\\.[0-9]+$", release.version))])
    error_message = "What is installed is what was looked at."
  }
}

run "policies_name_the_networks" {
  assert {
    condition     = [for peer in yamldecode(output.platform_values).networkPolicies.kubernetesAPI.to : peer.ipBlock.cidr] == ["172.20.0.1/32", "10.20.32.0/19"]
    error_message = "The API's Service and its ends."
  }
  assert {
    condition     = [for peer in yamldecode(output.platform_values).networkPolicies.redis.to : peer.ipBlock.cidr] == ["10.20.8.0/24"]
    error_message = "Redis is where data is."
  }
}

run "no_secret_in_values" {
  assert {
    condition     = !contains(keys(yamldecode(output.platform_values)), "secrets") && !contains(keys(yamldecode(output.ground_values).secrets), "database-passwords")
    error_message = "Secrets come by External Secrets alone; the passwords of roles are only part of URLs."
  }
}

run "later_values_win" {
  variables {
    values = ["enhancer: {replicas: 9}"]
  }
  assert {
    condition     = yamldecode(helm_release.platform.values[length(helm_release.platform.values) - 1]).enhancer.replicas == 9
    error_message = "An operator's values come last."
  }
}

run "other_charts_take_more_values" {
  variables {
    chart_values = { kube-prometheus-stack = ["grafana: {replicas: 2}"], keda = ["operator: {replicaCount: 3}"] }
  }
  assert {
    condition     = helm_release.monitoring.values[1] == "grafana: {replicas: 2}" && helm_release.controller["keda"].values[1] == "operator: {replicaCount: 3}"
    error_message = "An operator's values come last there, too."
  }
  assert {
    condition     = length(helm_release.dapr.values) == 1
    error_message = "And only where they are meant for."
  }
}

run "values_of_an_unknown_chart_are_refused" {
  command = plan
  variables {
    chart_values = { ingress-nginx = ["controller: {}"] }
  }
  expect_failures = [var.chart_values]
}

run "a_model_in_the_clear_is_refused" {
  command = plan
  variables {
    model = { base_url = "http://llm.example.com", name = "example-model" }
  }
  expect_failures = [var.model]
}

run "a_version_of_an_unknown_chart_is_refused" {
  command = plan
  variables {
    versions = { ingress-nginx = "4.0.0" }
  }
  expect_failures = [var.versions]
}
