# The spoke's alarms, told to the hub: an event crosses accounts and Regions, and is tried again for a day.

locals {
  # By name, for the queue that the rule needs is what one of them watches.
  alarm_names = concat(
    values(aws_cloudwatch_metric_alarm.delivery)[*].alarm_name,
    ["${local.rule_name}-dead-letters"],
  )
}

resource "aws_cloudwatch_event_rule" "alarms" {
  count = var.forward_alarms ? 1 : 0

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

# No alarm of its own: what it could not deliver lies in the same queue, and a report of its failure would fail as well.
resource "aws_cloudwatch_event_target" "alarms" {
  count = var.forward_alarms ? 1 : 0

  rule      = aws_cloudwatch_event_rule.alarms[0].name
  target_id = "hub"
  arn       = var.hub_event_bus_arn
  role_arn  = aws_iam_role.delivery.arn

  # As long and as often as EventBridge can.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letter.arn
  }

  # The first event may come before the role could deliver it, and a denial is not retried.
  depends_on = [aws_iam_role_policy.delivery]
}
