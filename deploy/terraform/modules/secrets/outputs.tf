output "key_arns" {
  description = "The keys, by what they are for: cluster, database, cache, secrets, logs."
  value       = { for name, key in aws_kms_key.this : name => key.arn }
}

output "reader_role_arn" {
  description = "The role of External Secrets."
  value       = aws_iam_role.reader.arn
}

output "secret_names" {
  description = "What an operator has to fill, by the platform's name for it."
  value       = { for name, secret in aws_secretsmanager_secret.this : name => secret.name }
}
