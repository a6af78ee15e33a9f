# Every validation and precondition refuses an invalid value at plan time.

mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  hub_event_bus_arn = "arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity"
}

run "accepts_a_bus" {
  command = plan
}

run "refuses_one_invalid_value_of_each_variable" {
  command = plan

  variables {
    hub_event_bus_arn      = "hub-root-activity"
    name_prefix            = "Root_Watch"
    health_topic_arn       = "health"
    role_path              = "monitoring"
    permissions_boundary   = "boundary"
    alarm_actions          = [for number in range(5) : "arn:aws:sns:us-east-1:999988887777:topic-${number}"]
    queue_max_message_size = 2097152
  }

  expect_failures = [
    var.hub_event_bus_arn,
    var.name_prefix,
    var.health_topic_arn,
    var.role_path,
    var.permissions_boundary,
    var.alarm_actions,
    var.queue_max_message_size,
  ]
}
