mock_provider "aws" {}

variables {
  name                = "example"
  account_id          = "111122223333"
  region              = "eu-central-1"
  oidc_provider_arn   = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com/id/EXAMPLE"
  oidc_issuer         = "oidc.example.com/id/EXAMPLE"
  database_secret_arn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:rds!db-example"
}

run "keys_are_rotated_and_apart" {
  assert {
    condition     = toset(keys(output.key_arns)) == toset(["cluster", "database", "cache", "secrets", "logs"])
    error_message = "Each kind of data has its key."
  }
  assert {
    condition     = alltrue([for key in aws_kms_key.this : key.enable_key_rotation && key.deletion_window_in_days == 30])
    error_message = "Keys are rotated, and a deletion can be taken back for a month."
  }
  assert {
    condition     = length([for key in aws_kms_key.this : key if strcontains(key.policy, "logs.eu-central-1.amazonaws.com")]) == 1
    error_message = "CloudWatch may use the key of logs, and no other."
  }
}

run "only_external_secrets_reads" {
  assert {
    condition = jsondecode(aws_iam_role.reader.assume_role_policy).Statement[0].Condition.StringEquals == {
      "oidc.example.com/id/EXAMPLE:aud" = "sts.amazonaws.com"
      "oidc.example.com/id/EXAMPLE:sub" = "system:serviceaccount:external-secrets:external-secrets"
    }
    error_message = "The role is one service account's."
  }
  assert {
    condition = toset(jsondecode(aws_iam_role_policy.reader.policy).Statement[0].Resource) == setunion(
      toset([for secret in aws_secretsmanager_secret.this : secret.arn]), toset([var.database_secret_arn]),
    )
    error_message = "It reads these secrets, and no other of the account."
  }
  assert {
    condition     = jsondecode(aws_iam_role_policy.reader.policy).Statement[1].Resource == [aws_kms_key.this["secrets"].arn]
    error_message = "It opens them with their key, and nothing with another."
  }
}

run "without_the_keyset_is_refused" {
  command = plan
  variables {
    names = ["database-passwords", "redis-password"]
  }
  expect_failures = [var.names]
}
