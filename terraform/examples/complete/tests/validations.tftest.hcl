# Plans the example with a mocked provider. The provider validates policies; a generated value would not pass.

mock_provider "aws" {
  alias = "hub"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "hub_us_east_2"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "hub_us_west_2"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "payments_us_east_1"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "payments_us_east_2"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "payments_us_west_2"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

mock_provider "aws" {
  alias = "payments_eu_west_1"
  mock_data "aws_iam_policy_document" { defaults = { json = "{}" } }
}

# The packages are not built for this test.
override_module {
  target = module.hub
  outputs = {
    event_bus_arn      = "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity"
    topic_arns         = { login = "arn:aws:sns:us-east-1:999988887777:rootwatch-root-login", activity = "arn:aws:sns:us-east-1:999988887777:rootwatch-root-activity", health = "arn:aws:sns:us-east-1:999988887777:rootwatch-health" }
    unconfirmed_emails = {}
  }
}

run "plans_the_hub_and_the_spokes_of_two_accounts" {
  command = plan

  variables {
    hub_account_id                = "999988887777"
    spoke_account_id              = "111122223333"
    spoke_account_assume_role_arn = "arn:aws:iam::111122223333:role/rootwatch-deploy"
    spoke_account_external_id     = "rootwatch-external-id"
    organization_id               = "o-rootwatch01"
    packages_dir                  = "packages"
    slack_secret_arn              = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf"
    pagerduty_secret_arn          = "arn:aws:secretsmanager:us-east-1:999988887777:secret:pagerduty-AbCdEf"
    log_group                     = { name = "organization-trail" }
  }

  assert {
    condition     = length(module.hub_log_alarm) == 1
    error_message = "The log group has a log alarm."
  }
}
