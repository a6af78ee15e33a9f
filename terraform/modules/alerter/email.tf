# E-mail leaves through a topic of the alerter's own: SNS is the mailer, the function the writer.

resource "aws_sns_topic" "email" {
  count = var.email == null ? 0 : 1

  name              = var.name
  kms_master_key_id = var.kms_key_arn
  tags              = var.tags
}

# In place of the policy that SNS gives a topic, with which all of the account may publish.
resource "aws_sns_topic_policy" "email" {
  count = var.email == null ? 0 : 1

  arn    = aws_sns_topic.email[0].arn
  policy = data.aws_iam_policy_document.email_topic[0].json
}

data "aws_iam_policy_document" "email_topic" {
  count = var.email == null ? 0 : 1

  statement {
    sid = "LetIamPoliciesDecide"
    actions = [
      "sns:AddPermission",
      "sns:DeleteTopic",
      "sns:GetTopicAttributes",
      "sns:ListSubscriptionsByTopic",
      "sns:Publish",
      "sns:RemovePermission",
      "sns:SetTopicAttributes",
      "sns:Subscribe",
    ]
    resources = aws_sns_topic.email[*].arn

    principals {
      type        = "AWS"
      identifiers = ["arn:${data.aws_partition.current.partition}:iam::${split(":", aws_sns_topic.email[0].arn)[4]}:root"]
    }
  }
}

resource "aws_sns_topic_subscription" "email" {
  for_each = var.email == null ? toset([]) : var.email.addresses

  topic_arn = aws_sns_topic.email[0].arn
  protocol  = "email"
  endpoint  = each.value
}

data "aws_iam_policy_document" "email" {
  count = var.email == null ? 0 : 1

  statement {
    sid       = "PublishEmail"
    actions   = ["sns:Publish"]
    resources = aws_sns_topic.email[*].arn
  }
}

resource "aws_cloudwatch_metric_alarm" "email_failed" {
  count = var.email == null ? 0 : 1

  alarm_name          = "${var.name}-email-failed"
  alarm_description   = "SNS could not deliver a mail of the topic ${var.name}. See which address bounces, or who has unsubscribed."
  namespace           = "AWS/SNS"
  metric_name         = "NumberOfNotificationsFailed"
  dimensions          = { TopicName = aws_sns_topic.email[0].name }
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
