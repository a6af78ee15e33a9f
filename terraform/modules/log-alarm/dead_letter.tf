# What the hub's bus refused. SSE-SQS: the hub's key is no business of a spoke.
# The policy is written into the queue: a resource next to it would wait once more (25 s) for the attributes.
resource "aws_sqs_queue" "dead_letter" {
  name                      = local.dead_letter_queue_name
  message_retention_seconds = 14 * 24 * 3600
  max_message_size          = var.queue_max_message_size
  sqs_managed_sse_enabled   = true
  policy                    = data.aws_iam_policy_document.dead_letter_queue.json
  tags                      = var.tags
}

data "aws_iam_policy_document" "dead_letter_queue" {
  statement {
    sid       = "KeepWhatWasNotDelivered"
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${local.partition}:sqs:${local.region}:${local.account_id}:${local.dead_letter_queue_name}"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.alarm.arn]
    }
  }
}
