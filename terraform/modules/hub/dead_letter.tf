# What a topic did not take of an alarm's rules; what triage's rule could not deliver lies in triage's own queue.
resource "aws_sqs_queue" "alarms_dead_letter" {
  name                      = local.alarms_dead_letter_queue_name
  message_retention_seconds = 14 * 24 * 3600
  max_message_size          = var.queue_max_message_size
  kms_master_key_id         = aws_kms_key.this.arn
  policy                    = data.aws_iam_policy_document.alarms_dead_letter_queue.json
  tags                      = var.tags
}

locals {
  alarms_dead_letter_queue_name = "${var.name_prefix}-alarms-hub-dlq"
}

data "aws_iam_policy_document" "alarms_dead_letter_queue" {
  statement {
    sid       = "KeepWhatWasNotDelivered"
    actions   = ["sqs:SendMessage"]
    resources = ["arn:${local.partition}:sqs:${local.region}:${local.account_id}:${local.alarms_dead_letter_queue_name}"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = concat(values(aws_cloudwatch_event_rule.log_alarm)[*].arn, [aws_cloudwatch_event_rule.spoke_alarms.arn])
    }
  }
}
