output "address" {
  description = "host:port of the primary. The name stays over a failover."
  value       = "${aws_elasticache_replication_group.this.primary_endpoint_address}:6379"
}

output "port" {
  description = "Its port."
  value       = 6379
}

output "replication_group_id" {
  description = "By which its password is set."
  value       = aws_elasticache_replication_group.this.replication_group_id
}
