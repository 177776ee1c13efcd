mock_provider "aws" {
  mock_resource "aws_db_instance" {
    defaults = {
      address            = "example.rds.example.com"
      master_user_secret = [{ secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-example", kms_key_id = "k", secret_status = "active" }]
    }
  }
}

variables {
  name                     = "example"
  vpc_id                   = "vpc-1"
  subnet_ids               = ["subnet-1", "subnet-2", "subnet-3"]
  client_security_group_id = "sg-nodes"
  kms_key_arn              = "arn:aws:kms:eu-central-1:111122223333:key/database"
  secrets_kms_key_arn      = "arn:aws:kms:eu-central-1:111122223333:key/secrets"
  instance_class           = "db.m7g.large"
}

run "outlives_a_zone_and_a_mistake" {
  assert {
    condition     = aws_db_instance.this.multi_az && aws_db_instance.this.backup_retention_period == 14
    error_message = "A second zone, and two weeks to any moment."
  }
  assert {
    condition = (aws_db_instance.this.deletion_protection && !aws_db_instance.this.skip_final_snapshot &&
    !aws_db_instance.this.delete_automated_backups && aws_db_instance.this.final_snapshot_identifier == "example-final")
    error_message = "A deletion is refused, and leaves a snapshot and the backups when it is meant."
  }
}

run "is_closed" {
  assert {
    condition     = aws_db_instance.this.storage_encrypted && aws_db_instance.this.kms_key_id == var.kms_key_arn
    error_message = "Encrypted with the key of the database."
  }
  assert {
    condition     = !aws_db_instance.this.publicly_accessible
    error_message = "Not reachable from outside."
  }
  assert {
    condition     = aws_vpc_security_group_ingress_rule.cluster.referenced_security_group_id == "sg-nodes" && aws_vpc_security_group_ingress_rule.cluster.from_port == 5432 && aws_vpc_security_group_ingress_rule.cluster.to_port == 5432
    error_message = "Only nodes and pods, and only Postgres."
  }
  assert {
    condition     = contains([for p in aws_db_parameter_group.this.parameter : "${p.name}=${p.value}"], "rds.force_ssl=1")
    error_message = "Nothing goes over the network in the clear."
  }
  assert {
    condition     = contains([for p in aws_db_parameter_group.this.parameter : "${p.name}=${p.value}"], "log_parameter_max_length=0")
    error_message = "Slow statements are logged without tenants' data."
  }
}

run "keeps_its_password_to_itself" {
  assert {
    condition     = aws_db_instance.this.manage_master_user_password && aws_db_instance.this.master_user_secret_kms_key_id == var.secrets_kms_key_arn
    error_message = "RDS makes the master's password and keeps it: it does not come through Terraform."
  }
  assert {
    condition     = output.master_secret_arn == "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-example"
    error_message = "Where it is has to be known."
  }
}

run "the_parameters_are_of_the_version" {
  variables {
    postgres_version = 16
  }
  assert {
    condition     = aws_db_parameter_group.this.family == "postgres16" && aws_db_instance.this.engine_version == "16"
    error_message = "The group's family is the engine's version."
  }
}

run "an_old_postgres_is_refused" {
  command = plan
  variables {
    postgres_version = 14
  }
  expect_failures = [var.postgres_version]
}

run "short_backups_are_refused" {
  command = plan
  variables {
    backup_retention_days = 1
  }
  expect_failures = [var.backup_retention_days]
}
