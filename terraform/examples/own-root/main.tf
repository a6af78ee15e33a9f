# A root module as a company would write it: its own Regions, its own alerters, a subscriber of its own.

provider "aws" {
  alias               = "hub"
  region              = var.hub_region
  allowed_account_ids = [var.hub_account_id]
}

provider "aws" {
  alias               = "hub_sign_in"
  region              = "us-east-1"
  allowed_account_ids = [var.hub_account_id]
}

provider "aws" {
  alias               = "payroll_sign_in"
  region              = "us-east-1"
  allowed_account_ids = [var.spoke_account_id]

  assume_role {
    role_arn    = var.spoke_account_assume_role_arn
    external_id = var.spoke_account_external_id
  }
}

module "hub" {
  source    = "../../modules/hub"
  providers = { aws = aws.hub }

  name_prefix     = "acme-root"
  organization_id = var.organization_id
  packages_dir    = var.packages_dir
  slack           = var.slack
  health_emails   = ["platform@example.com"]
  account_names   = { (var.spoke_account_id) = "payroll" }
}

module "hub_sign_in" {
  source    = "../../modules/spoke"
  providers = { aws = aws.hub_sign_in }

  name_prefix       = "acme-root"
  hub_event_bus_arn = module.hub.event_bus_arn
}

module "payroll_sign_in" {
  source    = "../../modules/spoke"
  providers = { aws = aws.payroll_sign_in }

  name_prefix       = "acme-root"
  hub_event_bus_arn = module.hub.event_bus_arn
}

module "ticketing" {
  source    = "../custom-subscriber"
  providers = { aws = aws.hub }

  name      = "acme-root-ticketing"
  topic_arn = module.hub.topic_arns.activity
}
