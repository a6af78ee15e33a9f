# Without a trail, EventBridge receives no API call. Its files are deleted with the bucket.

data "aws_partition" "current" {
  provider = aws.hub
}

locals {
  partition  = data.aws_partition.current.partition
  trail_arn  = "arn:${local.partition}:cloudtrail:${var.hub_region}:${var.spoke_account_id}:trail/${local.name}"
  bucket     = "${local.name}-${var.spoke_account_id}"
  bucket_arn = "arn:${local.partition}:s3:::${local.bucket}"
}

resource "aws_s3_bucket" "trail" {
  #checkov:skip=CKV_AWS_18:The trail exists for an hour.
  #checkov:skip=CKV_AWS_21:The trail exists for an hour.
  #checkov:skip=CKV_AWS_144:The trail exists for an hour.
  #checkov:skip=CKV_AWS_145:The trail exists for an hour.
  #checkov:skip=CKV2_AWS_61:The trail exists for an hour.
  #checkov:skip=CKV2_AWS_62:The trail exists for an hour.
  #checkov:skip=CKV2_AWS_6:S3 blocks public access to new buckets by default.
  provider      = aws.spoke
  bucket        = local.bucket
  force_destroy = true
}

data "aws_iam_policy_document" "trail" {
  provider = aws.hub

  statement {
    actions   = ["s3:GetBucketAcl", "s3:PutObject"]
    resources = [local.bucket_arn, "${local.bucket_arn}/AWSLogs/${var.spoke_account_id}/*"]

    principals {
      type        = "Service"
      identifiers = ["cloudtrail.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceArn"
      values   = [local.trail_arn]
    }
  }
}

resource "aws_s3_bucket_policy" "trail" {
  provider = aws.spoke
  bucket   = aws_s3_bucket.trail.id
  policy   = data.aws_iam_policy_document.trail.json
}

resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV_AWS_35:The trail exists for an hour.
  #checkov:skip=CKV_AWS_36:The trail exists for an hour.
  #checkov:skip=CKV_AWS_67:The trail exists for an hour.
  #checkov:skip=CKV_AWS_252:The trail exists for an hour.
  #checkov:skip=CKV2_AWS_10:The trail exists for an hour.
  provider       = aws.spoke
  name           = local.name
  s3_bucket_name = aws_s3_bucket.trail.id

  depends_on = [aws_s3_bucket_policy.trail]
}
