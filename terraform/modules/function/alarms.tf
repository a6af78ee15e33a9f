resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "The dead-letter queue of ${var.name} holds messages: each is an alert that did not arrive. Their attributes give the reason; when it is mended, redrive the queue ${local.dead_letter_queue_name} to ${local.queue_name}."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letter.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.health_topic_arn]
  ok_actions          = [var.health_topic_arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "oldest_message" {
  alarm_name        = "${var.name}-oldest-message"
  alarm_description = "A message of the queue ${local.queue_name} was tried and did not succeed: alerts are late. See the log of the function ${var.name}."
  namespace         = "AWS/SQS"
  metric_name       = "ApproximateAgeOfOldestMessage"
  dimensions        = { QueueName = aws_sqs_queue.this.name }
  statistic         = "Maximum"
  period            = 60
  # A second try is in order, so more than one visibility timeout; but after its third
  # receive SQS no longer counts a message as the oldest, so less than two.
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 8 * var.timeout_seconds
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.health_topic_arn]
  ok_actions          = [var.health_topic_arn]
  tags                = var.tags
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-errors"
  alarm_description   = "The function ${var.name} ended in an error or timed out. Its messages stay in the queue and are tried again; see its log."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.health_topic_arn]
  ok_actions          = [var.health_topic_arn]
  tags                = var.tags
}
