# Every validation and precondition refuses an invalid value at plan time.

mock_provider "aws" {
  source = "../../tests/aws"
}

override_module {
  target = module.triage
  outputs = {
    queue_arn             = "arn:aws:sqs:us-east-1:999988887777:rootwatch-triage"
    dead_letter_queue_arn = "arn:aws:sqs:us-east-1:999988887777:rootwatch-triage-dlq"
  }
}

override_module {
  target = module.coverage
  outputs = {
    queue_arn             = "arn:aws:sqs:us-east-1:999988887777:rootwatch-coverage"
    dead_letter_queue_arn = "arn:aws:sqs:us-east-1:999988887777:rootwatch-coverage-dlq"
    log_group_name        = "/aws/lambda/rootwatch-coverage"
  }
}

variables {
  organization_id = "o-rootwatch01"
  packages_dir    = "packages"
}

run "accepts_a_value_of_each_variable" {
  command = plan

  variables {
    spoke_account_ids      = ["111122223333"]
    architecture           = "arm64"
    slack                  = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", kms_key_arn = "arn:aws:kms:us-east-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab", minimum_severity = "high", accounts = ["111122223333"] } }
    pagerduty              = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", alert_types = [], health = true } }
    email                  = { team = { addresses = ["security@example.com"] } }
    health_emails          = ["platform@example.com"]
    account_names          = { "111122223333" = "Payments" }
    organizations_role_arn = "arn:aws:iam::999900001111:role/names"
    runbook_url            = "https://wiki.example.com/root"
    access_portal_url      = "https://acme.awsapps.com/start"
    access_portal_role     = "ReadOnly"
    severities             = { "s3:ListBuckets" = "high" }
    suppressions           = [{ operation = "s3:ListBuckets", until = "2026-12-31T00:00:00Z", reason = "a test", accounts = ["111122223333"] }]
    log_retention_days     = 30
    role_path              = "/monitoring/"
    permissions_boundary   = "arn:aws:iam::999988887777:policy/boundary"
    alarm_actions          = ["arn:aws:sns:us-east-1:999988887777:operations"]
    packages_s3            = { bucket = "releases", prefix = "v1/", object_versions = { triage = "1" } }
  }
}

run "accepts_an_organization" {
  command = plan
}

run "names_the_bus" {
  command = plan

  variables {
    event_bus_name = "second-hub"
  }

  assert {
    condition     = aws_cloudwatch_event_bus.this.name == "second-hub"
    error_message = "The bus has another name."
  }
}

run "refuses_one_invalid_value_of_each_variable" {
  command = plan

  variables {
    name_prefix              = "Root_Watch"
    organization_id          = "r-abcd"
    spoke_account_ids        = ["1111-2222-3333"]
    architecture             = "arm"
    health_emails            = ["nobody"]
    account_names            = { payments = "Payments" }
    organizations_role_arn   = "arn:aws:iam::999900001111:user/names"
    runbook_url              = "http://wiki.example.com"
    access_portal_url        = "http://portal.example.com"
    access_portal_role       = "Read Only"
    severities               = { ListBuckets = "high" }
    suppressions             = [{ operation = "signin:ConsoleLogin", until = "2026-12-31T00:00:00Z", reason = "a test" }]
    log_retention_days       = 100
    kms_deletion_window_days = 1
    email                    = { Team = { addresses = ["security@example.com"] } }
    slack                    = { Main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf" } }
    pagerduty                = { Main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf" } }
    role_path                = "monitoring"
    permissions_boundary     = "boundary"
    alarm_actions            = [for number in range(5) : "arn:aws:sns:us-east-1:999988887777:topic-${number}"]
    queue_max_message_size   = 2097152
    deploy_role_arns         = ["rootwatch-deploy"]
    expected_accounts        = ["1111-2222-3333"]
    unmonitored_accounts     = ["1111-2222-3333"]
    event_bus_name           = "default"
    packages_s3              = { bucket = "Releases" }
  }

  expect_failures = [
    var.name_prefix,
    var.organization_id,
    var.spoke_account_ids,
    var.architecture,
    var.health_emails,
    var.account_names,
    var.organizations_role_arn,
    var.runbook_url,
    var.access_portal_url,
    var.access_portal_role,
    var.severities,
    var.suppressions,
    var.log_retention_days,
    var.kms_deletion_window_days,
    var.email,
    var.slack,
    var.pagerduty,
    var.role_path,
    var.permissions_boundary,
    var.alarm_actions,
    var.queue_max_message_size,
    var.deploy_role_arns,
    var.expected_accounts,
    var.unmonitored_accounts,
    var.event_bus_name,
    var.packages_s3,
  ]
}

run "refuses_a_second_invalid_value_of_each_variable" {
  command = plan

  variables {
    spoke_account_ids = [for number in range(501) : format("%012d", number)]
    suppressions      = [{ operation = "s3:ListBuckets", until = "soon", reason = "a test" }]
    email             = { team = { addresses = ["security@example.com"], alert_types = ["logout"] } }
    slack             = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", alert_types = ["logout"] } }
    pagerduty         = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", alert_types = ["logout"] } }
    packages_s3       = { bucket = "releases", object_versions = { teams = "1" } }
  }

  expect_failures = [
    var.spoke_account_ids,
    var.suppressions,
    var.email,
    var.slack,
    var.pagerduty,
    var.packages_s3,
  ]
}

run "refuses_a_third_invalid_value_of_each_variable" {
  command = plan

  variables {
    suppressions = [{ operation = "s3:ListBuckets", until = "2026-12-31T00:00:00Z", reason = "a test", accounts = ["payments"] }]
    email        = { team = { addresses = ["nobody"] } }
    slack        = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", minimum_severity = "urgent" } }
    pagerduty    = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", minimum_severity = "urgent" } }
  }

  expect_failures = [
    var.suppressions,
    var.email,
    var.slack,
    var.pagerduty,
  ]
}

run "refuses_a_fourth_invalid_value_of_each_variable" {
  command = plan

  variables {
    email     = { team = { addresses = ["security@example.com"], minimum_severity = "urgent" } }
    slack     = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", accounts = [for number in range(31) : format("%012d", number)] } }
    pagerduty = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", accounts = [for number in range(31) : format("%012d", number)] } }
  }

  expect_failures = [
    var.email,
    var.slack,
    var.pagerduty,
  ]
}

run "refuses_a_fifth_invalid_value_of_each_variable" {
  command = plan

  variables {
    email     = { team = { addresses = ["security@example.com"], accounts = [for number in range(31) : format("%012d", number)] } }
    slack     = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack" } }
    pagerduty = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack" } }
  }

  expect_failures = [
    var.email,
    var.slack,
    var.pagerduty,
  ]
}

run "refuses_a_sixth_invalid_value_of_each_variable" {
  command = plan

  variables {
    email     = { "team-dlq" = { addresses = ["security@example.com"] } }
    slack     = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", kms_key_arn = "arn:aws:kms:us-east-1:999988887777:alias/slack" } }
    pagerduty = { main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf", kms_key_arn = "arn:aws:kms:us-east-1:999988887777:alias/slack" } }
  }

  expect_failures = [
    var.email,
    var.slack,
    var.pagerduty,
  ]
}

run "refuses_a_seventh_invalid_value_of_each_variable" {
  command = plan

  variables {
    slack     = { "main-dlq" = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf" } }
    pagerduty = { "main-dlq" = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf" } }
  }

  expect_failures = [
    var.slack,
    var.pagerduty,
  ]
}

run "refuses_a_hub_that_no_account_may_send_events_to" {
  command = plan

  variables {
    organization_id = null
  }

  expect_failures = [aws_cloudwatch_event_bus.this]
}

run "refuses_settings_that_exceed_the_environment_of_triage" {
  command = plan

  variables {
    account_names = { for number in range(90) : format("%012d", number) => "An account with a name of 32 chars" }
  }

  expect_failures = [aws_cloudwatch_event_rule.triage]
}
