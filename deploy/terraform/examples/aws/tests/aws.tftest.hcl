mock_provider "aws" {
  mock_resource "aws_eks_cluster" {
    defaults = {
      endpoint              = "https://eks.example.com"
      certificate_authority = [{ data = "ZXhhbXBsZQ==" }]
      identity              = [{ oidc = [{ issuer = "https://oidc.example.com/id/EXAMPLE" }] }]
    }
  }
  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/EXAMPLE" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:111122223333:key/example" }
  }
  mock_resource "aws_db_instance" {
    defaults = {
      address            = "example.rds.example.com"
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-example", kms_key_id = "k", secret_status = "active" }]
    }
  }
  mock_resource "aws_elasticache_replication_group" {
    defaults = { primary_endpoint_address = "primary.example.com" }
  }
  mock_resource "aws_launch_template" {
    defaults = { latest_version = 1 }
  }
}

mock_provider "helm" {}

variables {
  account_id      = "111122223333"
  region          = "eu-central-1"
  zones           = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  admin_role_arns = ["arn:aws:iam::111122223333:role/example-admin"]
  host            = "agents.example.com"
  acme_email      = "operations@example.com"
  model           = { base_url = "https://llm.example.com/v1", name = "example-model" }
}

# The checks read the outputs of this run and render both charts with them.
run "small" {
  assert {
    condition     = yamldecode(output.platform_values).redis.external == { address = "primary.example.com:6379", tls = true }
    error_message = "The platform's Redis is that which was made."
  }
  assert {
    condition     = yamldecode(output.ground_values).database.host == "example.rds.example.com"
    error_message = "The platform's database is that which was made."
  }
  assert {
    condition     = length(output.nat_addresses) == 1
    error_message = "One NAT gateway."
  }
}

run "large" {
  variables {
    size = "large"
  }
  assert {
    condition     = length(output.nat_addresses) == 3
    error_message = "A NAT gateway in each zone."
  }
}

run "zones_of_another_region_are_refused" {
  command = plan
  variables {
    region = "eu-west-1"
  }
  expect_failures = [var.zones]
}
