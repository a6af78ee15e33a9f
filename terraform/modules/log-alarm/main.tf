# The second way of an event, from CloudTrail's log group and past triage: one broken function cannot silence both.
# It knows that root acted, not who or where, and says nothing more while the alarm stays in ALARM.

locals {
  # Region, account and partition come from an ARN of one's own: the data sources
  # for them changed between the provider's majors.
  alarm_arn  = split(":", aws_cloudwatch_metric_alarm.root_activity.arn)
  partition  = local.alarm_arn[1]
  region     = local.alarm_arn[3]
  account_id = local.alarm_arn[4]

  name                   = "${var.name_prefix}-${var.name}"
  metric_name            = "${local.name}-root-activity"
  dead_letter_queue_name = "${local.name}-dlq"

  # It finds what the metric filter counted.
  query = <<-QUERY
    fields @timestamp, recipientAccountId, awsRegion, eventSource, eventName, sourceIPAddress, userAgent, errorMessage
    | filter userIdentity.type = "Root" and eventType != "AwsServiceEvent" and not ispresent(userIdentity.invokedBy)
    | sort @timestamp desc
    | limit 100
  QUERY
}

# The filter of the CIS benchmark.
resource "aws_cloudwatch_log_metric_filter" "root_activity" {
  name           = local.metric_name
  log_group_name = var.log_group_name
  pattern        = "{ $.userIdentity.type = \"Root\" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != \"AwsServiceEvent\" }"

  metric_transformation {
    namespace     = var.metric_namespace
    name          = local.metric_name
    value         = "1"
    default_value = "0"
  }
}

resource "aws_cloudwatch_metric_alarm" "root_activity" {
  alarm_name = local.name
  # The hub puts the description into its message: it is a query that can be pasted as it is.
  alarm_description   = "# Root activity in the log group ${var.log_group_name}; run over the time of the alarm:\n${chomp(local.query)}"
  namespace           = aws_cloudwatch_log_metric_filter.root_activity.metric_transformation[0].namespace
  metric_name         = aws_cloudwatch_log_metric_filter.root_activity.metric_transformation[0].name
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  treat_missing_data  = "notBreaching"
  tags                = var.tags
}

resource "aws_cloudwatch_query_definition" "root_activity" {
  name            = "${var.name_prefix}/${var.name}/root-activity"
  log_group_names = [var.log_group_name]
  query_string    = chomp(local.query)
}
