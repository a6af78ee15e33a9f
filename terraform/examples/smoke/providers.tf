provider "aws" {
  alias               = "hub"
  region              = var.hub_region
  allowed_account_ids = [var.hub_account_id]
}

provider "aws" {
  alias               = "spoke"
  region              = var.hub_region
  allowed_account_ids = [var.spoke_account_id]

  assume_role {
    role_arn    = var.spoke_account_assume_role_arn
    external_id = var.spoke_account_external_id
  }
}
