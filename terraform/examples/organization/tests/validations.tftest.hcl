# Plans the hub's account and another account with a mocked provider.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "us_east_1"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "us_east_2"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "us_west_2"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

# The packages are not built for this test.
override_module {
  target = module.hub
  outputs = {
    event_bus_arn = "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity"
    topic_arns    = { login = "", activity = "", health = "arn:aws:sns:us-east-1:999988887777:rootwatch-health" }
  }
}

variables {
  account_id       = "111122223333"
  hub_account_id   = "999988887777"
  organization_id  = "o-rootwatch01"
  packages_dir     = "packages"
  slack_secret_arn = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf"
}

run "plans_the_hub_in_its_account" {
  command = plan

  variables {
    account_id = "999988887777"
  }

  assert {
    condition     = length(module.hub) == 1
    error_message = "The hub's account has the hub."
  }
}

run "plans_spokes_only_in_another_account" {
  command = plan

  assert {
    condition     = length(module.hub) == 0 && length(output.delivery_role_arns) == 4
    error_message = "Another account has spokes in four Regions, and no hub."
  }

  assert {
    condition     = output.event_bus_arn == "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity"
    error_message = "The spokes send events to the hub's bus."
  }
}

run "refuses_a_region_that_has_a_spoke" {
  command = plan

  variables {
    region = "us-east-1"
  }

  expect_failures = [var.region]
}
