# The last heartbeat of each account and Region, in a table, and an hourly check for missing ones.

locals {
  coverage_name = "${var.name_prefix}-coverage"

  # Environment variables of Lambda hold 4096 bytes, so a long list is left to organizations_role_arn.
  expected_accounts = setunion(var.expected_accounts, length(var.spoke_account_ids) <= 100 ? var.spoke_account_ids : [])

  coverage_settings = jsonencode({
    name        = local.coverage_name
    hub_account = local.account_id
    accounts    = sort(local.expected_accounts)
    regions     = sort(var.expected_regions)
    exempt      = sort(var.unmonitored_accounts)
  })
}

resource "aws_dynamodb_table" "coverage" {
  count = var.heartbeat ? 1 : 0

  name         = local.coverage_name
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "account"
  range_key    = "region"
  tags         = var.tags

  attribute {
    name = "account"
    type = "S"
  }

  attribute {
    name = "region"
    type = "S"
  }

  server_side_encryption {
    enabled     = true
    kms_key_arn = aws_kms_key.this.arn
  }

  point_in_time_recovery {
    enabled = true
  }
}

resource "aws_cloudwatch_event_rule" "coverage" {
  count = var.heartbeat ? 1 : 0

  name           = local.coverage_name
  description    = "Heartbeats and CloudTrail events of the spokes, to the function that keeps the time of the last ones."
  event_bus_name = aws_cloudwatch_event_bus.this.name
  tags           = var.tags

  event_pattern = jsonencode({
    source      = [{ prefix = "aws." }]
    detail-type = ["Scheduled Event", { suffix = " via CloudTrail" }]
  })
}

# Schedules are possible on the default bus only.
resource "aws_cloudwatch_event_rule" "coverage_check" {
  count = var.heartbeat ? 1 : 0

  name                = "${local.coverage_name}-check"
  description         = "Starts the check for missing heartbeats."
  schedule_expression = "rate(1 hour)"
  tags                = var.tags
}

resource "aws_cloudwatch_event_target" "coverage" {
  for_each = merge(
    { for rule in aws_cloudwatch_event_rule.coverage : "events" => rule },
    { for rule in aws_cloudwatch_event_rule.coverage_check : "check" => rule },
  )

  rule           = each.value.name
  event_bus_name = each.value.event_bus_name
  target_id      = "coverage"
  arn            = one(module.coverage[*].queue_arn)

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = one(module.coverage[*].dead_letter_queue_arn)
  }
}

module "coverage" {
  source = "../function"
  count  = var.heartbeat ? 1 : 0

  name                   = local.coverage_name
  package                = local.packages.coverage.file
  package_s3             = local.packages.coverage.s3
  architecture           = var.architecture
  source_service         = "events.amazonaws.com"
  source_arns            = concat(aws_cloudwatch_event_rule.coverage[*].arn, aws_cloudwatch_event_rule.coverage_check[*].arn)
  permissions            = concat([data.aws_iam_policy_document.coverage.json], data.aws_iam_policy_document.account_names[*].json)
  kms_key_arn            = aws_kms_key.this.arn
  health_topic_arn       = local.topic_arns.health
  timeout_seconds        = 120
  log_retention_days     = var.log_retention_days
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags

  environment = merge(
    {
      COVERAGE_TABLE   = one(aws_dynamodb_table.coverage[*].name)
      HEALTH_TOPIC_ARN = local.topic_arns.health
      COVERAGE         = local.coverage_settings
    },
    var.organizations_role_arn == null ? {} : { ORGANIZATIONS_ROLE_ARN = var.organizations_role_arn },
  )
}

data "aws_iam_policy_document" "coverage" {
  statement {
    sid = "KeepLastHeartbeats"
    actions = concat(
      ["dynamodb:PutItem", "dynamodb:Scan", "dynamodb:UpdateItem"],
      # Accounts that have left the organization are forgotten.
      var.organizations_role_arn == null ? [] : ["dynamodb:DeleteItem"],
    )
    resources = ["arn:${local.partition}:dynamodb:${local.region}:${local.account_id}:table/${local.coverage_name}"]
  }

  statement {
    sid       = "ReportMissingHeartbeats"
    actions   = ["sns:Publish"]
    resources = [local.topic_arns.health]
  }
}

# The number of checks, which the alarm below watches, and the number of missing heartbeats, for dashboards.
resource "aws_cloudwatch_log_metric_filter" "coverage" {
  for_each = { for name, value in { checks = "1", missing = "$.missing" } : name => value if var.heartbeat }

  name           = "${local.coverage_name}-${each.key}"
  log_group_name = one(module.coverage[*].log_group_name)
  pattern        = "{ $.message = \"checked coverage\" }"

  metric_transformation {
    namespace = "Rootwatch"
    name      = "${local.coverage_name}-${each.key}"
    value     = each.value
    unit      = "Count"
  }
}

# Without a check there is no data. Data that is missing from the start is no change of state, so a new hub is quiet.
resource "aws_cloudwatch_metric_alarm" "coverage_check" {
  count = var.heartbeat ? 1 : 0

  alarm_name                = "${local.coverage_name}-check"
  alarm_description         = "The check for missing heartbeats does not run: a spoke that falls silent is not noticed. See the rule and the function ${local.coverage_name}, and its log."
  namespace                 = aws_cloudwatch_log_metric_filter.coverage["checks"].metric_transformation[0].namespace
  metric_name               = aws_cloudwatch_log_metric_filter.coverage["checks"].metric_transformation[0].name
  statistic                 = "Sum"
  period                    = 3600
  evaluation_periods        = 3
  comparison_operator       = "LessThanThreshold"
  threshold                 = 1
  treat_missing_data        = "missing"
  alarm_actions             = concat([local.topic_arns.health], var.alarm_actions)
  ok_actions                = concat([local.topic_arns.health], var.alarm_actions)
  insufficient_data_actions = concat([local.topic_arns.health], var.alarm_actions)
  tags                      = var.tags
}
