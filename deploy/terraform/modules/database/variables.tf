variable "name" {
  description = "The instance's name."
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
  description = "Encrypts storage, backups and performance data."
  type        = string
  validation {
    condition     = startswith(var.kms_key_arn, "arn:")
    error_message = "Use the ARN of a KMS key."
  }
}

variable "secrets_kms_key_arn" {
  description = "Encrypts the master password, which RDS makes and keeps in Secrets Manager."
  type        = string
  validation {
    condition     = startswith(var.secrets_kms_key_arn, "arn:")
    error_message = "Use the ARN of a KMS key."
  }
}

variable "postgres_version" {
  description = "Major version. RDS takes the newest minor one, and upgrades it in the maintenance window."
  type        = number
  default     = 17
  validation {
    condition     = var.postgres_version >= 15
    error_message = "The platform needs PostgreSQL 15 or newer."
  }
}

variable "instance_class" {
  description = "Such as db.m7g.large."
  type        = string
  validation {
    condition     = can(regex("^db\\.[a-z0-9]+\\.[0-9a-z]+$", var.instance_class))
    error_message = "Use an instance class, such as db.m7g.large."
  }
}

variable "storage_gib" {
  description = "What the storage begins with, in GiB."
  type        = number
  default     = 100
  validation {
    condition     = var.storage_gib >= 20
    error_message = "gp3 begins at 20 GiB."
  }
}

variable "storage_max_gib" {
  description = "Up to where it grows by itself, in GiB. A full database refuses webhooks."
  type        = number
  default     = 1000
}

variable "backup_retention_days" {
  description = "For how many days the database can be restored to any moment."
  type        = number
  default     = 14
  validation {
    condition     = var.backup_retention_days >= 7 && var.backup_retention_days <= 35
    error_message = "Use 7 to 35 days."
  }
}
