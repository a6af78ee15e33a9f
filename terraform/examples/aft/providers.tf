# AFT renders the default provider from aft-providers.jinja: the account that it customizes, in its home Region. These
# providers assume the same role in the Regions of sign-ins.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  role_arn = "arn:${data.aws_partition.current.partition}:iam::${data.aws_caller_identity.current.account_id}:role/${var.role_name}"
}

provider "aws" {
  alias  = "rootwatch_us_east_1"
  region = "us-east-1"

  assume_role {
    role_arn = local.role_arn
  }
}

provider "aws" {
  alias  = "rootwatch_us_east_2"
  region = "us-east-2"

  assume_role {
    role_arn = local.role_arn
  }
}

provider "aws" {
  alias  = "rootwatch_us_west_2"
  region = "us-west-2"

  assume_role {
    role_arn = local.role_arn
  }
}
