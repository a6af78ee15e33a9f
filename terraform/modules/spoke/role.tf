# IAM is global: the Region in the name keeps the Regions of one account apart.
# The hub's bus admits roles by the start of this name.
resource "aws_iam_role" "delivery" {
  name                 = "${var.name_prefix}-delivery-${local.region}"
  path                 = var.role_path
  description          = "EventBridge delivers root activity of ${local.region} to the hub with this role."
  assume_role_policy   = data.aws_iam_policy_document.delivery_trust.json
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

# Only the rules of this spoke may take the role.
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
      values   = local.rule_arns
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
