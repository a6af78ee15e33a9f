# Every validation and precondition refuses an invalid value at plan time.

mock_provider "aws" {
  alias  = "spoke"
  source = "../tests/aws"
}

mock_provider "aws" {
  alias  = "spoke_us_east_1"
  source = "../tests/aws"
}

mock_provider "aws" {
  alias  = "spoke_us_east_2"
  source = "../tests/aws"
}

mock_provider "aws" {
  alias  = "spoke_us_west_2"
  source = "../tests/aws"
}

variables {
  spoke_account_id  = "111122223333"
  hub_event_bus_arn = "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity"
}

run "accepts_a_value_of_each_variable" {
  command = plan

  variables {
    spoke_account_assume_role_arn = "arn:aws:iam::111122223333:role/rootwatch-deploy"
    spoke_account_external_id     = "rootwatch-external-id"
    region                        = "eu-central-1"
    log_group                     = { name = "organization-trail" }
    health_topic_arn              = "arn:aws:sns:eu-central-1:111122223333:health"
    role_path                     = "/monitoring/"
    permissions_boundary          = "arn:aws:iam::111122223333:policy/boundary"
    alarm_actions                 = ["arn:aws:sns:us-east-1:111122223333:operations"]
  }
}

run "accepts_an_account_and_a_bus" {
  command = plan
}

run "covers_one_region_in_the_european_sovereign_cloud" {
  command = plan

  variables {
    region = "eusc-de-east-1"
  }

  assert {
    condition     = join(",", keys(output.delivery_role_arns)) == "eusc-de-east-1"
    error_message = "The European Sovereign Cloud has one spoke."
  }
}

run "covers_the_sign_in_regions_that_are_given" {
  command = plan

  variables {
    sign_in_regions = ["us-east-1"]
    region          = "us-east-1"
  }

  assert {
    condition     = join(",", keys(output.delivery_role_arns)) == "us-east-1"
    error_message = "Only the given sign-in Region has a spoke."
  }
}

run "refuses_one_invalid_value_of_each_variable" {
  command = plan

  variables {
    spoke_account_id              = "9999"
    hub_event_bus_arn             = "hub-root-activity"
    spoke_account_assume_role_arn = "rootwatch-deploy"
    spoke_account_external_id     = "x"
    region                        = "Ireland"
    log_group                     = { name = "arn:aws:logs:us-east-1:999988887777:log-group:trail" }
    health_topic_arn              = "health"
    name_prefix                   = "Root_Watch"
    sign_in_regions               = ["eu-west-1"]
    role_path                     = "monitoring"
    permissions_boundary          = "boundary"
    alarm_actions                 = [for number in range(5) : "arn:aws:sns:us-east-1:999988887777:topic-${number}"]
    queue_max_message_size        = 2097152
  }

  expect_failures = [
    var.spoke_account_id,
    var.hub_event_bus_arn,
    var.spoke_account_assume_role_arn,
    var.spoke_account_external_id,
    var.region,
    var.log_group,
    var.health_topic_arn,
    var.name_prefix,
    var.sign_in_regions,
    var.role_path,
    var.permissions_boundary,
    var.alarm_actions,
    var.queue_max_message_size,
  ]
}

run "refuses_the_hub_account" {
  command = plan

  variables {
    spoke_account_id = "999988887777"
  }

  expect_failures = [output.delivery_role_arns]
}
