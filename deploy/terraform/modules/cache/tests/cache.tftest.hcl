mock_provider "aws" {
  mock_resource "aws_elasticache_replication_group" {
    defaults = { primary_endpoint_address = "primary.example.com" }
  }
}

variables {
  name                     = "example"
  vpc_id                   = "vpc-1"
  subnet_ids               = ["subnet-1", "subnet-2", "subnet-3"]
  client_security_group_id = "sg-nodes"
  kms_key_arn              = "arn:aws:kms:eu-central-1:111122223333:key/cache"
  logs_kms_key_arn         = "arn:aws:kms:eu-central-1:111122223333:key/logs"
  log_retention_days       = 90
  node_type                = "cache.m7g.large"
}

run "forgets_nothing" {
  assert {
    condition     = [for p in aws_elasticache_parameter_group.this.parameter : p.value if p.name == "maxmemory-policy"] == ["noeviction"]
    error_message = "Workflows are in it: what is full refuses, and does not evict."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.multi_az_enabled && aws_elasticache_replication_group.this.automatic_failover_enabled && aws_elasticache_replication_group.this.num_cache_clusters == 3
    error_message = "A replica in another zone takes over."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.snapshot_retention_limit >= 1
    error_message = "There are snapshots."
  }
  assert {
    condition     = aws_elasticache_replication_group.this.cluster_mode == "disabled"
    error_message = "Transactions over several keys need one shard."
  }
}

run "is_closed" {
  assert {
    condition     = aws_elasticache_replication_group.this.transit_encryption_enabled && aws_elasticache_replication_group.this.transit_encryption_mode == "required"
    error_message = "TLS, and nothing else."
  }
  assert {
    condition     = tobool(aws_elasticache_replication_group.this.at_rest_encryption_enabled) && aws_elasticache_replication_group.this.kms_key_id == var.kms_key_arn
    error_message = "Encrypted with its key."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.cluster.from_port == 6379 && aws_vpc_security_group_ingress_rule.cluster.referenced_security_group_id == "sg-nodes"
    error_message = "Only nodes and pods."
  }
  assert {
    condition     = output.address == "primary.example.com:6379"
    error_message = "The primary, whose name stays over a failover."
  }
}

run "one_node_is_refused" {
  command = plan
  variables {
    nodes = 1
  }
  expect_failures = [var.nodes]
}

run "a_node_that_tires_is_refused" {
  command = plan
  variables {
    node_type = "cache.t4g.small"
  }
  expect_failures = [var.node_type]
}
