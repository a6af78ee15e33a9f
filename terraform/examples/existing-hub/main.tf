# The spokes of one account that send events to a hub in another account. Terraform runs with credentials of this account.

provider "aws" {
  region = var.region
}

provider "aws" {
  alias  = "us_east_1"
  region = "us-east-1"
}

provider "aws" {
  alias  = "us_east_2"
  region = "us-east-2"
}

provider "aws" {
  alias  = "us_west_2"
  region = "us-west-2"
}

module "us_east_1" {
  source    = "../../modules/spoke"
  providers = { aws = aws.us_east_1 }

  hub_event_bus_arn = var.hub_event_bus_arn
  name_prefix       = var.name_prefix
}

module "us_east_2" {
  source    = "../../modules/spoke"
  providers = { aws = aws.us_east_2 }

  hub_event_bus_arn = var.hub_event_bus_arn
  name_prefix       = var.name_prefix
}

module "us_west_2" {
  source    = "../../modules/spoke"
  providers = { aws = aws.us_west_2 }

  hub_event_bus_arn = var.hub_event_bus_arn
  name_prefix       = var.name_prefix
}

# The Region where the account works. A local topic reports alarms even if the hub refuses this account.
module "home" {
  source = "../../modules/spoke"

  hub_event_bus_arn = var.hub_event_bus_arn
  name_prefix       = var.name_prefix
  health_topic_arn  = var.health_topic_arn
}
