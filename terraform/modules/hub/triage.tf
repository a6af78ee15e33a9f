resource "aws_cloudwatch_event_rule" "triage" {
  name           = "${var.name_prefix}-triage"
  description    = "CloudTrail records that the spokes forwarded, to triage."
  event_bus_name = aws_cloudwatch_event_bus.this.name
  # The state belongs to each rule: a plain ENABLED here would drop the read-only calls that the spokes forward.
  state = var.read_only_events ? "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" : "ENABLED"
  tags  = var.tags

  # Everything that the bus admitted: triage decides. It does not name `account`, so all senders match.
  event_pattern = jsonencode({
    source      = [{ prefix = "aws." }]
    detail-type = [{ suffix = " via CloudTrail" }]
  })

  lifecycle {
    precondition {
      condition     = local.environment_bytes <= 3400
      error_message = "account_names, severities, suppressions and organizations_role_arn take ${local.environment_bytes} bytes of the 3400 that fit into the environment of a Lambda function. Let organizations_role_arn name the accounts in place of account_names, and remove suppressions that have ended."
    }
  }
}

resource "aws_cloudwatch_event_target" "triage" {
  rule           = aws_cloudwatch_event_rule.triage.name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  target_id      = "triage"
  arn            = module.triage.queue_arn

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = module.triage.dead_letter_queue_arn
  }
}

module "triage" {
  source = "../function"

  name                   = "${var.name_prefix}-triage"
  package                = local.packages.triage.file
  package_s3             = local.packages.triage.s3
  architecture           = var.architecture
  source_service         = "events.amazonaws.com"
  source_arns            = [aws_cloudwatch_event_rule.triage.arn]
  permissions            = concat([data.aws_iam_policy_document.triage.json], data.aws_iam_policy_document.account_names[*].json)
  kms_key_arn            = aws_kms_key.this.arn
  health_topic_arn       = local.topic_arns.health
  timeout_seconds        = 10
  log_retention_days     = var.log_retention_days
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags

  environment = merge(
    {
      LOGIN_TOPIC_ARN    = local.topic_arns.login
      ACTIVITY_TOPIC_ARN = local.topic_arns.activity
    },
    length(local.triage_settings) == 0 ? {} : { SETTINGS = jsonencode(local.triage_settings) },
    var.organizations_role_arn == null ? {} : { ORGANIZATIONS_ROLE_ARN = var.organizations_role_arn },
  )
}

locals {
  # Bytes of the variables that grow with the inputs. Lambda allows 4096 bytes of names and values in all; the ARNs of the
  # topics and the URLs of the queues take up to 600 of them.
  environment_bytes = length(var.organizations_role_arn == null ? "" : var.organizations_role_arn) + floor(
    length(base64encode(jsonencode(local.triage_settings))) * 3 / 4
  )

  # Only what was given, so that a hub without settings has no variable for them.
  triage_settings = { for name, value in {
    account_names = var.account_names
    severities    = var.severities
    suppressions  = var.suppressions
  } : name => value if length(value) > 0 }
}

data "aws_iam_policy_document" "triage" {
  statement {
    sid       = "PublishAlerts"
    actions   = ["sns:Publish"]
    resources = [local.topic_arns.login, local.topic_arns.activity]
  }
}

data "aws_iam_policy_document" "account_names" {
  count = var.organizations_role_arn == null ? 0 : 1

  statement {
    sid       = "AskWhatAccountsAreCalled"
    actions   = ["sts:AssumeRole"]
    resources = [var.organizations_role_arn]
  }
}
