variable "name" {
  description = "Begins the names of keys, secrets and roles."
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

variable "oidc_provider_arn" {
  description = "The cluster's OpenID Connect provider in IAM."
  type        = string
  validation {
    condition     = can(regex(":oidc-provider/", var.oidc_provider_arn))
    error_message = "Use the ARN of an OpenID Connect provider."
  }
}

variable "oidc_issuer" {
  description = "The cluster's issuer without https://."
  type        = string
  validation {
    condition     = !startswith(var.oidc_issuer, "https://")
    error_message = "Without https://."
  }
}

variable "database_secret_arn" {
  description = "The secret with the database's master password, which RDS makes and rotates."
  type        = string
  validation {
    condition     = can(regex(":secretsmanager:", var.database_secret_arn))
    error_message = "Use the ARN of a secret."
  }
}

variable "names" {
  description = "Secrets to be filled by an operator. Their values never come through Terraform, and are not in its state."
  type        = set(string)
  default     = ["console-bootstrap-token", "database-passwords", "llm-api-key", "redis-password", "tenant-keyset"]
  validation {
    condition     = alltrue([for name in ["database-passwords", "redis-password", "tenant-keyset"] : contains(var.names, name)])
    error_message = "The platform does not start without database-passwords, redis-password and tenant-keyset."
  }
}
