resource "aws_cloudwatch_event_bus" "this" {
  name = var.event_bus_name
  tags = var.tags

  lifecycle {
    precondition {
      condition     = var.organization_id != null || length(var.spoke_account_ids) > 0
      error_message = "Nobody could deliver to the hub: give organization_id (every account of the organization may deliver) or spoke_account_ids (these may)."
    }
  }
}

resource "aws_cloudwatch_event_bus_policy" "this" {
  event_bus_name = aws_cloudwatch_event_bus.this.name
  policy         = data.aws_iam_policy_document.bus.json
}

# AWS does not document what PutTargets checks on the bus of another account or Region. It may evaluate this policy for the
# caller, who has no delivery role, or without the keys `events:*`. So a condition on these keys applies only if they exist,
# and the restriction to delivery roles applies only to an event, which always has a source. docs/assumptions.md lists the
# alternatives; a deployment works under each of them.
locals {
  # Accounts are listed in a condition, not in Principal: 300 account ARNs do not fit into 10,240 characters.
  outside_own_account = { test = "StringNotEquals", variable = "aws:PrincipalAccount", values = [local.account_id] }

  # `true` when the target of a rule in another account delivers, `false` for the API call PutEvents. AWS does not document
  # the value within an account.
  forwarded_by_rule = { test = "BoolIfExists", variable = "events:eventBusInvocation", values = ["true"] }

  # The hub's account sends events too, inside or outside an organization. Its principal is the account's root, which
  # requires a permission of the delivery role.
  admitted = merge(
    {
      Own = { principal = local.account_root_arn, conditions = [] }
    },
    length(var.spoke_account_ids) == 0 ? {} : {
      Accounts = {
        principal = "*"
        conditions = [
          { test = "StringEquals", variable = "aws:PrincipalAccount", values = sort(var.spoke_account_ids) },
          local.outside_own_account,
          local.forwarded_by_rule,
        ]
      }
    },
    var.organization_id == null ? {} : {
      Organization = {
        principal = "*"
        conditions = [
          { test = "StringEquals", variable = "aws:PrincipalOrgID", values = [var.organization_id] },
          local.outside_own_account,
          local.forwarded_by_rule,
        ]
      }
    },
  )
}

# No one can forge an alert: EventBridge refuses a source `aws.*` from customers, and the bus accepts no other source.
data "aws_iam_policy_document" "bus" {
  dynamic "statement" {
    for_each = local.admitted

    content {
      sid       = "Deliver${statement.key}"
      actions   = ["events:PutEvents"]
      resources = [aws_cloudwatch_event_bus.this.arn]

      principals {
        type        = statement.key == "Own" ? "AWS" : "*"
        identifiers = [statement.value.principal]
      }

      dynamic "condition" {
        for_each = statement.value.conditions

        content {
          test     = condition.value.test
          variable = condition.value.variable
          values   = condition.value.values
        }
      }

      condition {
        test     = "StringLikeIfExists"
        variable = "events:source"
        values   = ["aws.*"]
      }
    }
  }

  statement {
    sid       = "DenyOtherRoles"
    effect    = "Deny"
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.this.arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Null"
      variable = "events:source"
      values   = ["false"]
    }

    condition {
      test     = "ArnNotLike"
      variable = "aws:PrincipalArn"
      values   = ["arn:*:iam::*:role/${var.name_prefix}-delivery-*", "arn:*:iam::*:role/*/${var.name_prefix}-delivery-*"]
    }
  }
}
