# The spokes of the account that AFT customizes: the home Region of AFT and the Regions of sign-ins.

locals {
  # The hub's configuration deploys the spokes of its own account, and a Region has one spoke.
  is_spoke        = data.aws_caller_identity.current.account_id != split(":", var.hub_event_bus_arn)[4]
  sign_in_regions = ["us-east-1", "us-east-2", "us-west-2"]
}

module "rootwatch_home" {
  source = "../../modules/spoke"
  count  = local.is_spoke && !contains(local.sign_in_regions, var.home_region) ? 1 : 0

  hub_event_bus_arn = var.hub_event_bus_arn
}

module "rootwatch_us_east_1" {
  source    = "../../modules/spoke"
  providers = { aws = aws.rootwatch_us_east_1 }
  count     = local.is_spoke ? 1 : 0

  hub_event_bus_arn = var.hub_event_bus_arn
}

module "rootwatch_us_east_2" {
  source    = "../../modules/spoke"
  providers = { aws = aws.rootwatch_us_east_2 }
  count     = local.is_spoke ? 1 : 0

  hub_event_bus_arn = var.hub_event_bus_arn
}

module "rootwatch_us_west_2" {
  source    = "../../modules/spoke"
  providers = { aws = aws.rootwatch_us_west_2 }
  count     = local.is_spoke ? 1 : 0

  hub_event_bus_arn = var.hub_event_bus_arn
}
