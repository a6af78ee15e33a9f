# One spoke account. Apply it once per account, each time with a state (or a workspace) of its own.

locals {
  # CloudTrail records root sign-ins in these Regions, whichever endpoint answers. GovCloud has no root sign-in, and the other
  # partitions have Regions of their own.
  commercial      = !can(regex("^(us-gov|cn|eusc|us-iso[a-z]?|eu-isoe)-", var.region))
  sign_in_regions = var.sign_in_regions != null ? var.sign_in_regions : toset(local.commercial ? ["us-east-1", "us-east-2", "us-west-2"] : [])
}

module "spoke_us_east_1" {
  source    = "../modules/spoke"
  providers = { aws = aws.spoke_us_east_1 }
  count     = contains(local.sign_in_regions, "us-east-1") ? 1 : 0

  hub_event_bus_arn      = var.hub_event_bus_arn
  name_prefix            = var.name_prefix
  read_only_events       = var.read_only_events
  alarms                 = var.alarms
  health_topic_arn       = var.region == "us-east-1" ? var.health_topic_arn : null
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
  providers = { aws = aws.spoke_us_east_2 }
  count     = contains(local.sign_in_regions, "us-east-2") ? 1 : 0

  hub_event_bus_arn      = var.hub_event_bus_arn
  name_prefix            = var.name_prefix
  read_only_events       = var.read_only_events
  alarms                 = var.alarms
  health_topic_arn       = var.region == "us-east-2" ? var.health_topic_arn : null
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
  providers = { aws = aws.spoke_us_west_2 }
  count     = contains(local.sign_in_regions, "us-west-2") ? 1 : 0

  hub_event_bus_arn      = var.hub_event_bus_arn
  name_prefix            = var.name_prefix
  read_only_events       = var.read_only_events
  alarms                 = var.alarms
  health_topic_arn       = var.region == "us-west-2" ? var.health_topic_arn : null
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
  providers = { aws = aws.spoke }
  count     = contains(local.sign_in_regions, var.region) ? 0 : 1

  hub_event_bus_arn      = var.hub_event_bus_arn
  name_prefix            = var.name_prefix
  read_only_events       = var.read_only_events
  alarms                 = var.alarms
  health_topic_arn       = var.health_topic_arn
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
  providers = { aws = aws.spoke }
  count     = var.log_group == null ? 0 : 1

  log_group_name         = var.log_group.name
  hub_event_bus_arn      = var.hub_event_bus_arn
  name_prefix            = var.name_prefix
  health_topic_arn       = var.health_topic_arn
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
    { for spoke in module.spoke : var.region => spoke },
  )
}
