# Plans the example with a mocked provider.

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

variables {
  hub_event_bus_arn = "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity"
}

run "plans_a_spoke_in_four_regions" {
  command = plan

  assert {
    condition     = length(output.delivery_role_arns) == 4
    error_message = "Each Region has a delivery role."
  }
}

run "refuses_a_region_that_has_a_spoke" {
  command = plan

  variables {
    region = "us-east-1"
  }

  expect_failures = [var.region]
}
