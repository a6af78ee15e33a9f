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
  # Who may deliver. The hub is its own spoke, inside or outside an organization.
  # Accounts go into a condition, not into Principal: 300 account ARNs would not fit a policy of 10,240 characters.
  admitted = merge(
    {
      Accounts = {
        variable = "aws:PrincipalAccount"
        values   = concat([local.account_id], sort(var.spoke_account_ids))
      }
    },
    var.organization_id == null ? {} : {
      Organization = {
        variable = "aws:PrincipalOrgID"
        values   = [var.organization_id]
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
        type        = "*"
        identifiers = ["*"]
      }

      condition {
        test     = "StringEquals"
        variable = statement.value.variable
        values   = statement.value.values
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
