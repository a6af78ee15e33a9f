# Sign-ins of root are recorded in us-east-1, us-east-2 or us-west-2, so the account has a spoke in each of these
# and in the hub's Region. Terraform cannot make providers in a loop: each Region is an alias.

provider "aws" {
  alias               = "hub"
  region              = var.hub_region
  allowed_account_ids = [var.hub_account_id]
}

provider "aws" {
  alias               = "hub_us_east_1"
  region              = contains(local.sign_in_regions, "us-east-1") ? "us-east-1" : var.hub_region
  allowed_account_ids = [var.hub_account_id]
}

provider "aws" {
  alias               = "hub_us_east_2"
  region              = contains(local.sign_in_regions, "us-east-2") ? "us-east-2" : var.hub_region
  allowed_account_ids = [var.hub_account_id]
}

provider "aws" {
  alias               = "hub_us_west_2"
  region              = contains(local.sign_in_regions, "us-west-2") ? "us-west-2" : var.hub_region
  allowed_account_ids = [var.hub_account_id]
}
