output "secret_names" {
  description = "Secrets to be filled before the platform is installed."
  value       = module.secrets.secret_names
}

output "replication_group_id" {
  description = "By which the password of Redis is set."
  value       = module.cache.replication_group_id
}

output "nat_addresses" {
  description = "The addresses that clients and language models see."
  value       = module.network.nat_addresses
}

output "platform_values" {
  description = "What the platform's chart is installed with."
  value       = module.platform.platform_values
}

output "ground_values" {
  description = "What the chart ground is installed with."
  value       = module.platform.ground_values
}

output "charts" {
  description = "Versions and values of the charts beside the platform's."
  value       = module.platform.charts
}

output "load_balancer" {
  description = "How to find what the platform's name has to point to."
  value       = module.platform.load_balancer
}
