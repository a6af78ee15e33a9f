# One spoke account. Apply it once per account, each time with a state (or a workspace) of its own.

locals {
  # Where CloudTrail records sign-ins: these always have a spoke, the Region that was asked for has one beside them.
  sign_in_regions = ["us-east-1", "us-east-2", "us-west-2"]
}

module "spoke_us_east_1" {
  source    = "../modules/spoke"
  providers = { aws = aws.spoke_us_east_1 }

  hub_event_bus_arn = var.hub_event_bus_arn
  name_prefix       = var.name_prefix
  read_only_events  = var.read_only_events
  health_topic_arn  = var.region == "us-east-1" ? var.health_topic_arn : null
  tags              = var.tags
}

module "spoke_us_east_2" {
  source    = "../modules/spoke"
  providers = { aws = aws.spoke_us_east_2 }

  hub_event_bus_arn = var.hub_event_bus_arn
  name_prefix       = var.name_prefix
  read_only_events  = var.read_only_events
  health_topic_arn  = var.region == "us-east-2" ? var.health_topic_arn : null
  tags              = var.tags
}

module "spoke_us_west_2" {
  source    = "../modules/spoke"
  providers = { aws = aws.spoke_us_west_2 }

  hub_event_bus_arn = var.hub_event_bus_arn
  name_prefix       = var.name_prefix
  read_only_events  = var.read_only_events
  health_topic_arn  = var.region == "us-west-2" ? var.health_topic_arn : null
  tags              = var.tags
}

module "spoke" {
  source    = "../modules/spoke"
  providers = { aws = aws.spoke }
  count     = contains(local.sign_in_regions, var.region) ? 0 : 1

  hub_event_bus_arn = var.hub_event_bus_arn
  name_prefix       = var.name_prefix
  read_only_events  = var.read_only_events
  health_topic_arn  = var.health_topic_arn
  tags              = var.tags
}

module "log_alarm" {
  source    = "../modules/log-alarm"
  providers = { aws = aws.spoke }
  count     = var.log_group == null ? 0 : 1

  log_group_name    = var.log_group.name
  hub_event_bus_arn = var.hub_event_bus_arn
  name_prefix       = var.name_prefix
  health_topic_arn  = var.health_topic_arn
  tags              = var.tags
}
