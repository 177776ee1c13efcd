variable "name" {
  description = "Begins the names of all resources, and is the cluster's."
  type        = string
  default     = "ai-agents"
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,24}$", var.name))
    error_message = "Use 3 to 25 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "account_id" {
  description = "The AWS account, so that nothing is made in another one by mistake."
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

variable "zones" {
  description = "Three of its zones."
  type        = list(string)
  validation {
    condition     = alltrue([for zone in var.zones : startswith(zone, var.region)])
    error_message = "Name zones of the region."
  }
}

variable "admin_role_arns" {
  description = "IAM roles that administer the cluster, that which applies this among them."
  type        = list(string)
  validation {
    condition     = length(var.admin_role_arns) > 0
    error_message = "Without one, nobody gets into the cluster."
  }
}

variable "public_access_cidrs" {
  description = "From where the Kubernetes API is reached over the Internet. Empty: only from within the network."
  type        = list(string)
  default     = []
}

variable "size" {
  description = "small or large: the sizes in docs/infrastructure.md."
  type        = string
  default     = "small"
  validation {
    condition     = contains(["small", "large"], var.size)
    error_message = "Use small or large."
  }
}

variable "host" {
  description = "The name by which ServiceDesk Plus and technicians' browsers reach the gateway."
  type        = string
}

variable "acme_email" {
  description = "Where the certificate authority writes to."
  type        = string
  validation {
    condition     = can(regex("^[^@ ]+@[^@ ]+$", var.acme_email))
    error_message = "Use an address of mail."
  }
}

variable "model" {
  description = "The language model: its server and name."
  type        = object({ base_url = string, name = string })
}
