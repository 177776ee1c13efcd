variable "name" {
  description = "Begins the names of all resources, and is the cluster's."
  type        = string
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{2,24}$", var.name))
    error_message = "Use 3 to 25 lower-case letters, digits and hyphens, beginning with a letter."
  }
}

variable "cidr" {
  description = "The network's addresses, a /16. Pods take theirs from the private subnets, a /19 in each zone."
  type        = string
  validation {
    condition     = can(cidrhost(var.cidr, 0)) && endswith(var.cidr, "/16")
    error_message = "Use a network of 16 bits, such as 10.20.0.0/16."
  }
}

variable "zones" {
  description = "Three availability zones, by name."
  type        = list(string)
  validation {
    condition     = length(distinct(var.zones)) == 3 && length(var.zones) == 3
    error_message = "Name three different zones: Dapr's scheduler, Redis and the nodes are spread over three."
  }
}

variable "nat_gateway_per_zone" {
  description = "A NAT gateway in each zone, so that the loss of a zone cuts off no other; one for all is cheaper."
  type        = bool
}

variable "logs_kms_key_arn" {
  description = "The key that flow logs are encrypted with."
  type        = string
  validation {
    condition     = startswith(var.logs_kms_key_arn, "arn:")
    error_message = "Use the ARN of a KMS key."
  }
}

variable "log_retention_days" {
  description = "How long flow logs are kept, in days."
  type        = number
  validation {
    condition     = contains([30, 60, 90, 120, 180, 365, 400], var.log_retention_days)
    error_message = "Use one of 30, 60, 90, 120, 180, 365 or 400, which CloudWatch knows."
  }
}
