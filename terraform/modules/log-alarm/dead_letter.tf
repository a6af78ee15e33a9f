# What the hub's bus refused. SSE-SQS: the hub's key is no business of a spoke.
# The policy is written into the queue: a resource beside it would wait once more (25 s) for the attributes.
resource "aws_sqs_queue" "dead_letter" {
  name                      = local.dead_letter_queue_name
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
  policy                    = data.aws_iam_policy_document.dead_letter_queue.json
  tags                      = var.tags
}

data "aws_iam_policy_document" "dead_letter_queue" {
  statement {
    sid       = "KeepWhatWasNotDelivered"
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${local.partition}:sqs:${local.region}:${local.account_id}:${local.dead_letter_queue_name}"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.alarm.arn]
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${local.name}-dead-letters"
  alarm_description   = "Changes of the alarm ${local.name} that the hub did not take wait in the queue ${local.dead_letter_queue_name}, with the reason as attributes."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letter.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = var.health_topic_arn == null ? [] : [var.health_topic_arn]
  ok_actions          = var.health_topic_arn == null ? [] : [var.health_topic_arn]
  tags                = var.tags
}
