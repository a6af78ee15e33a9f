resource "aws_cloudwatch_event_rule" "alarm" {
  name        = local.name
  description = "Forwards the changes of the alarm ${local.name}, and of those on its way, to and from ALARM to the hub."
  tags        = var.tags

  event_pattern = jsonencode({
    source      = ["aws.cloudwatch"]
    detail-type = ["CloudWatch Alarm State Change"]
    resources   = concat([aws_cloudwatch_metric_alarm.root_activity.arn], var.forward_alarms ? local.health_alarm_arns : [])
    detail = {
      "$or" = [
        { state = { value = ["ALARM"] } },
        { previousState = { value = ["ALARM"] } },
      ]
    }
  })
}

resource "aws_cloudwatch_event_target" "hub" {
  rule      = aws_cloudwatch_event_rule.alarm.name
  target_id = "hub"
  arn       = var.hub_event_bus_arn
  role_arn  = aws_iam_role.delivery.arn

  # As long and as often as EventBridge can.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letter.arn
  }

  # The first event may come before the role could deliver it, and a denial is not retried.
  depends_on = [aws_iam_role_policy.delivery]
}

# IAM is global: the Region in the name keeps the Regions of one account apart.
# The hub's bus admits roles by the start of this name.
resource "aws_iam_role" "delivery" {
  name                 = "${var.name_prefix}-delivery-${var.name}-${local.region}"
  path                 = var.role_path
  description          = "EventBridge delivers the alarm ${local.name} of ${local.region} to the hub with this role."
  assume_role_policy   = data.aws_iam_policy_document.delivery_trust.json
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

# Only this rule of this account may take the role.
data "aws_iam_policy_document" "delivery_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.alarm.arn]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}

resource "aws_iam_role_policy" "delivery" {
  name   = "deliver-to-hub"
  role   = aws_iam_role.delivery.id
  policy = data.aws_iam_policy_document.delivery.json
}

data "aws_iam_policy_document" "delivery" {
  statement {
    sid       = "DeliverToHub"
    actions   = ["events:PutEvents"]
    resources = [var.hub_event_bus_arn]
  }
}
