# A hub with every kind of alerter, the spokes of its own account and of one more account, a log alarm and a subscriber.

module "hub" {
  source    = "../../modules/hub"
  providers = { aws = aws.hub }

  organization_id = var.organization_id
  packages_dir    = var.packages_dir
  architecture    = var.architecture

  # Slack receives every alert, PagerDuty the grave ones and the alarms of the monitor itself, email the sign-ins.
  slack = {
    security = { secret_arn = var.slack_secret_arn }
  }
  pagerduty = {
    oncall = { secret_arn = var.pagerduty_secret_arn, minimum_severity = "high", health = true }
  }
  email = {
    security = { addresses = var.emails, alert_types = ["login"] }
  }
  health_emails = var.emails

  # Alerts of one incident are sent once and together.
  deduplication = true

  # Content and links of alerts.
  account_names      = { (var.hub_account_id) = "Security", (var.spoke_account_id) = "Payments" }
  runbook_url        = "https://wiki.example.com/root-activity"
  access_portal_url  = "https://example.awsapps.com/start"
  access_portal_role = "SecurityAudit"

  # Severities of your own, and a planned change that needs no alert.
  severities = { "s3:ListBuckets" = "high" }
  suppressions = [{
    operation = "s3:PutBucketPolicy"
    accounts  = [var.spoke_account_id]
    until     = "2027-01-31T00:00:00Z"
    reason    = "CHG-1234: the root user unlocks a bucket"
  }]

  log_retention_days       = 365
  kms_deletion_window_days = 30
  alarm_actions            = var.alarm_actions
  role_path                = var.role_path
  permissions_boundary     = var.hub_permissions_boundary
  tags                     = var.tags
}

# The hub's account: in the Region of the hub its alarms act on the health topic directly.
module "hub_us_east_1" {
  source    = "../../modules/spoke"
  providers = { aws = aws.hub }

  hub_event_bus_arn    = module.hub.event_bus_arn
  forward_alarms       = false
  health_topic_arn     = module.hub.topic_arns.health
  role_path            = var.role_path
  permissions_boundary = var.hub_permissions_boundary
  tags                 = var.tags
}

module "hub_us_east_2" {
  source    = "../../modules/spoke"
  providers = { aws = aws.hub_us_east_2 }

  hub_event_bus_arn    = module.hub.event_bus_arn
  role_path            = var.role_path
  permissions_boundary = var.hub_permissions_boundary
  tags                 = var.tags
}

module "hub_us_west_2" {
  source    = "../../modules/spoke"
  providers = { aws = aws.hub_us_west_2 }

  hub_event_bus_arn    = module.hub.event_bus_arn
  role_path            = var.role_path
  permissions_boundary = var.hub_permissions_boundary
  tags                 = var.tags
}

# The second path, for an organization trail that writes to a log group of the hub's account.
module "hub_log_alarm" {
  source    = "../../modules/log-alarm"
  providers = { aws = aws.hub }
  count     = var.log_group == null ? 0 : 1

  log_group_name       = var.log_group.name
  hub_event_bus_arn    = module.hub.event_bus_arn
  forward_alarms       = false
  health_topic_arn     = module.hub.topic_arns.health
  role_path            = var.role_path
  permissions_boundary = var.hub_permissions_boundary
  tags                 = var.tags
}

# The account Payments: the three Regions of sign-ins, and eu-west-1, where it works.
module "payments_us_east_1" {
  source    = "../../modules/spoke"
  providers = { aws = aws.payments_us_east_1 }

  hub_event_bus_arn = module.hub.event_bus_arn
  role_path         = var.role_path
  tags              = var.tags
}

module "payments_us_east_2" {
  source    = "../../modules/spoke"
  providers = { aws = aws.payments_us_east_2 }

  hub_event_bus_arn = module.hub.event_bus_arn
  role_path         = var.role_path
  tags              = var.tags
}

module "payments_us_west_2" {
  source    = "../../modules/spoke"
  providers = { aws = aws.payments_us_west_2 }

  hub_event_bus_arn = module.hub.event_bus_arn
  role_path         = var.role_path
  tags              = var.tags
}

module "payments_eu_west_1" {
  source    = "../../modules/spoke"
  providers = { aws = aws.payments_eu_west_1 }

  hub_event_bus_arn = module.hub.event_bus_arn
  role_path         = var.role_path
  tags              = var.tags
}

module "ticketing" {
  source    = "../custom-subscriber"
  providers = { aws = aws.hub }

  name       = "rootwatch-ticketing"
  topic_arn  = module.hub.topic_arns.activity
  severities = ["critical", "high"]
  tags       = var.tags
}
