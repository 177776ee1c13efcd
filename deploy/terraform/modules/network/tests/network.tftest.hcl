mock_provider "aws" {}

variables {
  name                 = "example"
  cidr                 = "10.20.0.0/16"
  zones                = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  nat_gateway_per_zone = true
  logs_kms_key_arn     = "arn:aws:kms:eu-central-1:111122223333:key/example"
  log_retention_days   = 90
}

run "three_layers_in_three_zones" {
  assert {
    condition     = length(aws_subnet.public) == 3 && length(aws_subnet.private) == 3 && length(aws_subnet.data) == 3
    error_message = "Each layer is in each zone."
  }
  assert {
    condition = length(distinct(concat(
      [for s in aws_subnet.public : s.cidr_block], [for s in aws_subnet.private : s.cidr_block], [for s in aws_subnet.data : s.cidr_block],
    ))) == 9
    error_message = "No two subnets have the same addresses."
  }
  assert {
    condition     = output.private_cidrs == ["10.20.32.0/19", "10.20.64.0/19", "10.20.96.0/19"]
    error_message = "Pods need a /19 in each zone, beside the other layers."
  }
  assert {
    condition     = output.data_cidrs == ["10.20.8.0/24", "10.20.9.0/24", "10.20.10.0/24"]
    error_message = "Data is apart from the nodes."
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 3
    error_message = "Each zone has a way out of its own."
  }
}

run "one_nat_for_all" {
  variables {
    nat_gateway_per_zone = false
  }
  assert {
    condition     = length(aws_nat_gateway.this) == 1 && length(distinct([for r in aws_route.private : r.nat_gateway_id])) == 1
    error_message = "All zones share the one that there is."
  }
}

run "two_zones_are_refused" {
  command = plan
  variables {
    zones = ["eu-central-1a", "eu-central-1b"]
  }
  expect_failures = [var.zones]
}

run "the_same_zone_twice_is_refused" {
  command = plan
  variables {
    zones = ["eu-central-1a", "eu-central-1b", "eu-central-1b"]
  }
  expect_failures = [var.zones]
}

run "a_small_network_is_refused" {
  command = plan
  variables {
    cidr = "10.20.0.0/24"
  }
  expect_failures = [var.cidr]
}
