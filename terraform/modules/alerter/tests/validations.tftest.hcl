# Every validation and precondition refuses an invalid value at plan time.

mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  name             = "rootwatch-slack-main"
  package          = "main.tf"
  topics           = { login = "arn:aws:sns:us-east-1:999988887777:rootwatch-root-login" }
  kms_key_arn      = "arn:aws:kms:us-east-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  health_topic_arn = "arn:aws:sns:us-east-1:999988887777:rootwatch-health"
}

run "accepts_a_topic" {
  command = plan
}

run "refuses_one_invalid_value_of_each_variable" {
  command = plan

  variables {
    name                   = "rootwatch-pagerduty-a-name-of-forty-nine-characters"
    architecture           = "arm"
    topics                 = {}
    secret                 = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack" }
    email                  = { addresses = ["nobody"] }
    minimum_severity       = "urgent"
    accounts               = [for number in range(31) : format("%012d", number)]
    timeout_seconds        = 3600
    max_receive_count      = 1
    log_retention_days     = 100
    role_path              = "monitoring"
    permissions_boundary   = "boundary"
    alarm_actions          = [for number in range(5) : "arn:aws:sns:us-east-1:999988887777:topic-${number}"]
    queue_max_message_size = 2097152
  }

  expect_failures = [
    var.name,
    var.architecture,
    var.topics,
    var.secret,
    var.email,
    var.minimum_severity,
    var.accounts,
    var.timeout_seconds,
    var.max_receive_count,
    var.log_retention_days,
    var.role_path,
    var.permissions_boundary,
    var.alarm_actions,
    var.queue_max_message_size,
  ]
}

run "refuses_a_second_invalid_value_of_each_variable" {
  command = plan

  variables {
    secret = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", kms_key_arn = "arn:aws:kms:us-east-1:999988887777:alias/slack" }
  }

  expect_failures = [
    var.secret,
  ]
}

run "accepts_30_accounts_of_high_severity" {
  command = plan

  variables {
    minimum_severity = "high"
    accounts         = [for number in range(30) : format("%012d", number)]
  }
}

run "refuses_24_accounts_of_medium_severity" {
  command = plan

  variables {
    minimum_severity = "medium"
    accounts         = [for number in range(24) : format("%012d", number)]
  }

  expect_failures = [aws_sns_topic_subscription.this]
}
