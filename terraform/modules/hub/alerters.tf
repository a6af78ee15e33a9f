# Each may stand several times, each with its own secret; each takes login, activity or both, from a severity upwards,
# of all accounts or of some.

locals {
  packages = { for name in ["triage", "slack", "pagerduty", "email", "coverage"] : name => {
    file = var.packages_s3 == null ? "${coalesce(var.packages_dir, "packages")}/${name}.zip" : null
    s3 = var.packages_s3 == null ? null : {
      bucket         = var.packages_s3.bucket
      key            = "${var.packages_s3.prefix}${name}.zip"
      object_version = lookup(var.packages_s3.object_versions, name, null)
    }
  } }
}

module "slack" {
  source   = "../alerter"
  for_each = var.slack

  name                   = "${var.name_prefix}-slack-${each.key}"
  package                = local.packages.slack.file
  package_s3             = local.packages.slack.s3
  architecture           = var.architecture
  topics                 = { for type in each.value.alert_types : type => local.topic_arns[type] }
  secret                 = { secret_arn = each.value.secret_arn, kms_key_arn = each.value.kms_key_arn }
  kms_key_arn            = aws_kms_key.this.arn
  health_topic_arn       = local.topic_arns.health
  minimum_severity       = each.value.minimum_severity
  accounts               = each.value.accounts
  runbook_url            = var.runbook_url
  access_portal_url      = var.access_portal_url
  access_portal_role     = var.access_portal_role
  deduplication_table    = local.deduplication_table
  log_retention_days     = var.log_retention_days
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags
}

module "pagerduty" {
  source   = "../alerter"
  for_each = var.pagerduty

  name         = "${var.name_prefix}-pagerduty-${each.key}"
  package      = local.packages.pagerduty.file
  package_s3   = local.packages.pagerduty.s3
  architecture = var.architecture
  topics = merge(
    { for type in each.value.alert_types : type => local.topic_arns[type] },
    each.value.health ? { health = local.topic_arns.health } : {},
  )
  secret                 = { secret_arn = each.value.secret_arn, kms_key_arn = each.value.kms_key_arn }
  kms_key_arn            = aws_kms_key.this.arn
  health_topic_arn       = local.topic_arns.health
  minimum_severity       = each.value.minimum_severity
  accounts               = each.value.accounts
  runbook_url            = var.runbook_url
  access_portal_url      = var.access_portal_url
  access_portal_role     = var.access_portal_role
  deduplication_table    = local.deduplication_table
  log_retention_days     = var.log_retention_days
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags
}

module "email" {
  source   = "../alerter"
  for_each = var.email

  name                   = "${var.name_prefix}-email-${each.key}"
  package                = local.packages.email.file
  package_s3             = local.packages.email.s3
  architecture           = var.architecture
  topics                 = { for type in each.value.alert_types : type => local.topic_arns[type] }
  email                  = { addresses = each.value.addresses }
  kms_key_arn            = aws_kms_key.this.arn
  health_topic_arn       = local.topic_arns.health
  minimum_severity       = each.value.minimum_severity
  accounts               = each.value.accounts
  runbook_url            = var.runbook_url
  access_portal_url      = var.access_portal_url
  access_portal_role     = var.access_portal_role
  deduplication_table    = local.deduplication_table
  log_retention_days     = var.log_retention_days
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags
}
