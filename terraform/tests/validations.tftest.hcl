# Every validation and precondition refuses an invalid value at plan time.

mock_provider "aws" {
  alias  = "hub"
  source = "./tests/aws"
}

mock_provider "aws" {
  alias  = "hub_us_east_1"
  source = "./tests/aws"
}

mock_provider "aws" {
  alias  = "hub_us_east_2"
  source = "./tests/aws"
}

mock_provider "aws" {
  alias  = "hub_us_west_2"
  source = "./tests/aws"
}

mock_provider "aws" {
  alias  = "spoke"
  source = "./tests/aws"
}

mock_provider "aws" {
  alias  = "spoke_us_east_1"
  source = "./tests/aws"
}

mock_provider "aws" {
  alias  = "spoke_us_east_2"
  source = "./tests/aws"
}

mock_provider "aws" {
  alias  = "spoke_us_west_2"
  source = "./tests/aws"
}

override_module {
  target = module.hub
  outputs = {
    event_bus_arn = "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity"
    topic_arns    = { login = "", activity = "", health = "arn:aws:sns:us-east-1:999988887777:rootwatch-health" }
  }
}

variables {
  hub_account_id                = "999988887777"
  spoke_account_id              = "111122223333"
  spoke_account_assume_role_arn = "arn:aws:iam::111122223333:role/rootwatch-deploy"
  spoke_account_external_id     = "rootwatch-external-id"
  organization_id               = "o-rootwatch01"
}

run "accepts_the_four_inputs" {
  command = plan
}

run "covers_the_sign_in_regions_and_the_region_of_the_spoke" {
  command = plan

  variables {
    spoke_region = "eu-central-1"
  }

  assert {
    condition     = join(",", keys(output.spoke_delivery_role_arns)) == "eu-central-1,us-east-1,us-east-2,us-west-2"
    error_message = "A sign-in Region, or the Region of the spoke, has no spoke."
  }
}

run "covers_no_sign_in_region_in_govcloud" {
  command = plan

  variables {
    hub_region = "us-gov-west-1"
  }

  assert {
    condition     = join(",", keys(output.spoke_delivery_role_arns)) == "us-gov-west-1"
    error_message = "GovCloud has one spoke, in the Region of the hub."
  }
}

run "refuses_one_invalid_value_of_each_variable" {
  command = plan

  variables {
    hub_account_id                = "9999"
    spoke_account_id              = "9999"
    hub_region                    = "Ireland"
    spoke_region                  = "Ireland"
    spoke_account_assume_role_arn = "rootwatch-deploy"
    spoke_account_external_id     = "x"
    hub_log_group                 = { name = "arn:aws:logs:us-east-1:999988887777:log-group:trail" }
    spoke_log_group               = { name = "arn:aws:logs:us-east-1:999988887777:log-group:trail" }
    spoke_permissions_boundary    = "boundary"
    sign_in_regions               = ["eu-west-1"]
    name_prefix                   = "Root_Watch"
    organization_id               = "r-abcd"
    spoke_account_ids             = ["1111-2222-3333"]
    architecture                  = "arm"
    health_emails                 = ["nobody"]
    account_names                 = { payments = "Payments" }
    organizations_role_arn        = "arn:aws:iam::999900001111:user/names"
    runbook_url                   = "http://wiki.example.com"
    access_portal_url             = "http://portal.example.com"
    access_portal_role            = "Read Only"
    severities                    = { ListBuckets = "high" }
    suppressions                  = [{ operation = "signin:ConsoleLogin", until = "2026-12-31T00:00:00Z", reason = "a test" }]
    log_retention_days            = 100
    kms_deletion_window_days      = 1
    email                         = { Team = { addresses = ["security@example.com"] } }
    slack                         = { Main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf" } }
    pagerduty                     = { Main = { secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf" } }
    role_path                     = "monitoring"
    permissions_boundary          = "boundary"
    alarm_actions                 = [for number in range(5) : "arn:aws:sns:us-east-1:999988887777:topic-${number}"]
    queue_max_message_size        = 2097152
    deploy_role_arns              = ["rootwatch-deploy"]
    expected_accounts             = ["1111-2222-3333"]
    unmonitored_accounts          = ["1111-2222-3333"]
    event_bus_name                = "default"
    packages_s3                   = { bucket = "Releases" }
  }

  expect_failures = [
    var.hub_account_id,
    var.spoke_account_id,
    var.hub_region,
    var.spoke_region,
    var.spoke_account_assume_role_arn,
    var.spoke_account_external_id,
    var.hub_log_group,
    var.spoke_log_group,
    var.spoke_permissions_boundary,
    var.sign_in_regions,
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

run "refuses_the_hub_account_as_its_spoke" {
  command = plan

  variables {
    spoke_account_id = "999988887777"
  }

  expect_failures = [output.spoke_delivery_role_arns]
}
