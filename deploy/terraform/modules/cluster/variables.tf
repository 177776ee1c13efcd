variable "name" {
  description = "The cluster's name."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,24}$", var.name))
    error_message = "Use 3 to 25 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "account_id" {
  description = "The AWS account, 12 digits."
  type        = string
  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "An account has 12 digits."
  }
}

variable "region" {
  description = "The region, such as eu-central-1."
  type        = string
  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "Use a region's name, such as eu-central-1."
  }
}

variable "kubernetes_version" {
  description = "Such as 1.34. One minor version at a time, upwards."
  type        = string
  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version)) && tonumber(split(".", var.kubernetes_version)[1]) >= 29
    error_message = "The chart needs Kubernetes 1.29 or newer, for native sidecars."
  }
}

variable "subnet_ids" {
  description = "Private subnets by zone; each zone has a group of nodes of its own."
  type        = map(string)
  validation {
    condition     = length(var.subnet_ids) >= 3
    error_message = "Use subnets of three zones."
  }
}

variable "public_access_cidrs" {
  description = "From where the Kubernetes API is reached over the Internet. Empty: only from within the network."
  type        = list(string)
  default     = []
  validation {
    condition     = alltrue([for cidr in var.public_access_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "Use networks of yours, and not the whole Internet."
  }
}

variable "service_cidr" {
  description = "Addresses of Services, outside of the network's."
  type        = string
  validation {
    condition     = can(cidrhost(var.service_cidr, 1))
    error_message = "Use a network, such as 172.20.0.0/16."
  }
}

variable "admin_role_arns" {
  description = "IAM roles that administer the cluster. The one that applies this has to be among them: who creates a cluster gets no rights by that."
  type        = list(string)
  validation {
    condition     = length(var.admin_role_arns) > 0 && alltrue([for arn in var.admin_role_arns : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/", arn))])
    error_message = "Name one IAM role at least, by its ARN."
  }
}

variable "kms_key_arn" {
  description = "Encrypts Secrets in etcd."
  type        = string
  validation {
    condition     = startswith(var.kms_key_arn, "arn:")
    error_message = "Use the ARN of a KMS key."
  }
}

variable "logs_kms_key_arn" {
  description = "Encrypts the logs of the control plane."
  type        = string
  validation {
    condition     = startswith(var.logs_kms_key_arn, "arn:")
    error_message = "Use the ARN of a KMS key."
  }
}

variable "log_retention_days" {
  description = "How long the logs of the control plane are kept, in days."
  type        = number
  validation {
    condition     = contains([30, 60, 90, 120, 180, 365, 400], var.log_retention_days)
    error_message = "Use one of 30, 60, 90, 120, 180, 365 or 400, which CloudWatch knows."
  }
}

variable "instance_types" {
  description = "Of the nodes, such as m7i.xlarge."
  type        = list(string)
  validation {
    condition     = length(var.instance_types) > 0 && alltrue([for kind in var.instance_types : !startswith(kind, "t")])
    error_message = "Name one type at least, and none of the t family, whose processor time runs out under load."
  }
}

variable "nodes_per_zone" {
  description = "The fewest and the most nodes of each zone; the Cluster Autoscaler moves between them."
  type        = object({ min = number, max = number })
  validation {
    condition     = var.nodes_per_zone.min >= 1 && var.nodes_per_zone.max >= var.nodes_per_zone.min
    error_message = "Use 1 node at least in each zone."
  }
}
