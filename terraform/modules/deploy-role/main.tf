# The role that Terraform assumes to deploy the hub or a spoke, with the permissions for plan, apply, update and destroy.
#
# The names of the monitor limit every permission. Where IAM knows no resource for an action, or the resource has a random
# id, the statement says so.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

locals {
  partition  = data.aws_partition.current.partition
  account_id = data.aws_caller_identity.current.account_id
  is_hub     = var.deploys == "hub"

  # An ARN up to its resource, by service. IAM policies are global, so the Region is a wildcard.
  arn = { for service in ["cloudwatch", "dynamodb", "events", "kms", "lambda", "logs", "sns", "sqs"] :
    service => "arn:${local.partition}:${service}:*:${local.account_id}"
  }

  # `name` is never among these names: a role that may change its own policies has every permission.
  role_arn_prefix    = "arn:${local.partition}:iam::${local.account_id}:role${var.role_path}${var.name_prefix}-"
  delivery_role_arns = ["${local.role_arn_prefix}delivery-*"]
  function_role_arns = [for use in ["triage", "coverage", "slack", "pagerduty", "email"] : "${local.role_arn_prefix}${use}-*" if local.is_hub]

  # Conditions, by operator; a statement leaves out empty ones.
  in_regions    = { for regions in [sort(var.regions)] : "StringEquals" => { "aws:RequestedRegion" = regions } if length(regions) > 0 }
  with_boundary = { for arn in var.role_permissions_boundary[*] : "StringEquals" => { "iam:PermissionsBoundary" = arn } }

  # Two forms of one log group: AWS checks tags on the first, all other actions on the second.
  function_log_groups = ["${local.arn.logs}:log-group:/aws/lambda/${var.name_prefix}-*"]
  watched_log_groups  = [for name in sort(var.log_group_names) : "${local.arn.logs}:log-group:${name}:*"]

  statements = {
    # What hub and spokes have in common: rules, queues, alarms and roles.
    common = [
      {
        sid = "Alarms"
        actions = [
          "cloudwatch:DeleteAlarms", "cloudwatch:ListTagsForResource", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource",
          "cloudwatch:UntagResource",
        ]
        resources = ["${local.arn.cloudwatch}:alarm:${var.name_prefix}-*"]
        condition = local.in_regions
      },
      # AWS checks this action on all alarms of the account, even if the call names one.
      {
        sid       = "ListAlarms"
        actions   = ["cloudwatch:DescribeAlarms"]
        resources = ["${local.arn.cloudwatch}:alarm:*"]
        condition = local.in_regions
      },
      {
        sid = "Rules"
        actions = [
          "events:DeleteRule", "events:DescribeRule", "events:ListTagsForResource", "events:ListTargetsByRule", "events:PutRule",
          "events:PutTargets", "events:RemoveTargets", "events:TagResource", "events:UntagResource",
        ]
        resources = concat(
          ["${local.arn.events}:rule/${var.name_prefix}-*"],
          [for bus in [var.event_bus_name] : "${local.arn.events}:rule/${bus}/${var.name_prefix}-*" if local.is_hub],
        )
        condition = local.in_regions
      },
      # AWS does not document whose permission PutTargets checks on the bus of another account or Region
      # (docs/assumptions.md). The bus refuses events of this role all the same.
      {
        sid       = "TargetBus"
        actions   = ["events:PutEvents"]
        resources = ["arn:${local.partition}:events:*:*:event-bus/${var.event_bus_name}"]
        condition = {}
      },
      {
        sid = "Queues"
        actions = [
          "sqs:CreateQueue", "sqs:DeleteQueue", "sqs:GetQueueAttributes", "sqs:ListQueueTags", "sqs:SetQueueAttributes", "sqs:TagQueue",
          "sqs:UntagQueue",
        ]
        resources = ["${local.arn.sqs}:${var.name_prefix}-*${local.is_hub ? "" : "-dlq"}"]
        condition = local.in_regions
      },
      {
        sid = "Roles"
        actions = [
          "iam:DeleteRole", "iam:DeleteRolePolicy", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
          "iam:ListInstanceProfilesForRole", "iam:ListRolePolicies", "iam:TagRole", "iam:UntagRole", "iam:UpdateAssumeRolePolicy",
          "iam:UpdateRoleDescription",
        ]
        resources = concat(local.delivery_role_arns, local.function_role_arns)
        condition = {}
      },
      {
        sid       = "RolesWithBoundary"
        actions   = ["iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy"]
        resources = concat(local.delivery_role_arns, local.function_role_arns)
        condition = local.with_boundary
      },
      {
        sid       = "RemoveBoundary"
        actions   = ["iam:DeleteRolePermissionsBoundary"]
        resources = [for arn in concat(local.delivery_role_arns, local.function_role_arns) : arn if var.role_permissions_boundary == null]
        condition = {}
      },
      {
        sid       = "PassDeliveryRoles"
        actions   = ["iam:PassRole"]
        resources = local.delivery_role_arns
        condition = { StringEquals = { "iam:PassedToService" = "events.amazonaws.com" } }
      },
      {
        sid       = "WatchedLogGroups"
        actions   = ["logs:DeleteMetricFilter", "logs:DescribeMetricFilters", "logs:PutMetricFilter"]
        resources = local.watched_log_groups
        condition = local.in_regions
      },
      # IAM knows no resource for these actions.
      {
        sid       = "Queries"
        actions   = ["logs:DeleteQueryDefinition", "logs:DescribeQueryDefinitions", "logs:PutQueryDefinition"]
        resources = [for arn in ["*"] : arn if length(local.watched_log_groups) > 0]
        condition = local.in_regions
      },
    ]

    functions = [
      # Without ListTags, GetFunction returns no tags, and every plan would add them again.
      {
        sid = "Functions"
        actions = [
          "lambda:CreateFunction", "lambda:DeleteFunction", "lambda:GetFunction", "lambda:GetFunctionCodeSigningConfig",
          "lambda:ListTags", "lambda:ListVersionsByFunction", "lambda:TagResource", "lambda:UntagResource",
          "lambda:UpdateFunctionCode", "lambda:UpdateFunctionConfiguration",
        ]
        resources = ["${local.arn.lambda}:function:${var.name_prefix}-*"]
        condition = local.in_regions
      },
      {
        sid       = "PassFunctionRoles"
        actions   = ["iam:PassRole"]
        resources = local.function_role_arns
        condition = { StringEquals = { "iam:PassedToService" = "lambda.amazonaws.com" } }
      },
      # A mapping has a random id, so the function limits these actions.
      {
        sid       = "EventSourceMappings"
        actions   = ["lambda:CreateEventSourceMapping", "lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"]
        resources = ["*"]
        condition = merge(local.in_regions, { ArnLike = { "lambda:FunctionArn" = "${local.arn.lambda}:function:${var.name_prefix}-*" } })
      },
      # The provider reads a mapping until it is gone, and a deleted mapping has no function.
      {
        sid       = "ReadEventSourceMappings"
        actions   = ["lambda:GetEventSourceMapping", "lambda:ListTags", "lambda:TagResource", "lambda:UntagResource"]
        resources = ["${local.arn.lambda}:event-source-mapping:*"]
        condition = local.in_regions
      },
      {
        sid = "LogGroups"
        actions = [
          "logs:CreateLogGroup", "logs:DeleteLogGroup", "logs:DeleteMetricFilter", "logs:DeleteRetentionPolicy",
          "logs:DescribeMetricFilters", "logs:ListTagsForResource", "logs:PutMetricFilter", "logs:PutRetentionPolicy",
          "logs:TagResource", "logs:UntagResource",
        ]
        resources = concat(local.function_log_groups, [for arn in local.function_log_groups : "${arn}:*"])
        condition = local.in_regions
      },
      # AWS checks this action on all log groups of the account, even if the call names one.
      {
        sid       = "ListLogGroups"
        actions   = ["logs:DescribeLogGroups"]
        resources = ["${local.arn.logs}:log-group:*"]
        condition = local.in_regions
      },
      {
        sid       = "Packages"
        actions   = ["s3:GetObject", "s3:GetObjectVersion"]
        resources = [for packages in var.packages_s3[*] : "arn:${local.partition}:s3:::${packages.bucket}/${packages.prefix}*"]
        condition = {}
      },
    ]

    hub = [
      {
        sid = "EventBus"
        actions = [
          "events:CreateEventBus", "events:DeleteEventBus", "events:DescribeEventBus", "events:ListTagsForResource",
          "events:PutPermission", "events:RemovePermission", "events:TagResource", "events:UntagResource",
        ]
        resources = ["${local.arn.events}:event-bus/${var.event_bus_name}"]
        condition = local.in_regions
      },
      {
        sid = "Topics"
        actions = [
          "sns:CreateTopic", "sns:DeleteTopic", "sns:GetTopicAttributes", "sns:ListTagsForResource", "sns:SetTopicAttributes",
          "sns:Subscribe", "sns:TagResource", "sns:UntagResource",
        ]
        resources = ["${local.arn.sns}:${var.name_prefix}-*"]
        condition = local.in_regions
      },
      # IAM knows no resource for these actions.
      {
        sid       = "Subscriptions"
        actions   = ["sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe"]
        resources = ["*"]
        condition = local.in_regions
      },
      {
        sid       = "CreateKey"
        actions   = ["kms:CreateKey", "kms:ListAliases"]
        resources = ["*"]
        condition = local.in_regions
      },
      # A key has a random id, and its alias is deleted first: `kms_key_arns` limits these actions after the first apply.
      {
        sid = "Key"
        actions = [
          "kms:CreateAlias", "kms:DeleteAlias", "kms:DescribeKey", "kms:EnableKeyRotation", "kms:GetKeyPolicy",
          "kms:GetKeyRotationStatus", "kms:ListResourceTags", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion", "kms:TagResource",
          "kms:UntagResource", "kms:UpdateAlias", "kms:UpdateKeyDescription",
        ]
        resources = local.key_arns
        condition = local.in_regions
      },
      {
        sid       = "Alias"
        actions   = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
        resources = ["${local.arn.kms}:alias/${var.name_prefix}"]
        condition = local.in_regions
      },
      {
        sid = "Table"
        actions = [
          "dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:DescribeContinuousBackups", "dynamodb:DescribeTable",
          "dynamodb:DescribeTimeToLive", "dynamodb:ListTagsOfResource", "dynamodb:TagResource", "dynamodb:UntagResource",
          "dynamodb:UpdateContinuousBackups", "dynamodb:UpdateTable", "dynamodb:UpdateTimeToLive",
        ]
        resources = ["${local.arn.dynamodb}:table/${var.name_prefix}-*"]
        condition = local.in_regions
      },
      # DynamoDB uses the key with the permissions of the role that creates the table.
      {
        sid       = "KeyOfTable"
        actions   = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        resources = local.key_arns
        condition = merge(local.in_regions, { StringLike = { "kms:ViaService" = "dynamodb.*.${data.aws_partition.current.dns_suffix}" } })
      },
    ]
  }

  key_arns = length(var.kms_key_arns) > 0 ? sort(var.kms_key_arns) : ["${local.arn.kms}:key/*"]

  policies = { for name, statements in local.statements : name => jsonencode({
    Version = "2012-10-17"
    Statement = [for statement in statements : merge(
      { Sid = statement.sid, Effect = "Allow", Action = statement.actions, Resource = statement.resources },
      { for key, condition in { Condition = statement.condition } : key => condition if length(condition) > 0 },
    ) if length(statement.resources) > 0]
  }) if local.is_hub || name == "common" }
}

resource "aws_iam_role" "this" {
  name                 = var.name
  path                 = var.path
  description          = "Terraform deploys the ${var.deploys} of the ${var.name_prefix} monitor with this role."
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  lifecycle {
    precondition {
      condition     = !can(regex("^${var.name_prefix}-(delivery|triage|slack|pagerduty|email)-", var.name))
      error_message = "name must not begin like the roles of the monitor: the role could change its own permissions."
    }
  }
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "AWS"
      identifiers = var.trusted_principal_arns
    }

    dynamic "condition" {
      for_each = var.external_id[*]

      content {
        test     = "StringEquals"
        variable = "sts:ExternalId"
        values   = [condition.value]
      }
    }
  }
}

# Managed policies, because the inline policies of a role have at most 10240 characters in all.
resource "aws_iam_policy" "this" {
  for_each = local.policies

  name        = "${var.name}-${each.key}"
  path        = var.path
  description = "Permissions of the role ${var.name} (${each.key})."
  policy      = each.value
  tags        = var.tags

  lifecycle {
    precondition {
      condition     = length(each.value) <= 6144
      error_message = "The policy ${each.key} has ${length(each.value)} characters, and a managed policy has at most 6144. Shorten log_group_names, kms_key_arns or regions."
    }
  }
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = aws_iam_policy.this

  role       = aws_iam_role.this.name
  policy_arn = each.value.arn
}
