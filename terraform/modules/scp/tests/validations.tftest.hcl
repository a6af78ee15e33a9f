# Every validation and precondition refuses an invalid value at plan time.

mock_provider "aws" {
  source = "../../tests/aws"
}

variables {
  hub_account_id   = "999988887777"
  spoke_target_ids = ["r-a1b2"]
  hub_target_ids   = ["999988887777"]
}

run "attaches_a_policy_to_each_target" {
  command = plan

  assert {
    condition     = length(aws_organizations_policy_attachment.this) == 2
    error_message = "Each target has one policy."
  }
}

run "gives_policies_without_attaching_them" {
  command = plan

  variables {
    spoke_target_ids = []
    hub_target_ids   = []
  }

  assert {
    condition     = length(aws_organizations_policy.this) == 0 && jsondecode(output.hub_policy).Version == "2012-10-17"
    error_message = "Without targets the policies are outputs only."
  }
}

run "refuses_one_invalid_value_of_each_variable" {
  command = plan

  variables {
    hub_account_id          = "9999"
    spoke_target_ids        = ["root"]
    hub_target_ids          = ["root"]
    deploy_role_arns        = []
    administrator_role_arns = ["OrganizationAccountAccessRole"]
    log_group_names         = ["arn:aws:logs:us-east-1:999988887777:log-group:trail"]
    kms_key_arns            = ["alias/rootwatch"]
    secret_arns             = ["arn:aws:secretsmanager:us-east-1:999988887777:secret:slack"]
    event_bus_name          = "a/b"
    name_prefix             = "Root_Watch"
  }

  expect_failures = [
    var.hub_account_id,
    var.spoke_target_ids,
    var.hub_target_ids,
    var.deploy_role_arns,
    var.administrator_role_arns,
    var.log_group_names,
    var.kms_key_arns,
    var.secret_arns,
    var.event_bus_name,
    var.name_prefix,
  ]
}

run "refuses_a_policy_of_more_than_5120_characters" {
  command = plan

  variables {
    log_group_names = [for number in range(60) : "trail-of-account-${number}"]
  }

  expect_failures = [aws_organizations_policy.this]
}
