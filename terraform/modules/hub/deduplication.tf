# The alerts that were sent: each alerter sends an act once, though events, messages and corrections arrive
# several times, and groups the acts of an incident. Without the table each message is sent by itself.

resource "aws_dynamodb_table" "deduplication" {
  count = var.deduplication ? 1 : 0

  name         = "${var.name_prefix}-deduplication"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  tags         = var.tags

  attribute {
    name = "id"
    type = "S"
  }

  # A month: longer than a message can stay in a queue and its dead-letter queue.
  ttl {
    attribute_name = "expires"
    enabled        = true
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }

  point_in_time_recovery {
    enabled = true
  }
}

locals {
  deduplication_table = var.deduplication ? {
    name = one(aws_dynamodb_table.deduplication[*].name)
    arn  = one(aws_dynamodb_table.deduplication[*].arn)
  } : null
}
