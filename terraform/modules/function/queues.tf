# The policies are written into the queues, not attached next to them: a second resource
# would wait once more (25 s) until six reads of the attributes agree.

resource "aws_sqs_queue" "this" {
  name                       = local.queue_name
  visibility_timeout_seconds = 6 * var.timeout_seconds
  # The function gives up after 24 hours; a message that waits for another one may stay longer.
  message_retention_seconds = 7 * 24 * 3600
  max_message_size          = var.queue_max_message_size
  kms_master_key_id         = var.kms_key_arn
  policy                    = data.aws_iam_policy_document.queue.json
  tags                      = var.tags

  redrive_policy = jsonencode({
    deadLetterTargetArn = aws_sqs_queue.dead_letter.arn
    maxReceiveCount     = var.max_receive_count
  })
}

# Three things end here: what SQS gave up on, what the function moved itself (with the reason as
# attributes), and what the source could not deliver to the queue. All of them have the body of the
# queue's own messages, so SQS's redrive brings each of them back.
resource "aws_sqs_queue" "dead_letter" {
  name = local.dead_letter_queue_name
  # Longer than the queue's: a message keeps the age it had there.
  message_retention_seconds = 14 * 24 * 3600
  max_message_size          = var.queue_max_message_size
  kms_master_key_id         = var.kms_key_arn
  policy                    = data.aws_iam_policy_document.dead_letter_queue.json
  tags                      = var.tags
}

data "aws_iam_policy_document" "queue" {
  statement {
    sid       = "DeliverFromSource"
    actions   = ["sqs:SendMessage"]
    resources = [local.queue_arn]

    principals {
      type        = "Service"
      identifiers = [var.source_service]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = var.source_arns
    }
  }
}

data "aws_iam_policy_document" "dead_letter_queue" {
  statement {
    sid       = "KeepWhatWasNotDelivered"
    actions   = ["sqs:SendMessage"]
    resources = [local.dead_letter_queue_arn]

    principals {
      type        = "Service"
      identifiers = [var.source_service]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = var.source_arns
    }
  }
}
