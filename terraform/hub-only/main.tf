# The hub, and the spokes of the hub's own account. Apply it before any spoke.

locals {
  # CloudTrail records root sign-ins in these Regions, whichever endpoint answers. GovCloud has no root sign-in, and the other
  # partitions have Regions of their own.
  commercial      = !can(regex("^(us-gov|cn|eusc|us-iso[a-z]?|eu-isoe)-", var.hub_region))
  sign_in_regions = var.sign_in_regions != null ? var.sign_in_regions : toset(local.commercial ? ["us-east-1", "us-east-2", "us-west-2"] : [])
}

module "hub" {
  source    = "../modules/hub"
  providers = { aws = aws.hub }

  name_prefix              = var.name_prefix
  organization_id          = var.organization_id
  spoke_account_ids        = var.spoke_account_ids
  packages_dir             = coalesce(var.packages_dir, "${path.module}/packages")
  packages_s3              = var.packages_s3
  event_bus_name           = var.event_bus_name
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
  deploy_role_arns         = var.deploy_role_arns
  report_deployments       = var.report_deployments
  heartbeat                = var.heartbeat
  expected_accounts        = var.expected_accounts
  expected_regions         = local.sign_in_regions
  unmonitored_accounts     = var.unmonitored_accounts
  deduplication            = var.deduplication
  read_only_events         = var.read_only_events
  log_retention_days       = var.log_retention_days
  kms_deletion_window_days = var.kms_deletion_window_days
  queue_max_message_size   = var.queue_max_message_size
  alarm_actions            = var.alarm_actions
  role_path                = var.role_path
  permissions_boundary     = var.permissions_boundary
  tags                     = var.tags
}

module "spoke_us_east_1" {
  source    = "../modules/spoke"
  providers = { aws = aws.hub_us_east_1 }
  count     = contains(local.sign_in_regions, "us-east-1") ? 1 : 0

  hub_event_bus_arn      = module.hub.event_bus_arn
  name_prefix            = var.name_prefix
  read_only_events       = var.read_only_events
  forward_alarms         = var.hub_region != "us-east-1"
  health_topic_arn       = var.hub_region == "us-east-1" ? module.hub.topic_arns.health : null
  heartbeat              = var.heartbeat
  tampering_alerts       = var.tampering_alerts
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags
}

module "spoke_us_east_2" {
  source    = "../modules/spoke"
  providers = { aws = aws.hub_us_east_2 }
  count     = contains(local.sign_in_regions, "us-east-2") ? 1 : 0

  hub_event_bus_arn      = module.hub.event_bus_arn
  name_prefix            = var.name_prefix
  read_only_events       = var.read_only_events
  forward_alarms         = var.hub_region != "us-east-2"
  health_topic_arn       = var.hub_region == "us-east-2" ? module.hub.topic_arns.health : null
  heartbeat              = var.heartbeat
  tampering_alerts       = var.tampering_alerts
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags
}

module "spoke_us_west_2" {
  source    = "../modules/spoke"
  providers = { aws = aws.hub_us_west_2 }
  count     = contains(local.sign_in_regions, "us-west-2") ? 1 : 0

  hub_event_bus_arn      = module.hub.event_bus_arn
  name_prefix            = var.name_prefix
  read_only_events       = var.read_only_events
  forward_alarms         = var.hub_region != "us-west-2"
  health_topic_arn       = var.hub_region == "us-west-2" ? module.hub.topic_arns.health : null
  heartbeat              = var.heartbeat
  tampering_alerts       = var.tampering_alerts
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags
}

module "spoke" {
  source    = "../modules/spoke"
  providers = { aws = aws.hub }
  count     = contains(local.sign_in_regions, var.hub_region) ? 0 : 1

  hub_event_bus_arn      = module.hub.event_bus_arn
  name_prefix            = var.name_prefix
  read_only_events       = var.read_only_events
  forward_alarms         = false
  health_topic_arn       = module.hub.topic_arns.health
  heartbeat              = var.heartbeat
  tampering_alerts       = var.tampering_alerts
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags
}

module "log_alarm" {
  source    = "../modules/log-alarm"
  providers = { aws = aws.hub }
  count     = var.log_group == null ? 0 : 1

  log_group_name         = var.log_group.name
  hub_event_bus_arn      = module.hub.event_bus_arn
  name_prefix            = var.name_prefix
  forward_alarms         = false
  health_topic_arn       = module.hub.topic_arns.health
  queue_max_message_size = var.queue_max_message_size
  alarm_actions          = var.alarm_actions
  role_path              = var.role_path
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags
}

locals {
  # The spokes, by Region.
  spokes = merge(
    { for spoke in module.spoke_us_east_1 : "us-east-1" => spoke },
    { for spoke in module.spoke_us_east_2 : "us-east-2" => spoke },
    { for spoke in module.spoke_us_west_2 : "us-west-2" => spoke },
    { for spoke in module.spoke : var.hub_region => spoke },
  )
}
