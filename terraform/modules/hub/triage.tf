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
      condition     = local.environment_bytes <= 3300
      error_message = "account_names, severities, suppressions, deploy_role_arns, the names of secrets and organizations_role_arn take ${local.environment_bytes} bytes of the 3300 that fit into the environment of a Lambda function. Let organizations_role_arn name the accounts in place of account_names, and remove suppressions that have ended."
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
      LOGIN_TOPIC_ARN     = local.topic_arns.login
      ACTIVITY_TOPIC_ARN  = local.topic_arns.activity
      TAMPERING_TOPIC_ARN = local.topic_arns.tampering
      SETTINGS = jsonencode(merge(local.operator_settings, {
        monitor = merge(local.monitor, { keys_and_secrets = concat([aws_kms_key.this.key_id], local.secrets_and_their_keys) })
      }))
    },
    var.organizations_role_arn == null ? {} : { ORGANIZATIONS_ROLE_ARN = var.organizations_role_arn },
  )
}

locals {
  # Bytes of the variables that grow with the inputs. Lambda allows 4096 bytes of names and values in all; the ARNs of the
  # topics and the URLs of the queues take up to 650 of them.
  environment_bytes = length(var.organizations_role_arn == null ? "" : var.organizations_role_arn) + floor(
    length(base64encode(jsonencode([local.operator_settings, local.monitor, local.secrets_and_their_keys]))) * 3 / 4
  )

  operator_settings = { for name, value in {
    account_names = var.account_names
    severities    = var.severities
    suppressions  = var.suppressions
  } : name => value if length(value) > 0 }

  # What a change of the monitor looks like.
  monitor = {
    name_prefix        = var.name_prefix
    event_bus_name     = var.event_bus_name
    deploy_role_arns   = var.deploy_role_arns
    report_deployments = var.report_deployments
  }

  # By their ids, which are shorter than their ARNs.
  secrets_and_their_keys = distinct(concat(
    [for alerter in concat(values(var.slack), values(var.pagerduty)) : replace(alerter.secret_arn, "/^.*:secret:/", "")],
    [for alerter in concat(values(var.slack), values(var.pagerduty)) : replace(alerter.kms_key_arn, "/^.*:key[/]/", "") if alerter.kms_key_arn != null],
  ))
}

data "aws_iam_policy_document" "triage" {
  statement {
    sid       = "PublishAlerts"
    actions   = ["sns:Publish"]
    resources = [local.topic_arns.login, local.topic_arns.activity, local.topic_arns.tampering]
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
