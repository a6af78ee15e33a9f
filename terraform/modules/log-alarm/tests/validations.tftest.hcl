# Every validation and precondition refuses an invalid value at plan time.

mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  log_group_name    = "organization-trail"
  hub_event_bus_arn = "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity"
}

run "accepts_a_log_group_and_a_bus" {
  command = plan
}

run "refuses_one_invalid_value_of_each_variable" {
  command = plan

  variables {
    log_group_name         = "arn:aws:logs:us-east-1:999988887777:log-group:trail"
    hub_event_bus_arn      = "hub-root-activity"
    name_prefix            = "Root_Watch"
    name                   = "Payroll"
    metric_namespace       = "AWS/Logs"
    health_topic_arn       = "health"
    role_path              = "monitoring"
    permissions_boundary   = "boundary"
    alarm_actions          = [for number in range(5) : "arn:aws:sns:us-east-1:999988887777:topic-${number}"]
    queue_max_message_size = 2097152
  }

  expect_failures = [
    var.log_group_name,
    var.hub_event_bus_arn,
    var.name_prefix,
    var.name,
    var.metric_namespace,
    var.health_topic_arn,
    var.role_path,
    var.permissions_boundary,
    var.alarm_actions,
    var.queue_max_message_size,
  ]
}

run "refuses_a_second_invalid_value_of_each_variable" {
  command = plan

  variables {
    name             = "root-activity"
    metric_namespace = "Root activity"
  }

  expect_failures = [
    var.name,
    var.metric_namespace,
  ]
}
