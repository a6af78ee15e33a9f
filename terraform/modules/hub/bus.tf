resource "aws_cloudwatch_event_bus" "this" {
  name = "hub-root-activity"
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

locals {
  # Who may deliver. The hub is its own spoke, inside or outside an organization. Its own account is named by its root,
  # which leaves it to the delivery role's permission; a statement for everyone would be one by itself within the account.
  # Accounts go into a condition, not into Principal: 300 account ARNs would not fit a policy of 10,240 characters.
  elsewhere = { test = "StringNotEquals", variable = "aws:PrincipalAccount", values = [local.account_id] }

  admitted = merge(
    {
      Own = { principal = local.account_root_arn, conditions = [] }
    },
    length(var.spoke_account_ids) == 0 ? {} : {
      Accounts = {
        principal = "*"
        conditions = [
          { test = "StringEquals", variable = "aws:PrincipalAccount", values = sort(var.spoke_account_ids) },
          local.elsewhere,
        ]
      }
    },
    var.organization_id == null ? {} : {
      Organization = {
        principal = "*"
        conditions = [
          { test = "StringEquals", variable = "aws:PrincipalOrgID", values = [var.organization_id] },
          local.elsewhere,
        ]
      }
    },
  )
}

# Nobody can forge an alert: no customer can put an event with a source `aws.*`,
# and what is admitted was forwarded by a rule, with a delivery role, unchanged.
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
        test     = "ArnLike"
        variable = "aws:PrincipalArn"
        values   = ["arn:*:iam::*:role/${var.name_prefix}-delivery-*"]
      }

      # True when a rule's target delivers, false for the API call PutEvents.
      condition {
        test     = "Bool"
        variable = "events:eventBusInvocation"
        values   = ["true"]
      }

      condition {
        test     = "StringLike"
        variable = "events:source"
        values   = ["aws.*"]
      }
    }
  }
}
