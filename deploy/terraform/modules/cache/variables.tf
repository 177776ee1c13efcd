variable "name" {
  description = "The replication group's name."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,24}$", var.name))
    error_message = "Use 3 to 25 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "vpc_id" {
  description = "The network."
  type        = string
}

variable "subnet_ids" {
  description = "Subnets without a way out, in three zones."
  type        = list(string)
  validation {
    condition     = length(var.subnet_ids) >= 3
    error_message = "Use subnets of three zones."
  }
}

variable "client_security_group_id" {
  description = "Whose members may connect: the cluster's security group."
  type        = string
}

variable "kms_key_arn" {
  description = "Encrypts what nodes write to disk, and snapshots."
  type        = string
  validation {
    condition     = startswith(var.kms_key_arn, "arn:")
    error_message = "Use the ARN of a KMS key."
  }
}

variable "logs_kms_key_arn" {
  description = "Encrypts the slow log."
  type        = string
  validation {
    condition     = startswith(var.logs_kms_key_arn, "arn:")
    error_message = "Use the ARN of a KMS key."
  }
}

variable "log_retention_days" {
  description = "How long the slow log is kept, in days."
  type        = number
  validation {
    condition     = contains([30, 60, 90, 120, 180, 365, 400], var.log_retention_days)
    error_message = "Use one of 30, 60, 90, 120, 180, 365 or 400, which CloudWatch knows."
  }
}

variable "node_type" {
  description = "Such as cache.m7g.large."
  type        = string
  validation {
    condition     = can(regex("^cache\\.[a-z0-9]+\\.[0-9a-z]+$", var.node_type)) && !startswith(var.node_type, "cache.t")
    error_message = "Use a node type, such as cache.m7g.large, and none of the t family, whose processor time runs out under load."
  }
}

variable "nodes" {
  description = "The primary and its replicas, spread over the zones."
  type        = number
  default     = 3
  validation {
    condition     = var.nodes >= 2 && var.nodes <= 6
    error_message = "Use 2 to 6: with one, a failover has nowhere to go."
  }
}

variable "snapshot_retention_days" {
  description = "How many daily snapshots are kept."
  type        = number
  default     = 3
  validation {
    condition     = var.snapshot_retention_days >= 1 && var.snapshot_retention_days <= 35
    error_message = "Use 1 to 35 days."
  }
}
