# Every provider assumes the deployment role of the account.

locals {
  role_arn = "arn:aws:iam::${var.account_id}:role/${var.deploy_role_name}"
}

provider "aws" {
  region              = var.region
  allowed_account_ids = [var.account_id]

  assume_role {
    role_arn    = local.role_arn
    external_id = var.external_id
  }
}

provider "aws" {
  alias               = "us_east_1"
  region              = "us-east-1"
  allowed_account_ids = [var.account_id]

  assume_role {
    role_arn    = local.role_arn
    external_id = var.external_id
  }
}

provider "aws" {
  alias               = "us_east_2"
  region              = "us-east-2"
  allowed_account_ids = [var.account_id]

  assume_role {
    role_arn    = local.role_arn
    external_id = var.external_id
  }
}

provider "aws" {
  alias               = "us_west_2"
  region              = "us-west-2"
  allowed_account_ids = [var.account_id]

  assume_role {
    role_arn    = local.role_arn
    external_id = var.external_id
  }
}
