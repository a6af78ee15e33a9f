# One configuration for every account of an organization. The script `apply` applies it to one account after the other, each
# with a state of its own. The hub's account has the hub in addition to its spokes.

locals {
  is_hub = var.account_id == var.hub_account_id

  # The output waits for the bus policy. The other accounts need the ARN only.
  hub_event_bus_arn = local.is_hub ? one(module.hub[*].event_bus_arn) : "arn:aws:events:us-east-1:${var.hub_account_id}:event-bus/hub-root-activity"
}

module "hub" {
  source    = "../../modules/hub"
  providers = { aws = aws.us_east_1 }
  count     = local.is_hub ? 1 : 0

  organization_id = var.organization_id
  packages_dir    = var.packages_dir
  slack           = { security = { secret_arn = var.slack_secret_arn } }
  health_emails   = var.health_emails
}

# In the hub's account and Region the alarms act on the health topic; elsewhere a rule forwards them.
module "us_east_1" {
  source    = "../../modules/spoke"
  providers = { aws = aws.us_east_1 }

  hub_event_bus_arn = local.hub_event_bus_arn
  forward_alarms    = !local.is_hub
  health_topic_arn  = one(module.hub[*].topic_arns.health)
}

module "us_east_2" {
  source    = "../../modules/spoke"
  providers = { aws = aws.us_east_2 }

  hub_event_bus_arn = local.hub_event_bus_arn
}

module "us_west_2" {
  source    = "../../modules/spoke"
  providers = { aws = aws.us_west_2 }

  hub_event_bus_arn = local.hub_event_bus_arn
}

module "home" {
  source = "../../modules/spoke"

  hub_event_bus_arn = local.hub_event_bus_arn
}
