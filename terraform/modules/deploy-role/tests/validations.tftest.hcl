# Every validation and precondition refuses an invalid value at plan time.

mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  deploys                = "hub"
  trusted_principal_arns = ["arn:aws:iam::999988887777:role/pipeline"]
}

run "deploys_a_hub" {
  command = plan

  variables {
    log_group_names = ["organization-trail"]
    packages_s3     = { bucket = "releases", prefix = "v1/" }
  }

  assert {
    condition     = join(",", keys(output.policies)) == "common,functions,hub"
    error_message = "A hub needs three policies."
  }

  assert {
    condition     = strcontains(output.policies.functions, "arn:aws:s3:::releases/v1/*")
    error_message = "The role can read the packages."
  }
}

run "deploys_a_spoke" {
  command = plan

  variables {
    deploys = "spoke"
  }

  assert {
    condition     = join(",", keys(output.policies)) == "common"
    error_message = "A spoke needs one policy."
  }

  assert {
    condition     = !strcontains(output.policies.common, "iam::999988887777:role/rootwatch-*") && !strcontains(output.policies.common, "lambda") && !strcontains(output.policies.common, "logs:")
    error_message = "The role can change delivery roles only, no function and no log group."
  }
}

run "fits_every_policy_for_twenty_regions" {
  command = plan

  variables {
    regions                   = [for number in range(20) : "eu-northwest-${number + 10}"]
    log_group_names           = ["organization-trail"]
    kms_key_arns              = ["arn:aws:kms:us-east-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab"]
    role_path                 = "/monitoring/"
    role_permissions_boundary = "arn:aws:iam::999988887777:policy/boundary"
    packages_s3               = { bucket = "releases" }
  }
}

run "requires_the_boundary_for_new_roles" {
  command = plan

  variables {
    role_permissions_boundary = "arn:aws:iam::999988887777:policy/boundary"
  }

  assert {
    condition = alltrue([for statement in jsondecode(output.policies.common).Statement :
      statement.Condition.StringEquals["iam:PermissionsBoundary"] == "arn:aws:iam::999988887777:policy/boundary"
      if contains(statement.Action, "iam:CreateRole") || contains(statement.Action, "iam:PutRolePolicy")
    ])
    error_message = "The role can create only roles with the boundary."
  }

  assert {
    condition     = !strcontains(output.policies.common, "iam:DeleteRolePermissionsBoundary")
    error_message = "The role cannot remove the boundary."
  }
}

run "limits_keys_and_regions" {
  command = plan

  variables {
    regions      = ["eu-west-1"]
    kms_key_arns = ["arn:aws:kms:eu-west-1:999988887777:key/1234abcd-12ab-34cd-56ef-1234567890ab"]
  }

  assert {
    condition     = !strcontains(output.policies.hub, ":key/*") && strcontains(output.policies.hub, "\"aws:RequestedRegion\":[\"eu-west-1\"]")
    error_message = "The role can change the given key in the given Region only."
  }
}

run "refuses_one_invalid_value_of_each_variable" {
  command = plan

  variables {
    deploys                   = "hubs"
    trusted_principal_arns    = ["arn:aws:iam::*:root"]
    external_id               = "x"
    name                      = "a/b"
    path                      = "platform"
    permissions_boundary      = "boundary"
    name_prefix               = "Root_Watch"
    event_bus_name            = "a/b"
    role_path                 = "monitoring"
    role_permissions_boundary = "boundary"
    regions                   = ["Ireland"]
    log_group_names           = ["arn:aws:logs:us-east-1:999988887777:log-group:trail"]
    kms_key_arns              = ["alias/rootwatch"]
    packages_s3               = { bucket = "Releases" }
  }

  expect_failures = [
    var.deploys,
    var.trusted_principal_arns,
    var.external_id,
    var.name,
    var.path,
    var.permissions_boundary,
    var.name_prefix,
    var.event_bus_name,
    var.role_path,
    var.role_permissions_boundary,
    var.regions,
    var.log_group_names,
    var.kms_key_arns,
    var.packages_s3,
  ]
}

run "refuses_a_role_that_could_change_itself" {
  command = plan

  variables {
    name = "rootwatch-delivery-deploy"
  }

  expect_failures = [aws_iam_role.this]
}

run "refuses_a_policy_of_more_than_6144_characters" {
  command = plan

  variables {
    log_group_names = [for number in range(90) : "trail-of-account-${number}"]
  }

  expect_failures = [aws_iam_policy.this]
}
