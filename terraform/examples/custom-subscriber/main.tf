# A queue that receives the alerts of one topic, in the hub's account and Region.

locals {
  topic  = split(":", var.topic_arn)
  prefix = "arn:${local.topic[1]}:sqs:${local.topic[3]}:${local.topic[4]}"
}

resource "aws_sqs_queue" "this" {
  name                      = var.name
  message_retention_seconds = 14 * 24 * 3600
  # SQS's own key: SNS needs no permission for it. A customer-managed key must admit sns.amazonaws.com.
  sqs_managed_sse_enabled = true
  policy                  = data.aws_iam_policy_document.queue["alerts"].json
  tags                    = var.tags
}

# Where SNS puts what it could not deliver.
resource "aws_sqs_queue" "dead_letter" {
  name                      = "${var.name}-dlq"
  message_retention_seconds = 14 * 24 * 3600
  sqs_managed_sse_enabled   = true
  policy                    = data.aws_iam_policy_document.queue["dead_letters"].json
  tags                      = var.tags
}

data "aws_iam_policy_document" "queue" {
  # The keys are known at plan time, where the topic of the same configuration is not.
  for_each = { alerts = "${local.prefix}:${var.name}", dead_letters = "${local.prefix}:${var.name}-dlq" }

  statement {
    sid       = "DeliverFromTopic"
    actions   = ["sqs:SendMessage"]
    resources = [each.value]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [var.topic_arn]
    }
  }
}

resource "aws_sns_topic_subscription" "this" {
  topic_arn = var.topic_arn
  protocol  = "sqs"
  endpoint  = aws_sqs_queue.this.arn
  # The queue's message is the alert itself: handlers/alert/schema/alert.v1.json.
  raw_message_delivery = true

  # On the body: the messages of a log alarm have no attributes.
  filter_policy_scope = "MessageBody"
  filter_policy       = jsonencode({ severity = sort(var.severities) })

  redrive_policy = jsonencode({ deadLetterTargetArn = aws_sqs_queue.dead_letter.arn })
}
