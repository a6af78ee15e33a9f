locals {
  topic_names = {
    login     = "${var.name_prefix}-root-login"
    activity  = "${var.name_prefix}-root-activity"
    tampering = "${var.name_prefix}-tampering"
    health    = "${var.name_prefix}-health"
  }

  topic_arns = { for name, topic in aws_sns_topic.this : name => topic.arn }
}

resource "aws_sns_topic" "this" {
  for_each = local.topic_names

  name              = each.value
  kms_master_key_id = aws_kms_key.this.arn
  tags              = var.tags
}

resource "aws_sns_topic_policy" "this" {
  for_each = aws_sns_topic.this

  arn    = each.value.arn
  policy = data.aws_iam_policy_document.topic[each.key].json
}

data "aws_iam_policy_document" "topic" {
  for_each = aws_sns_topic.this

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
    resources = [each.value.arn]

    principals {
      type        = "AWS"
      identifiers = [local.account_root_arn]
    }
  }

  # The rules for alarms of spokes. No condition: EventBridge supplies no key that one could name
  # (EventBridge user guide, resource-based policies).
  dynamic "statement" {
    for_each = contains(["activity", "health"], each.key) ? [each.value.arn] : []

    content {
      sid       = "PublishFromEventBridge"
      actions   = ["sns:Publish"]
      resources = [statement.value]

      principals {
        type        = "Service"
        identifiers = ["events.amazonaws.com"]
      }
    }
  }

  dynamic "statement" {
    for_each = each.key == "health" ? [each.value.arn] : []

    content {
      sid       = "PublishFromOwnAlarms"
      actions   = ["sns:Publish"]
      resources = [statement.value]

      principals {
        type        = "Service"
        identifiers = ["cloudwatch.amazonaws.com"]
      }

      condition {
        test     = "ArnLike"
        variable = "aws:SourceArn"
        values   = ["arn:${local.partition}:cloudwatch:${local.region}:${local.account_id}:alarm:*"]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:SourceAccount"
        values   = [local.account_id]
      }
    }
  }
}

# Past all functions, so that their failures are reported.
resource "aws_sns_topic_subscription" "health_email" {
  for_each = var.health_emails

  topic_arn = local.topic_arns.health
  protocol  = "email"
  endpoint  = each.value
}
