# Alarms of what keeps root activity from the hub. An alarm's action does not cross Regions: alarm_events.tf forwards the state.

locals {
  alarm_actions = concat(var.health_topic_arn == null ? [] : [var.health_topic_arn], var.alarm_actions)

  # Both, for the queue may refuse as well.
  delivery_failures = {
    failed = {
      metric_name = "FailedInvocations"
      description = "The hub's bus did not take an event of root activity. It waits in the queue ${local.dead_letter_queue_name}, with the reason as attributes."
    }
    lost = {
      metric_name = "InvocationsFailedToBeSentToDlq"
      description = "An event of root activity reached neither the hub nor the queue ${local.dead_letter_queue_name}: it is lost. See the queue's policy, then CloudTrail's event history of this Region."
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "delivery" {
  for_each = var.alarms ? local.delivery_failures : {}

  alarm_name          = "${local.rule_name}-delivery-${each.key}"
  alarm_description   = each.value.description
  namespace           = "AWS/Events"
  metric_name         = each.value.metric_name
  dimensions          = { RuleName = aws_cloudwatch_event_rule.root_activity.name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  count = var.alarms ? 1 : 0

  alarm_name          = "${local.rule_name}-dead-letters"
  alarm_description   = "Events of root activity, or changes of these alarms, that the hub did not take wait in the queue ${local.dead_letter_queue_name}, with the reason as attributes. When it takes them again, `rootwatch redrive` hands the events to triage."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letter.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = local.alarm_actions
  ok_actions          = local.alarm_actions
  tags                = var.tags
}
