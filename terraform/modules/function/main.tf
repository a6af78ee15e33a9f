# A function that is fed by its own queue: one failure model for every part of the way.

data "aws_partition" "current" {}

locals {
  # Region, account and partition come from an ARN of one's own: the data sources
  # for them changed between the provider's majors.
  log_group_arn = split(":", aws_cloudwatch_log_group.this.arn)
  partition     = local.log_group_arn[1]
  region        = local.log_group_arn[3]
  account_id    = local.log_group_arn[4]

  # `fileexists` takes no null.
  local_package  = var.package_s3 == null ? var.package : null
  package_exists = local.local_package == null ? false : fileexists(coalesce(local.local_package, "none"))

  queue_name             = var.name
  dead_letter_queue_name = "${var.name}-dlq"

  # Built from names: each queue is created with its policy, which names the queue.
  sqs_arn_prefix        = "arn:${local.partition}:sqs:${local.region}:${local.account_id}"
  queue_arn             = "${local.sqs_arn_prefix}:${local.queue_name}"
  dead_letter_queue_arn = "${local.sqs_arn_prefix}:${local.dead_letter_queue_name}"

  # The provider waits about 25 seconds for each queue, and creates one function at a time: neither has to wait for the other.
  sqs_url_prefix = "https://sqs.${local.region}.${data.aws_partition.current.dns_suffix}/${local.account_id}"
}

# Created here, with retention, and logs:CreateLogGroup left out of the role:
# a group that Lambda made would outlive `destroy`.
resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_158:CloudWatch Logs encrypts with a key of its own; the log holds no secret, and a key policy more could silence it.
  name              = "/aws/lambda/${var.name}"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_50:A trace would hold no more than the log does, and tracing needs permissions on every resource.
  #checkov:skip=CKV_AWS_115:A reserved limit would make alerts wait in a storm; the queue is what bounds the function.
  #checkov:skip=CKV_AWS_116:It is not invoked asynchronously: its queue has the dead-letter queue.
  #checkov:skip=CKV_AWS_117:It reaches AWS and the sink over the internet and nothing within a VPC.
  #checkov:skip=CKV_AWS_173:Its environment holds ARNs and URLs, no secret, and Lambda encrypts it with a key of its own.
  #checkov:skip=CKV_AWS_272:A signing profile belongs to whoever deploys; releases carry checksums and an attestation of their build.
  function_name     = var.name
  role              = aws_iam_role.this.arn
  filename          = local.local_package
  source_code_hash  = local.package_exists ? filebase64sha256(local.local_package) : null
  s3_bucket         = try(var.package_s3.bucket, null)
  s3_key            = try(var.package_s3.key, null)
  s3_object_version = try(var.package_s3.object_version, null)
  runtime           = "provided.al2023"
  handler           = "bootstrap"
  architectures     = [var.architecture]
  memory_size       = var.memory_mb
  timeout           = var.timeout_seconds
  tags              = var.tags

  environment {
    variables = merge(var.environment, {
      QUEUE_URL             = "${local.sqs_url_prefix}/${local.queue_name}"
      DEAD_LETTER_QUEUE_URL = "${local.sqs_url_prefix}/${local.dead_letter_queue_name}"
    })
  }

  lifecycle {
    precondition {
      condition     = var.package_s3 != null || local.package_exists
      error_message = "There is no file ${coalesce(var.package, "(package is null)")}: build the function's zip, or download it from a release, before Terraform runs, or set package_s3."
    }
  }

  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy.this,
  ]
}

resource "aws_lambda_event_source_mapping" "this" {
  event_source_arn        = aws_sqs_queue.this.arn
  function_name           = aws_lambda_function.this.arn
  batch_size              = var.batch_size
  function_response_types = ["ReportBatchItemFailures"]
  tags                    = var.tags

  # Lambda checks at creation that the role may read the queue.
  depends_on = [aws_iam_role_policy.this]
}
