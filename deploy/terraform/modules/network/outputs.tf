output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "private_subnet_ids" {
  description = "Subnets of nodes and pods, by zone."
  value       = { for zone, subnet in aws_subnet.private : zone => subnet.id }
}

output "private_cidrs" {
  description = "Their addresses: pods, nodes, the load balancer's targets and the private end of the Kubernetes API have them."
  value       = [for subnet in aws_subnet.private : subnet.cidr_block]
}

output "data_subnet_ids" {
  description = "Subnets of database and Redis."
  value       = [for subnet in aws_subnet.data : subnet.id]
}

output "data_cidrs" {
  description = "Their addresses."
  value       = [for subnet in aws_subnet.data : subnet.cidr_block]
}

output "nat_addresses" {
  description = "The public addresses that enhancer and console are seen with by clients and language models: for their allow-lists."
  value       = [for address in aws_eip.nat : address.public_ip]
}
