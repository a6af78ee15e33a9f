# In China no event goes from Region to Region, so each Region has a hub of its own. IAM is the account's, not the Region's:
# the prefix keeps the hubs' roles apart.

variable "organization_id" {
  type = string
}

variable "packages_dir" {
  type = string
}

provider "aws" {
  alias  = "north"
  region = "cn-north-1"
}

provider "aws" {
  alias  = "northwest"
  region = "cn-northwest-1"
}

module "hub_north" {
  source    = "../tree/modules/hub"
  providers = { aws = aws.north }

  name_prefix     = "rootwatch-north"
  organization_id = var.organization_id
  packages_dir    = var.packages_dir
}

module "hub_northwest" {
  source    = "../tree/modules/hub"
  providers = { aws = aws.northwest }

  name_prefix     = "rootwatch-northwest"
  organization_id = var.organization_id
  packages_dir    = var.packages_dir
}

module "spoke_north" {
  source    = "../tree/modules/spoke"
  providers = { aws = aws.north }

  name_prefix       = "rootwatch-north"
  hub_event_bus_arn = module.hub_north.event_bus_arn
  forward_alarms    = false
  health_topic_arn  = module.hub_north.topic_arns.health
}

module "spoke_northwest" {
  source    = "../tree/modules/spoke"
  providers = { aws = aws.northwest }

  name_prefix       = "rootwatch-northwest"
  hub_event_bus_arn = module.hub_northwest.event_bus_arn
  forward_alarms    = false
  health_topic_arn  = module.hub_northwest.topic_arns.health
}

# A second hub in an account and Region that have one already.
module "hub_second" {
  source    = "../tree/modules/hub"
  providers = { aws = aws.north }

  name_prefix     = "rootwatch-second"
  event_bus_name  = "second-hub"
  organization_id = var.organization_id
  packages_dir    = var.packages_dir
}

module "spoke_second" {
  source    = "../tree/modules/spoke"
  providers = { aws = aws.north }

  name_prefix       = "rootwatch-second"
  hub_event_bus_arn = module.hub_second.event_bus_arn
  forward_alarms    = false
  health_topic_arn  = module.hub_second.topic_arns.health
}

output "topic_arns" {
  value = {
    cn-north-1     = module.hub_north.topic_arns
    cn-northwest-1 = module.hub_northwest.topic_arns
  }
}
