# Plans the customization of an account with a mocked provider.

mock_provider "aws" {
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
  mock_data "aws_caller_identity" { defaults = { account_id = "111122223333" } }
  mock_data "aws_partition" { defaults = { partition = "aws" } }
}

mock_provider "aws" {
  alias = "rootwatch_us_east_1"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "rootwatch_us_east_2"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "rootwatch_us_west_2"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

variables {
  hub_event_bus_arn = "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity"
}

run "plans_a_spoke_in_each_region" {
  command = plan

  variables {
    home_region = "eu-west-1"
  }

  assert {
    condition     = length(module.rootwatch_us_east_1) == 1 && length(module.rootwatch_home) == 1
    error_message = "The account has a spoke in each Region of sign-ins and in the home Region."
  }
}

run "plans_one_spoke_in_a_home_region_with_sign_ins" {
  command = plan

  assert {
    condition     = length(module.rootwatch_us_east_1) == 1 && length(module.rootwatch_home) == 0
    error_message = "A Region has one spoke."
  }
}

run "plans_nothing_in_the_account_of_the_hub" {
  command = plan

  variables {
    hub_event_bus_arn = "arn:aws:events:us-east-1:111122223333:event-bus/hub-root-activity"
  }

  assert {
    condition     = length(module.rootwatch_us_east_1) == 0 && length(module.rootwatch_home) == 0
    error_message = "The hub's configuration deploys the spokes of its account."
  }
}
