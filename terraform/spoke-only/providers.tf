# Sign-ins of root are recorded in us-east-1, us-east-2 or us-west-2, so the account has a spoke in each of these
# and in the Region that was asked for. Terraform cannot make providers in a loop: each Region is an alias.

provider "aws" {
  alias               = "spoke"
  region              = var.region
  allowed_account_ids = [var.spoke_account_id]

  dynamic "assume_role" {
    for_each = var.spoke_account_assume_role_arn == null ? [] : [var.spoke_account_assume_role_arn]

    content {
      role_arn    = assume_role.value
      external_id = var.spoke_account_external_id
    }
  }
}

provider "aws" {
  alias               = "spoke_us_east_1"
  region              = contains(local.sign_in_regions, "us-east-1") ? "us-east-1" : var.region
  allowed_account_ids = [var.spoke_account_id]

  dynamic "assume_role" {
    for_each = var.spoke_account_assume_role_arn == null ? [] : [var.spoke_account_assume_role_arn]

    content {
      role_arn    = assume_role.value
      external_id = var.spoke_account_external_id
    }
  }
}

provider "aws" {
  alias               = "spoke_us_east_2"
  region              = contains(local.sign_in_regions, "us-east-2") ? "us-east-2" : var.region
  allowed_account_ids = [var.spoke_account_id]

  dynamic "assume_role" {
    for_each = var.spoke_account_assume_role_arn == null ? [] : [var.spoke_account_assume_role_arn]

    content {
      role_arn    = assume_role.value
      external_id = var.spoke_account_external_id
    }
  }
}

provider "aws" {
  alias               = "spoke_us_west_2"
  region              = contains(local.sign_in_regions, "us-west-2") ? "us-west-2" : var.region
  allowed_account_ids = [var.spoke_account_id]

  dynamic "assume_role" {
    for_each = var.spoke_account_assume_role_arn == null ? [] : [var.spoke_account_assume_role_arn]

    content {
      role_arn    = assume_role.value
      external_id = var.spoke_account_external_id
    }
  }
}
