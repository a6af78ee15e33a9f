# A function that turns alerts into messages of one sink, and its subscriptions.

locals {
  severities = ["low", "medium", "high", "critical"]

  filter = merge(
    var.minimum_severity == "low" ? {} : {
      severity = slice(local.severities, index(local.severities, var.minimum_severity), 4)
    },
    length(var.accounts) == 0 ? {} : {
      "$or" = [
        { account = concat(sort(var.accounts), ["unknown"]) },
        { target = sort(var.accounts) },
        { origin = ["log-alarm", "unparsed"] },
      ]
    },
  )
}

module "function" {
  source = "../function"

  name                   = var.name
  package                = var.package
  package_s3             = var.package_s3
  architecture           = var.architecture
  source_service         = "sns.amazonaws.com"
  source_arns            = values(var.topics)
  kms_key_arn            = var.kms_key_arn
  health_topic_arn       = var.health_topic_arn
  timeout_seconds        = var.timeout_seconds
  max_receive_count      = var.max_receive_count
  log_retention_days     = var.log_retention_days
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags

  environment = merge(
    var.secret == null ? {} : { SECRET_ARN = var.secret.secret_arn },
    var.email == null ? {} : { EMAIL_TOPIC_ARN = one(aws_sns_topic.email[*].arn) },
    var.runbook_url == null ? {} : { RUNBOOK_URL = var.runbook_url },
    var.access_portal_url == null ? {} : { ACCESS_PORTAL = jsonencode({ url = var.access_portal_url, role = var.access_portal_role }) },
    var.deduplication_table == null ? {} : { DEDUPLICATION_TABLE = var.deduplication_table.name },
  )

  permissions = concat(
    data.aws_iam_policy_document.secret[*].json,
    data.aws_iam_policy_document.email[*].json,
    data.aws_iam_policy_document.deduplication[*].json,
  )
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.topics

  topic_arn = each.value
  protocol  = "sqs"
  endpoint  = module.function.queue_arn
  # The body of the queue's message is the alert itself, its attributes are the message's.
  raw_message_delivery = true

  # On the body: what a rule publishes has no attributes. The health topic carries no alerts.
  filter_policy       = each.key == "health" || length(local.filter) == 0 ? null : jsonencode(local.filter)
  filter_policy_scope = each.key == "health" || length(local.filter) == 0 ? null : "MessageBody"

  # Reached when SNS may not write to the queue; SQS's own redrive cannot see that.
  redrive_policy = jsonencode({
    deadLetterTargetArn = module.function.dead_letter_queue_arn
  })

  # SNS multiplies the numbers of values; the alternatives of `$or` add up (docs/assumptions.md).
  lifecycle {
    precondition {
      condition     = length(var.accounts) == 0 || (2 * length(var.accounts) + 3) * length(lookup(local.filter, "severity", [1])) <= 150
      error_message = "SNS allows 150 combinations of values in a filter policy: give at most 23 accounts with minimum_severity medium, and 30 with another one."
    }
  }
}
