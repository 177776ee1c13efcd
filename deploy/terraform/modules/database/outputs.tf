output "host" {
  description = "Where the database answers. The name stays over a failover."
  value       = aws_db_instance.this.address
}

output "port" {
  description = "Its port."
  value       = 5432
}

output "master_secret_arn" {
  description = "The secret with the keys username and password that RDS made."
  value       = aws_db_instance.this.master_user_secret[0].secret_arn
}
