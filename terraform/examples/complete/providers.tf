# One alias for each account and Region: Terraform 1.5 has no providers in a loop.

provider "aws" {
  alias               = "hub"
  region              = "us-east-1"
  allowed_account_ids = [var.hub_account_id]
}

provider "aws" {
  alias               = "hub_us_east_2"
  region              = "us-east-2"
  allowed_account_ids = [var.hub_account_id]
}

provider "aws" {
  alias               = "hub_us_west_2"
  region              = "us-west-2"
  allowed_account_ids = [var.hub_account_id]
}

provider "aws" {
  alias               = "payments_us_east_1"
  region              = "us-east-1"
  allowed_account_ids = [var.spoke_account_id]

  assume_role {
    role_arn    = var.spoke_account_assume_role_arn
    external_id = var.spoke_account_external_id
  }
}

provider "aws" {
  alias               = "payments_us_east_2"
  region              = "us-east-2"
  allowed_account_ids = [var.spoke_account_id]

  assume_role {
    role_arn    = var.spoke_account_assume_role_arn
    external_id = var.spoke_account_external_id
  }
}

provider "aws" {
  alias               = "payments_us_west_2"
  region              = "us-west-2"
  allowed_account_ids = [var.spoke_account_id]

  assume_role {
    role_arn    = var.spoke_account_assume_role_arn
    external_id = var.spoke_account_external_id
  }
}

provider "aws" {
  alias               = "payments_eu_west_1"
  region              = "eu-west-1"
  allowed_account_ids = [var.spoke_account_id]

  assume_role {
    role_arn    = var.spoke_account_assume_role_arn
    external_id = var.spoke_account_external_id
  }
}
