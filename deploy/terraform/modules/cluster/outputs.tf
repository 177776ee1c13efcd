output "name" {
  description = "The cluster."
  value       = aws_eks_cluster.this.name
}

output "endpoint" {
  description = "The address of its API."
  value       = aws_eks_cluster.this.endpoint
}

output "certificate_authority" {
  description = "The authority of its API's certificate, in base64."
  value       = aws_eks_cluster.this.certificate_authority[0].data
}

output "security_group_id" {
  description = "What nodes and pods are members of."
  value       = aws_eks_cluster.this.vpc_config[0].cluster_security_group_id
}

output "oidc_provider_arn" {
  description = "For roles of service accounts."
  value       = aws_iam_openid_connect_provider.this.arn
}

output "oidc_issuer" {
  description = "The same issuer without https://."
  value       = local.issuer
}

output "autoscaler_role_arn" {
  description = "The role of the Cluster Autoscaler."
  value       = aws_iam_role.service_account["cluster-autoscaler"].arn
}
