# The states of the spoke's alarms, sent to the hub: an event crosses accounts and Regions, and is tried again for a day.

locals {
  # By name, for the queue that the rule needs is what one of them watches.
  alarm_names = concat(
    values(aws_cloudwatch_metric_alarm.delivery)[*].alarm_name,
    ["${local.rule_name}-dead-letters"],
  )
}

# No alarm of its own: undelivered events are in the same queue, and a report of the failure would fail as well.
resource "aws_cloudwatch_event_rule" "alarms" {
  count = var.alarms && var.forward_alarms ? 1 : 0

  name        = "${var.name_prefix}-alarms"
  description = "Forwards the changes of the spoke's alarms to and from ALARM to the hub."
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.cloudwatch"]
    detail-type = ["CloudWatch Alarm State Change"]
    resources   = [for name in local.alarm_names : "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${name}"]
    detail = {
      "$or" = [
        { state = { value = ["ALARM"] } },
        { previousState = { value = ["ALARM"] } },
      ]
    }
  })
}
