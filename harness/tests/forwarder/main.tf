# An independent module after a public pattern: rules forward root activity of a member account to the topics of a central account.
# It calls no module of Rootwatch. `rootwatch run --terraform` reads the output `topic_arns`.

terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7.0"
    }
  }
}

variable "hub_account_id" {
  type = string
}

variable "spoke_account_id" {
  type = string
}

variable "spoke_account_assume_role_arn" {
  type = string
}

variable "spoke_account_external_id" {
  type = string
}

variable "organization_id" {
  type = string
}

provider "aws" {
  region              = "us-east-1"
  allowed_account_ids = [var.hub_account_id]
}

provider "aws" {
  alias               = "member"
  region              = "us-east-1"
  allowed_account_ids = [var.spoke_account_id]

  assume_role {
    role_arn    = var.spoke_account_assume_role_arn
    external_id = var.spoke_account_external_id
  }
}

locals {
  # By the topic: the detail types of its events.
  detail_types = {
    login    = ["AWS Console Sign In via CloudTrail"]
    activity = ["AWS API Call via CloudTrail", "AWS Service Event via CloudTrail"]
  }
}

# In the central account.

resource "aws_cloudwatch_event_bus" "central" {
  name = "root-activity"
}

data "aws_iam_policy_document" "bus" {
  statement {
    sid       = "Organization"
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.central.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalOrgID"
      values   = [var.organization_id]
    }
  }
}

resource "aws_cloudwatch_event_bus_policy" "central" {
  event_bus_name = aws_cloudwatch_event_bus.central.name
  policy         = data.aws_iam_policy_document.bus.json
}

resource "aws_cloudwatch_event_rule" "topic" {
  for_each = local.detail_types

  name           = "root-${each.key}"
  event_bus_name = aws_cloudwatch_event_bus.central.name
  state          = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"

  event_pattern = jsonencode({
    detail-type = each.value
    detail      = { userIdentity = { type = ["Root"] } }
  })
}

resource "aws_cloudwatch_event_target" "topic" {
  for_each = local.detail_types

  rule           = aws_cloudwatch_event_rule.topic[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.central.name
  arn            = aws_sns_topic.this[each.key].arn

  dead_letter_config {
    arn = aws_sqs_queue.central_dead_letters.arn
  }

  input_transformer {
    input_paths    = { account = "$.account", event = "$.detail.eventName", address = "$.detail.sourceIPAddress" }
    input_template = "\"Root of <account>: <event> from <address>\""
  }
}

resource "aws_sns_topic" "this" {
  for_each = toset(["login", "activity", "health"])

  name = "root-${each.key}"
}

data "aws_iam_policy_document" "topic" {
  for_each = {
    # EventBridge supplies no condition key to a topic.
    login    = { service = "events.amazonaws.com", sources = [] }
    activity = { service = "events.amazonaws.com", sources = [] }
    health   = { service = "cloudwatch.amazonaws.com", sources = [aws_cloudwatch_metric_alarm.dead_letters.arn] }
  }

  statement {
    sid       = "Publish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this[each.key].arn]

    principals {
      type        = "Service"
      identifiers = [each.value.service]
    }

    dynamic "condition" {
      for_each = length(each.value.sources) > 0 ? [each.value.sources] : []

      content {
        test     = "ArnEquals"
        variable = "aws:SourceArn"
        values   = condition.value
      }
    }
  }
}

resource "aws_sns_topic_policy" "this" {
  for_each = aws_sns_topic.this

  arn    = each.value.arn
  policy = data.aws_iam_policy_document.topic[each.key].json
}

resource "aws_sqs_queue" "central_dead_letters" {
  name                      = "root-activity-dead-letters"
  message_retention_seconds = 1209600
}

resource "aws_sqs_queue_policy" "central_dead_letters" {
  queue_url = aws_sqs_queue.central_dead_letters.url
  policy    = data.aws_iam_policy_document.central_dead_letters.json
}

data "aws_iam_policy_document" "central_dead_letters" {
  statement {
    sid       = "Rules"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.central_dead_letters.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for rule in aws_cloudwatch_event_rule.topic : rule.arn]
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = "root-activity-dead-letters"
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.central_dead_letters.name }
  statistic           = "Maximum"
  period              = 60
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.this["health"].arn]
}

# In the member account.

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.spoke_account_id]
    }
  }
}

data "aws_iam_policy_document" "forward" {
  statement {
    sid       = "Forward"
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.central.arn]
  }
}

resource "aws_iam_role" "forward" {
  provider = aws.member

  name               = "root-activity-forwarder"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "forward" {
  provider = aws.member

  name   = "forward"
  role   = aws_iam_role.forward.name
  policy = data.aws_iam_policy_document.forward.json
}

resource "aws_cloudwatch_event_rule" "forward" {
  provider = aws.member

  name          = "root-activity"
  state         = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"
  event_pattern = jsonencode({ detail = { userIdentity = { type = ["Root"] } } })
}

resource "aws_cloudwatch_event_target" "forward" {
  provider = aws.member

  rule     = aws_cloudwatch_event_rule.forward.name
  arn      = aws_cloudwatch_event_bus.central.arn
  role_arn = aws_iam_role.forward.arn

  depends_on = [aws_cloudwatch_event_bus_policy.central, aws_iam_role_policy.forward]
}

output "topic_arns" {
  value = { for name, topic in aws_sns_topic.this : name => topic.arn }
}
