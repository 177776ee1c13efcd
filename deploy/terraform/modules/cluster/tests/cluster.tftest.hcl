mock_provider "aws" {
  mock_resource "aws_eks_cluster" {
    defaults = {
      endpoint              = "https://eks.example.com"
      certificate_authority = [{ data = "ZXhhbXBsZQ==" }]
      identity              = [{ oidc = [{ issuer = "https://oidc.example.com/id/EXAMPLE" }] }]
    }
  }
  mock_resource "aws_launch_template" {
    defaults = { latest_version = 1 }
  }
}

variables {
  name               = "example"
  account_id         = "111122223333"
  region             = "eu-central-1"
  kubernetes_version = "1.34"
  subnet_ids         = { eu-central-1a = "subnet-1", eu-central-1b = "subnet-2", eu-central-1c = "subnet-3" }
  service_cidr       = "172.20.0.0/16"
  admin_role_arns    = ["arn:aws:iam::111122223333:role/example-admin"]
  kms_key_arn        = "arn:aws:kms:eu-central-1:111122223333:key/cluster"
  logs_kms_key_arn   = "arn:aws:kms:eu-central-1:111122223333:key/logs"
  log_retention_days = 90
  instance_types     = ["m7i.large"]
  nodes_per_zone     = { min = 1, max = 3 }
}

run "the_api_is_private_and_watched" {
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_private_access && !aws_eks_cluster.this.vpc_config[0].endpoint_public_access
    error_message = "Nobody reaches the API over the Internet who is not named."
  }
  assert {
    condition     = contains(aws_eks_cluster.this.enabled_cluster_log_types, "audit")
    error_message = "Who did what is logged."
  }
  assert {
    condition     = aws_eks_cluster.this.encryption_config[0].resources == toset(["secrets"]) && aws_eks_cluster.this.encryption_config[0].provider[0].key_arn == var.kms_key_arn
    error_message = "Secrets are encrypted in etcd."
  }
  assert {
    condition     = aws_eks_cluster.this.access_config[0].authentication_mode == "API" && !aws_eks_cluster.this.access_config[0].bootstrap_cluster_creator_admin_permissions
    error_message = "Rights are named, and none comes by having made the cluster."
  }
}

run "named_networks_reach_it" {
  variables {
    public_access_cidrs = ["192.0.2.0/24"]
  }
  assert {
    condition     = aws_eks_cluster.this.vpc_config[0].endpoint_public_access && aws_eks_cluster.this.vpc_config[0].public_access_cidrs == toset(["192.0.2.0/24"])
    error_message = "Only these."
  }
}

run "network_policies_are_enforced" {
  assert {
    condition     = jsondecode(aws_eks_addon.vpc_cni.configuration_values).enableNetworkPolicy == "true"
    error_message = "The chart's policies are nothing without this."
  }
}

run "a_group_of_nodes_in_each_zone" {
  assert {
    condition     = length(aws_eks_node_group.this) == 3 && alltrue([for group in aws_eks_node_group.this : length(group.subnet_ids) == 1 && group.scaling_config[0].min_size == 1 && group.scaling_config[0].max_size == 3])
    error_message = "Volumes stay in their zone, and so has to be the node that is added."
  }
  assert {
    condition     = aws_launch_template.node.metadata_options[0].http_tokens == "required" && aws_launch_template.node.metadata_options[0].http_put_response_hop_limit == 1
    error_message = "Pods do not get at the node's credentials."
  }
  assert {
    condition     = aws_launch_template.node.block_device_mappings[0].ebs[0].encrypted == "true"
    error_message = "Disks of nodes are encrypted."
  }
}

run "roles_belong_to_one_service_account" {
  assert {
    condition = alltrue([for name, role in aws_iam_role.service_account :
      jsondecode(role.assume_role_policy).Statement[0].Condition.StringEquals["oidc.example.com/id/EXAMPLE:aud"] == "sts.amazonaws.com"
    ])
    error_message = "A token for another audience is none."
  }
  assert {
    condition     = jsondecode(aws_iam_role.service_account["cluster-autoscaler"].assume_role_policy).Statement[0].Condition.StringEquals["oidc.example.com/id/EXAMPLE:sub"] == "system:serviceaccount:kube-system:cluster-autoscaler"
    error_message = "The autoscaler's is the autoscaler's."
  }
}

run "the_whole_internet_is_refused" {
  command = plan
  variables {
    public_access_cidrs = ["0.0.0.0/0"]
  }
  expect_failures = [var.public_access_cidrs]
}

run "an_old_kubernetes_is_refused" {
  command = plan
  variables {
    kubernetes_version = "1.28"
  }
  expect_failures = [var.kubernetes_version]
}

run "nobody_to_administer_is_refused" {
  command = plan
  variables {
    admin_role_arns = []
  }
  expect_failures = [var.admin_role_arns]
}
