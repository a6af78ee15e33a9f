# Every validation and precondition refuses an invalid value at plan time.

mock_provider "aws" {
  source = "../../tests/aws"
}

# Terraform reads the package only to compute its hash.
variables {
  name             = "rootwatch-triage"
  package          = "main.tf"
  source_service   = "events.amazonaws.com"
  source_arns      = ["arn:aws:events:us-east-1:999988887777:rule/hub-root-activity/rootwatch-triage"]
  kms_key_arn      = "arn:aws:kms:us-east-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab"
  health_topic_arn = "arn:aws:sns:us-east-1:999988887777:rootwatch-health"
}

run "accepts_a_package_and_a_source" {
  command = plan
}

run "takes_a_package_from_a_bucket" {
  command = plan

  variables {
    package    = null
    package_s3 = { bucket = "releases", key = "v1/triage.zip", object_version = "3" }
  }

  assert {
    condition     = aws_lambda_function.this.s3_key == "v1/triage.zip" && aws_lambda_function.this.s3_object_version == "3" && aws_lambda_function.this.filename == null
    error_message = "The function does not use the package in the bucket."
  }
}

run "refuses_one_invalid_value_of_each_variable" {
  command = plan

  variables {
    name                   = "rootwatch-pagerduty-a-name-of-forty-nine-characters"
    architecture           = "arm"
    source_service         = "s3.amazonaws.com"
    source_arns            = []
    timeout_seconds        = 3600
    memory_mb              = 64
    batch_size             = 100
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
    var.source_service,
    var.source_arns,
    var.timeout_seconds,
    var.memory_mb,
    var.batch_size,
    var.max_receive_count,
    var.log_retention_days,
    var.role_path,
    var.permissions_boundary,
    var.alarm_actions,
    var.queue_max_message_size,
  ]
}

run "refuses_a_missing_package" {
  command = plan

  variables {
    package = "missing.zip"
  }

  expect_failures = [aws_lambda_function.this]
}
