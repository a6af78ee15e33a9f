# The table of alerts that were sent. A function can access only its own items: their keys begin with its name.

data "aws_iam_policy_document" "deduplication" {
  count = var.deduplication_table == null ? 0 : 1

  statement {
    sid       = "RememberWhatWasTold"
    actions   = ["dynamodb:UpdateItem"]
    resources = [var.deduplication_table.arn]

    condition {
      test     = "ForAllValues:StringLike"
      variable = "dynamodb:LeadingKeys"
      values   = ["${var.name}#*"]
    }
  }
}

# Without the store alerts are sent all the same, perhaps twice: nothing else would show that it is gone.
resource "aws_cloudwatch_log_metric_filter" "store" {
  count = var.deduplication_table == null ? 0 : 1

  name           = "${var.name}-store"
  log_group_name = module.function.log_group_name
  pattern        = "{ $.message = \"the store did not answer\" }"

  metric_transformation {
    namespace = "Rootwatch"
    name      = "${var.name}-store"
    value     = "1"
    unit      = "Count"
  }
}

resource "aws_cloudwatch_metric_alarm" "store" {
  count = var.deduplication_table == null ? 0 : 1

  alarm_name          = "${var.name}-store"
  alarm_description   = "The table ${var.deduplication_table.name} did not answer the function ${var.name}. Alerts are sent all the same, but some may come twice. The function's log says why (`the store did not answer`)."
  namespace           = aws_cloudwatch_log_metric_filter.store[0].metric_transformation[0].namespace
  metric_name         = aws_cloudwatch_log_metric_filter.store[0].metric_transformation[0].name
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
