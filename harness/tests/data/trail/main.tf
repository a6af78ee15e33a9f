# Resources of a company in the hub's account, apart from the monitor: a trail with its bucket, and a user that deploys.

variable "let_cloudtrail_in" {
  type = bool
}

provider "aws" {
  region = "us-east-1"
}

data "aws_caller_identity" "this" {}

resource "aws_s3_bucket" "trail" {
  bucket = "acme-trail"
  tags   = { team = "security" }
}

resource "aws_s3_bucket_public_access_block" "trail" {
  bucket                  = aws_s3_bucket.trail.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_policy" "trail" {
  bucket = aws_s3_bucket.trail.id
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = "s3:GetBucketAcl"
        Resource  = aws_s3_bucket.trail.arn
      },
      {
        Effect    = "Allow"
        Principal = { Service = "cloudtrail.amazonaws.com" }
        Action    = var.let_cloudtrail_in ? "s3:PutObject" : "s3:GetObject"
        Resource  = "${aws_s3_bucket.trail.arn}/AWSLogs/${data.aws_caller_identity.this.account_id}/*"
        Condition = { StringEquals = { "s3:x-amz-acl" = "bucket-owner-full-control" } }
      },
    ]
  })
}

resource "aws_cloudtrail" "own" {
  name                  = "own"
  s3_bucket_name        = aws_s3_bucket.trail.id
  is_multi_region_trail = true

  depends_on = [aws_s3_bucket_policy.trail]
}

resource "aws_iam_user" "deployer" {
  name = "deployer"
  path = "/ci/"
  tags = { team = "security" }
}

resource "aws_iam_access_key" "deployer" {
  user = aws_iam_user.deployer.name
}

resource "aws_iam_user_policy" "deployer" {
  name = "deploy"
  user = aws_iam_user.deployer.name
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Resource = "*" }]
  })
}

resource "aws_iam_user_policy_attachment" "deployer" {
  user       = aws_iam_user.deployer.name
  policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
}

resource "aws_sns_topic" "this" {
  for_each = toset(["login", "activity", "health"])
  name     = each.key
}

output "topic_arns" {
  value = { us-east-1 = { for kind, topic in aws_sns_topic.this : kind => topic.arn } }
}
