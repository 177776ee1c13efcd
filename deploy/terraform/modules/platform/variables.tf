variable "cluster_name" {
  description = "The cluster, for the Cluster Autoscaler."
  type        = string
}

variable "region" {
  description = "The region, such as eu-central-1."
  type        = string
}

variable "roles" {
  description = "ARNs of the IAM roles of External Secrets and of the Cluster Autoscaler."
  type        = object({ external_secrets = string, cluster_autoscaler = string })
}

variable "database" {
  description = "Host and port of Postgres, and the secret with the master's name and password."
  type        = object({ host = string, port = number, master_secret_arn = string })
}

variable "redis" {
  description = "host:port of Redis, and its port."
  type        = object({ address = string, port = number })
}

variable "secret_names" {
  description = "Names in Secrets Manager by the platform's names."
  type        = map(string)
  validation {
    condition     = alltrue([for name in ["database-passwords", "redis-password", "tenant-keyset"] : contains(keys(var.secret_names), name)])
    error_message = "database-passwords, redis-password and tenant-keyset are needed."
  }
}

variable "networks" {
  description = "Addresses of nodes and pods, of database and Redis, and of Services."
  type        = object({ private = list(string), data = list(string), services = string })
}

variable "host" {
  description = "The name by which ServiceDesk Plus and technicians' browsers reach the gateway."
  type        = string
  validation {
    condition     = can(regex("^[a-z0-9-]+(\\.[a-z0-9-]+)+$", var.host))
    error_message = "Use a name of DNS, such as agents.example.com."
  }
}

variable "acme" {
  description = "Server and address of the account that cert-manager orders certificates with."
  type        = object({ server = optional(string, "https://acme-v02.api.letsencrypt.org/directory"), email = string })
}

variable "model" {
  description = "The language model: its server and name."
  type        = object({ base_url = string, name = string })
  validation {
    condition     = startswith(var.model.base_url, "https://")
    error_message = "Tickets go there: use https://."
  }
}

variable "image" {
  description = "Registry and tag of the platform's images. Without a tag, the chart's."
  type        = object({ registry = string, tag = optional(string, "") })
  default     = { registry = "ghcr.io/ai-agents" }
}

variable "chart" {
  description = "The platform's chart: a folder, or oci://… with its version."
  type        = object({ location = string, version = optional(string) })
}

variable "values" {
  description = "More values of the platform's chart, as YAML documents; later ones win."
  type        = list(string)
  default     = []
}

variable "versions" {
  description = "Versions of the charts beside the platform's. Try new ones in a cluster that nobody depends on."
  type        = map(string)
  default     = {}
  validation {
    condition = length(setsubtract(keys(var.versions), [
      "cert-manager", "cluster-autoscaler", "dapr", "external-secrets", "keda", "kube-prometheus-stack", "metrics-server", "traefik",
    ])) == 0
    error_message = "Unknown chart."
  }
}

variable "chart_values" {
  description = "More values of the charts beside the platform's, by chart, as YAML documents; later ones win. They are in the state: a receiver's key belongs in a Secret."
  type        = map(list(string))
  default     = {}
  validation {
    condition = length(setsubtract(keys(var.chart_values), [
      "cert-manager", "cluster-autoscaler", "dapr", "external-secrets", "keda", "kube-prometheus-stack", "metrics-server", "traefik",
    ])) == 0
    error_message = "Unknown chart."
  }
}
