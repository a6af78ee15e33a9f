# Failures of the way itself; the functions' own alarms stand in their module.

locals {
  rule_names = merge(
    {
      triage           = aws_cloudwatch_event_rule.triage.name
      log-alarm-raised = aws_cloudwatch_event_rule.log_alarm["raised"].name
      log-alarm-over   = aws_cloudwatch_event_rule.log_alarm["over"].name
      spoke-alarms     = aws_cloudwatch_event_rule.spoke_alarms.name
    },
    { for rule in aws_cloudwatch_event_rule.coverage : "coverage" => rule.name },
  )

  # Both, for the dead-letter queue may refuse as well.
  delivery_failures = {
    failed = {
      metric_name = "FailedInvocations"
      description = "could not deliver an event. It waits in the rule's dead-letter queue, with the reason as attributes."
    }
    lost = {
      metric_name = "InvocationsFailedToBeSentToDlq"
      description = "lost an event: neither the target nor the dead-letter queue took it. See the policies of both and of the key."
    }
  }

  rule_alarms = merge([
    for rule, rule_name in local.rule_names : {
      for failure, alarm in local.delivery_failures : "${rule}-delivery-${failure}" => merge(alarm, { rule_name = rule_name })
    }
  ]...)

  notification_failures = {
    failed = {
      metric_name = "NumberOfNotificationsFailed"
      description = "could not deliver a message to a subscriber."
    }
    lost = {
      metric_name = "NumberOfNotificationsFailedToRedriveToDlq"
      description = "lost a message: neither the subscriber nor its dead-letter queue took it."
    }
  }

  topic_alarms = merge([
    for topic, topic_name in local.topic_names : {
      for failure, alarm in local.notification_failures : "${topic}-notification-${failure}" => merge(alarm, { topic_name = topic_name })
    }
  ]...)
}

resource "aws_cloudwatch_metric_alarm" "rule" {
  for_each = local.rule_alarms

  alarm_name        = "${var.name_prefix}-hub-${each.key}"
  alarm_description = "The rule ${each.value.rule_name} of the hub's bus ${each.value.description}"
  namespace         = "AWS/Events"
  metric_name       = each.value.metric_name
  dimensions = {
    EventBusName = aws_cloudwatch_event_bus.this.name
    RuleName     = each.value.rule_name
  }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = concat([local.topic_arns.health], var.alarm_actions)
  ok_actions          = concat([local.topic_arns.health], var.alarm_actions)
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "topic" {
  for_each = local.topic_alarms

  alarm_name          = "${var.name_prefix}-hub-${each.key}"
  alarm_description   = "The topic ${each.value.topic_name} ${each.value.description}"
  namespace           = "AWS/SNS"
  metric_name         = each.value.metric_name
  dimensions          = { TopicName = each.value.topic_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = concat([local.topic_arns.health], var.alarm_actions)
  ok_actions          = concat([local.topic_arns.health], var.alarm_actions)
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "alarms_dead_letters" {
  alarm_name          = "${var.name_prefix}-hub-alarms-dead-letters"
  alarm_description   = "A topic did not take what an alarm of a spoke said. It waits in the queue ${aws_sqs_queue.alarms_dead_letter.name}, with the reason as attributes."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.alarms_dead_letter.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = concat([local.topic_arns.health], var.alarm_actions)
  ok_actions          = concat([local.topic_arns.health], var.alarm_actions)
  tags                = var.tags
}
