# One key for all topics and queues. It must be a customer-managed one: the policies of alias/aws/sns and
# alias/aws/sqs name neither EventBridge nor CloudWatch, and what they send would silently not arrive.
resource "aws_kms_key" "this" {
  description             = "Topics and queues of ${var.name_prefix}."
  enable_key_rotation     = true
  deletion_window_in_days = var.kms_deletion_window_days
  policy                  = data.aws_iam_policy_document.key.json
  tags                    = var.tags
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name_prefix}"
  target_key_id = aws_kms_key.this.key_id
}

data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:It is a key policy: the account's root stands for its IAM policies, without which nobody could manage the key.
  #checkov:skip=CKV_AWS_111:In a key policy the resource "*" is this key.
  #checkov:skip=CKV_AWS_356:In a key policy the resource "*" is this key.
  # Makes IAM policies of this account effective for the key: the functions' roles rely on it.
  statement {
    sid       = "LetIamPoliciesDecide"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = [local.account_root_arn]
    }
  }

  # No condition on aws:SourceArn, aws:SourceAccount or aws:SourceOrgID: EventBridge does not supply them here
  # (SNS developer guide, key management), and no event would arrive.
  statement {
    sid       = "EventBridgeToTopicsAndQueues"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }

  statement {
    sid       = "TopicsToQueues"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["sns.amazonaws.com"]
    }
  }

  statement {
    sid       = "AlarmsToHealthTopic"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account_id]
    }
  }
}
