# The hub, and the spokes of the hub's own account. Apply it before any spoke.

locals {
  # Where CloudTrail records sign-ins: these always have a spoke, the Region that was asked for has one beside them.
  sign_in_regions = ["us-east-1", "us-east-2", "us-west-2"]
}

module "hub" {
  source    = "../modules/hub"
  providers = { aws = aws.hub }

  name_prefix              = var.name_prefix
  organization_id          = var.organization_id
  spoke_account_ids        = var.spoke_account_ids
  packages_dir             = coalesce(var.packages_dir, "${path.module}/packages")
  architecture             = var.architecture
  slack                    = var.slack
  pagerduty                = var.pagerduty
  email                    = var.email
  health_emails            = var.health_emails
  account_names            = var.account_names
  runbook_url              = var.runbook_url
  access_portal_url        = var.access_portal_url
  access_portal_role       = var.access_portal_role
  organizations_role_arn   = var.organizations_role_arn
  severities               = var.severities
  suppressions             = var.suppressions
  deduplication            = var.deduplication
  read_only_events         = var.read_only_events
  log_retention_days       = var.log_retention_days
  kms_deletion_window_days = var.kms_deletion_window_days
  tags                     = var.tags
}

module "spoke_us_east_1" {
  source    = "../modules/spoke"
  providers = { aws = aws.hub_us_east_1 }

  hub_event_bus_arn = module.hub.event_bus_arn
  name_prefix       = var.name_prefix
  read_only_events  = var.read_only_events
  forward_alarms    = var.hub_region != "us-east-1"
  health_topic_arn  = var.hub_region == "us-east-1" ? module.hub.topic_arns.health : null
  tags              = var.tags
}

module "spoke_us_east_2" {
  source    = "../modules/spoke"
  providers = { aws = aws.hub_us_east_2 }

  hub_event_bus_arn = module.hub.event_bus_arn
  name_prefix       = var.name_prefix
  read_only_events  = var.read_only_events
  forward_alarms    = var.hub_region != "us-east-2"
  health_topic_arn  = var.hub_region == "us-east-2" ? module.hub.topic_arns.health : null
  tags              = var.tags
}

module "spoke_us_west_2" {
  source    = "../modules/spoke"
  providers = { aws = aws.hub_us_west_2 }

  hub_event_bus_arn = module.hub.event_bus_arn
  name_prefix       = var.name_prefix
  read_only_events  = var.read_only_events
  forward_alarms    = var.hub_region != "us-west-2"
  health_topic_arn  = var.hub_region == "us-west-2" ? module.hub.topic_arns.health : null
  tags              = var.tags
}

module "spoke" {
  source    = "../modules/spoke"
  providers = { aws = aws.hub }
  count     = contains(local.sign_in_regions, var.hub_region) ? 0 : 1

  hub_event_bus_arn = module.hub.event_bus_arn
  name_prefix       = var.name_prefix
  read_only_events  = var.read_only_events
  forward_alarms    = false
  health_topic_arn  = module.hub.topic_arns.health
  tags              = var.tags
}

module "log_alarm" {
  source    = "../modules/log-alarm"
  providers = { aws = aws.hub }
  count     = var.log_group == null ? 0 : 1

  log_group_name    = var.log_group.name
  hub_event_bus_arn = module.hub.event_bus_arn
  name_prefix       = var.name_prefix
  forward_alarms    = false
  health_topic_arn  = module.hub.topic_arns.health
  tags              = var.tags
}
