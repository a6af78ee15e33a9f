data "aws_partition" "current" {}

data "aws_iam_policy_document" "secret" {
  count = var.secret == null ? 0 : 1

  statement {
    sid       = "ReadSecret"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [var.secret.secret_arn]
  }

  dynamic "statement" {
    for_each = var.secret.kms_key_arn == null ? [] : [var.secret.kms_key_arn]

    content {
      sid       = "DecryptSecret"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]

      # The key opens this secret, through Secrets Manager and in no other way.
      condition {
        test     = "StringEquals"
        variable = "kms:ViaService"
        values   = ["secretsmanager.${split(":", var.secret.secret_arn)[3]}.${data.aws_partition.current.dns_suffix}"]
      }
    }
  }
}
