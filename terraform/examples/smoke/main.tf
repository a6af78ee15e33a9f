# A hub and a spoke under names of their own, for an hour in two accounts: `rootwatch smoke` sends probes through them.

locals {
  name = "rootwatch-smoke"
}

module "hub" {
  source    = "../../modules/hub"
  providers = { aws = aws.hub }

  name_prefix              = local.name
  event_bus_name           = local.name
  spoke_account_ids        = [var.spoke_account_id]
  packages_dir             = var.packages_dir
  architecture             = var.architecture
  expected_accounts        = [var.hub_account_id, var.spoke_account_id]
  kms_deletion_window_days = 7
}

module "hub_spoke" {
  source    = "../../modules/spoke"
  providers = { aws = aws.hub }

  name_prefix       = local.name
  hub_event_bus_arn = module.hub.event_bus_arn
  forward_alarms    = false
  health_topic_arn  = module.hub.topic_arns.health
}

module "spoke" {
  source    = "../../modules/spoke"
  providers = { aws = aws.spoke }

  name_prefix       = local.name
  hub_event_bus_arn = module.hub.event_bus_arn
}

# A subscriber of every topic.
resource "aws_sqs_queue" "received" {
  provider                  = aws.hub
  name                      = "${local.name}-received"
  sqs_managed_sse_enabled   = true
  message_retention_seconds = 3600
  policy                    = data.aws_iam_policy_document.received.json
}

data "aws_iam_policy_document" "received" {
  provider = aws.hub

  statement {
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${local.partition}:sqs:${var.hub_region}:${var.hub_account_id}:${local.name}-received"]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = values(module.hub.topic_arns)
    }
  }
}

resource "aws_sns_topic_subscription" "received" {
  for_each             = toset(["login", "activity", "tampering", "health"])
  provider             = aws.hub
  topic_arn            = module.hub.topic_arns[each.key]
  protocol             = "sqs"
  endpoint             = aws_sqs_queue.received.arn
  raw_message_delivery = true
}
