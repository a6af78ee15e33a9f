# Alarms of what keeps the log alarm from the hub. `FailedInvocations` needs no alarm: the events it counts are in the queue, and reported
# by the rule that failed it would be counted again.

locals {
  alarm_actions = concat(var.health_topic_arn == null ? [] : [var.health_topic_arn], var.alarm_actions)

  health_alarm_names = { dead_letters = "${local.name}-dead-letters", lost = "${local.name}-delivery-lost" }

  # By name, for the rule that they watch forwards them.
  health_alarm_arns = [
    for name in values(local.health_alarm_names) : "arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:${name}"
  ]
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = local.health_alarm_names.dead_letters
  alarm_description   = "Changes of the alarm ${local.name}, or of those on its way, that the hub did not take wait in the queue ${local.dead_letter_queue_name}, with the reason as attributes."
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

resource "aws_cloudwatch_metric_alarm" "lost" {
  alarm_name          = local.health_alarm_names.lost
  alarm_description   = "A change of the alarm ${local.name} reached neither the hub nor the queue ${local.dead_letter_queue_name}: it is lost. See the queue's policy, then the history of the alarm."
  namespace           = "AWS/Events"
  metric_name         = "InvocationsFailedToBeSentToDlq"
  dimensions          = { RuleName = aws_cloudwatch_event_rule.alarm.name }
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
