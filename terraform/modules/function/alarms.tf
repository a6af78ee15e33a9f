resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "${var.name}-dead-letters"
  alarm_description   = "The dead-letter queue of ${var.name} holds messages: each is an alert that did not arrive. Their attributes give the reason; after the repair, redrive the queue ${local.dead_letter_queue_name} to ${local.queue_name}."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letter.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = concat([var.health_topic_arn], var.alarm_actions)
  ok_actions          = concat([var.health_topic_arn], var.alarm_actions)
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
  # A second attempt after a minute is normal. After its third receive, after three minutes, SQS no longer counts a
  # message as the oldest; the alarm `waiting` covers it from then on.
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 120
  treat_missing_data  = "notBreaching"
  alarm_actions       = concat([var.health_topic_arn], var.alarm_actions)
  ok_actions          = concat([var.health_topic_arn], var.alarm_actions)
  tags                = var.tags
}

# The age of the oldest message leaves out what was received three times, so from then on the function says itself how
# long messages wait for their next try: more than two minutes from the third try on.
resource "aws_cloudwatch_log_metric_filter" "waiting" {
  name           = "${var.name}-waiting"
  log_group_name = aws_cloudwatch_log_group.this.name
  pattern        = "{ $.message = \"returned to its queue\" }"

  metric_transformation {
    namespace = "Rootwatch"
    name      = "${var.name}-waiting"
    value     = "$.seconds"
    unit      = "Seconds"
  }
}

resource "aws_cloudwatch_metric_alarm" "waiting" {
  alarm_name        = "${var.name}-waiting"
  alarm_description = "A message of the queue ${local.queue_name} has failed three times or more and waits for its next try. The log of the function ${var.name} says why (`returned to its queue`)."
  namespace         = aws_cloudwatch_log_metric_filter.waiting.metric_transformation[0].namespace
  metric_name       = aws_cloudwatch_log_metric_filter.waiting.metric_transformation[0].name
  statistic         = "Maximum"
  period            = 300
  # The longest wait between two tries is a quarter of an hour: the alarm outlasts it.
  evaluation_periods  = 4
  datapoints_to_alarm = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 120
  treat_missing_data  = "notBreaching"
  alarm_actions       = concat([var.health_topic_arn], var.alarm_actions)
  ok_actions          = concat([var.health_topic_arn], var.alarm_actions)
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
  alarm_actions       = concat([var.health_topic_arn], var.alarm_actions)
  ok_actions          = concat([var.health_topic_arn], var.alarm_actions)
  tags                = var.tags
}
