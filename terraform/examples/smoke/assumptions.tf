# Probes of the assumptions in docs/assumptions.md. An event of a custom source is sent to three queues of the hub's account. The policies on
# the path depend on condition keys, so the queues that receive the event show which keys EventBridge supplies.

locals {
  hub_arn_prefix = "${var.hub_region}:${var.hub_account_id}"
  # The bus denies an event whose key `events:eventBusInvocation` has this value.
  denied = { denies-true = "true", denies-false = "false" }
  # Each queue is a target of the bus of its name; one without a bus is a target of the first.
  queues = { for name in concat(["source-account"], keys(local.denied)) : name => name == "source-account" ? "first" : name }
}

resource "aws_cloudwatch_event_bus" "probe" {
  for_each = toset(concat(["first"], keys(local.denied)))
  provider = aws.hub
  name     = "${local.name}-${each.key}"
}

resource "aws_cloudwatch_event_rule" "probe" {
  for_each       = aws_cloudwatch_event_bus.probe
  provider       = aws.hub
  name           = "${local.name}-probe"
  event_bus_name = each.value.name
  event_pattern  = jsonencode({ source = ["rootwatch.smoke"] })
}

data "aws_iam_policy_document" "denies" {
  provider = aws.hub
  for_each = local.denied

  statement {
    effect    = "Deny"
    actions   = ["events:PutEvents"]
    resources = [aws_cloudwatch_event_bus.probe[each.key].arn]

    principals {
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "events:eventBusInvocation"
      values   = [each.value]
    }
  }
}

resource "aws_cloudwatch_event_bus_policy" "denies" {
  for_each       = local.denied
  provider       = aws.hub
  event_bus_name = aws_cloudwatch_event_bus.probe[each.key].name
  policy         = data.aws_iam_policy_document.denies[each.key].json
}

data "aws_iam_policy_document" "trust" {
  provider = aws.hub

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "probe" {
  provider           = aws.hub
  name               = "${local.name}-probe"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

data "aws_iam_policy_document" "probe" {
  provider = aws.hub

  statement {
    actions   = ["events:PutEvents"]
    resources = [for name, value in local.denied : aws_cloudwatch_event_bus.probe[name].arn]
  }
}

resource "aws_iam_role_policy" "probe" {
  provider = aws.hub
  name     = "probe"
  role     = aws_iam_role.probe.name
  policy   = data.aws_iam_policy_document.probe.json
}

resource "aws_cloudwatch_event_target" "bus" {
  for_each       = local.denied
  provider       = aws.hub
  rule           = aws_cloudwatch_event_rule.probe["first"].name
  event_bus_name = aws_cloudwatch_event_bus.probe["first"].name
  target_id      = each.key
  arn            = aws_cloudwatch_event_bus.probe[each.key].arn
  role_arn       = aws_iam_role.probe.arn

  depends_on = [aws_iam_role_policy.probe]
}

resource "aws_cloudwatch_event_target" "queue" {
  for_each       = local.queues
  provider       = aws.hub
  rule           = aws_cloudwatch_event_rule.probe[each.value].name
  event_bus_name = aws_cloudwatch_event_rule.probe[each.value].event_bus_name
  target_id      = "queue"
  arn            = aws_sqs_queue.probe[each.key].arn
}

data "aws_iam_policy_document" "probe_queue" {
  provider = aws.hub
  for_each = local.queues

  statement {
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${local.partition}:sqs:${local.hub_arn_prefix}:${local.name}-${each.key}"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = each.key == "source-account" ? "StringEquals" : "ArnLike"
      variable = each.key == "source-account" ? "aws:SourceAccount" : "aws:SourceArn"
      values   = [each.key == "source-account" ? var.hub_account_id : "arn:${local.partition}:events:${local.hub_arn_prefix}:rule/${local.name}-*"]
    }
  }
}

resource "aws_sqs_queue" "probe" {
  for_each                  = local.queues
  provider                  = aws.hub
  name                      = "${local.name}-${each.key}"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 3600
  policy                    = data.aws_iam_policy_document.probe_queue[each.key].json
}

# These buses admit one role of the spoke, the second bus only for deliveries. PutTargets in the spoke shows whose permission it checks.
resource "aws_cloudwatch_event_bus" "admits" {
  for_each = toset(["admits-role", "admits-delivery"])
  provider = aws.hub
  name     = "${local.name}-${each.key}"
}

data "aws_iam_policy_document" "admits" {
  provider = aws.hub
  for_each = aws_cloudwatch_event_bus.admits

  statement {
    actions   = ["events:PutEvents"]
    resources = [each.value.arn]

    principals {
      type        = "AWS"
      identifiers = [aws_iam_role.nobody.arn]
    }

    dynamic "condition" {
      for_each = each.key == "admits-delivery" ? ["true"] : []

      content {
        test     = "Bool"
        variable = "events:eventBusInvocation"
        values   = [condition.value]
      }
    }
  }
}

resource "aws_cloudwatch_event_bus_policy" "admits" {
  for_each       = aws_cloudwatch_event_bus.admits
  provider       = aws.hub
  event_bus_name = each.value.name
  policy         = data.aws_iam_policy_document.admits[each.key].json
}

resource "aws_iam_role" "nobody" {
  provider           = aws.spoke
  name               = "${local.name}-nobody"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_cloudwatch_event_rule" "nobody" {
  provider      = aws.spoke
  name          = "${local.name}-nobody"
  event_pattern = jsonencode({ source = ["rootwatch.smoke"] })
  state         = "DISABLED"
}
