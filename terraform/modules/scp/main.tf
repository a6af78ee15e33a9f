# Service control policies that protect the monitor from the root users and administrators of member accounts.
#
# They deny every call that is not a read on the resources of the monitor, except to the deployment role. A service control
# policy limits neither the management account nor service-linked roles, nor AWS services that act in their own name.

data "aws_partition" "current" {}

locals {
  partition = data.aws_partition.current.partition

  # Roles that the monitor itself uses. No one else can create a role of these names.
  function_role_arns = [
    "arn:${local.partition}:iam::${var.hub_account_id}:role/${var.name_prefix}-*",
    "arn:${local.partition}:iam::${var.hub_account_id}:role/*/${var.name_prefix}-*",
  ]

  except_deployment = { ArnNotLike = { "aws:PrincipalArn" = sort(var.deploy_role_arns) } }
  except_monitor    = { ArnNotLike = { "aws:PrincipalArn" = concat(sort(var.deploy_role_arns), local.function_role_arns) } }

  log_group_arns = flatten([for name in sort(var.log_group_names) : [
    "arn:${local.partition}:logs:*:*:log-group:${name}",
    "arn:${local.partition}:logs:*:*:log-group:${name}:*",
  ]])

  spoke_statements = concat(
    [
      {
        Sid    = "ProtectSpokes"
        Effect = "Deny"
        NotAction = [
          "cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*",
          "events:Describe*", "events:List*",
          "iam:Get*", "iam:List*", "iam:Simulate*",
          "sqs:Get*", "sqs:List*",
        ]
        Resource = [
          "arn:${local.partition}:cloudwatch:*:*:alarm:${var.name_prefix}-*",
          "arn:${local.partition}:events:*:*:rule/${var.name_prefix}-*",
          "arn:${local.partition}:iam::*:role/${var.name_prefix}-delivery-*",
          "arn:${local.partition}:iam::*:role/*/${var.name_prefix}-delivery-*",
          "arn:${local.partition}:sqs:*:*:${var.name_prefix}-*-dlq",
        ]
        Condition = local.except_monitor
      },
      {
        Sid       = "ProtectTrails"
        Effect    = "Deny"
        Action    = ["cloudtrail:DeleteTrail", "cloudtrail:PutEventSelectors", "cloudtrail:StopLogging", "cloudtrail:UpdateTrail"]
        Resource  = ["*"]
        Condition = { ArnNotLike = { "aws:PrincipalArn" = concat(sort(var.administrator_role_arns), sort(var.deploy_role_arns)) } }
      },
      {
        Sid       = "ProtectDeploymentRole"
        Effect    = "Deny"
        NotAction = ["iam:Get*", "iam:List*", "iam:Simulate*", "sts:AssumeRole", "sts:TagSession"]
        Resource  = sort(var.deploy_role_arns)
        Condition = { ArnNotLike = { "aws:PrincipalArn" = sort(var.administrator_role_arns) } }
      },
      {
        Sid      = "StayInTheOrganization"
        Effect   = "Deny"
        Action   = ["organizations:LeaveOrganization"]
        Resource = ["*"]
      },
    ],
    [for arns in [local.log_group_arns] : {
      Sid       = "ProtectLogGroups"
      Effect    = "Deny"
      Action    = ["logs:Delete*", "logs:PutMetricFilter", "logs:PutRetentionPolicy"]
      Resource  = arns
      Condition = local.except_deployment
    } if length(arns) > 0],
  )

  hub_statements = concat(
    [
      {
        Sid    = "ProtectHub"
        Effect = "Deny"
        NotAction = [
          "cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*",
          "dynamodb:Describe*", "dynamodb:List*",
          "events:Describe*", "events:List*",
          "iam:Get*", "iam:List*", "iam:Simulate*",
          "kms:Describe*", "kms:Get*", "kms:List*",
          "lambda:Get*", "lambda:List*",
          "logs:Describe*", "logs:Filter*", "logs:Get*", "logs:List*", "logs:StartQuery",
          "sns:Get*", "sns:List*",
          "sqs:Get*", "sqs:List*",
          "sts:AssumeRole", "sts:TagSession",
        ]
        Resource = [
          "arn:${local.partition}:cloudwatch:*:${var.hub_account_id}:alarm:${var.name_prefix}-*",
          "arn:${local.partition}:dynamodb:*:${var.hub_account_id}:table/${var.name_prefix}-*",
          "arn:${local.partition}:events:*:${var.hub_account_id}:event-bus/${var.event_bus_name}",
          "arn:${local.partition}:events:*:${var.hub_account_id}:rule/${var.event_bus_name}/*",
          "arn:${local.partition}:iam::${var.hub_account_id}:role/${var.name_prefix}-*",
          "arn:${local.partition}:iam::${var.hub_account_id}:role/*/${var.name_prefix}-*",
          "arn:${local.partition}:kms:*:${var.hub_account_id}:alias/${var.name_prefix}",
          "arn:${local.partition}:lambda:*:${var.hub_account_id}:function:${var.name_prefix}-*",
          "arn:${local.partition}:logs:*:${var.hub_account_id}:log-group:/aws/lambda/${var.name_prefix}-*",
          "arn:${local.partition}:sns:*:${var.hub_account_id}:${var.name_prefix}-*",
          "arn:${local.partition}:sqs:*:${var.hub_account_id}:${var.name_prefix}-*",
        ]
        Condition = local.except_monitor
      },
      {
        Sid      = "ProtectEventSourceMappings"
        Effect   = "Deny"
        Action   = ["lambda:DeleteEventSourceMapping", "lambda:UpdateEventSourceMapping"]
        Resource = ["*"]
        Condition = merge(local.except_deployment, {
          ArnLike = { "lambda:FunctionArn" = "arn:${local.partition}:lambda:*:${var.hub_account_id}:function:${var.name_prefix}-*" }
        })
      },
      # IAM knows no resource for these calls, so they are denied for every subscription of the hub's account.
      {
        Sid       = "ProtectSubscriptions"
        Effect    = "Deny"
        Action    = ["sns:SetSubscriptionAttributes", "sns:Unsubscribe"]
        Resource  = ["*"]
        Condition = local.except_deployment
      },
    ],
    [for arns in [concat(sort(var.kms_key_arns), sort(var.secret_arns))] : {
      Sid    = "ProtectKeysAndSecrets"
      Effect = "Deny"
      Action = [
        "kms:CreateGrant", "kms:Delete*", "kms:Disable*", "kms:PutKeyPolicy", "kms:RevokeGrant", "kms:ScheduleKeyDeletion", "kms:TagResource",
        "kms:Untag*", "kms:Update*",
        "secretsmanager:Cancel*", "secretsmanager:Delete*", "secretsmanager:Put*", "secretsmanager:Remove*", "secretsmanager:Rotate*",
        "secretsmanager:Stop*", "secretsmanager:Update*",
      ]
      Resource  = arns
      Condition = { ArnNotLike = { "aws:PrincipalArn" = concat(sort(var.administrator_role_arns), sort(var.deploy_role_arns)) } }
    } if length(arns) > 0],
  )

  policies = {
    spoke = jsonencode({ Version = "2012-10-17", Statement = local.spoke_statements })
    hub   = jsonencode({ Version = "2012-10-17", Statement = local.hub_statements })
  }

  targets = { spoke = var.spoke_target_ids, hub = var.hub_target_ids }
}

resource "aws_organizations_policy" "this" {
  for_each = { for name, targets in local.targets : name => local.policies[name] if length(targets) > 0 }

  name        = "${var.name_prefix}-${each.key}"
  description = "Protects the resources of the ${var.name_prefix} monitor (${each.key})."
  type        = "SERVICE_CONTROL_POLICY"
  content     = each.value
  tags        = var.tags

  lifecycle {
    precondition {
      condition     = length(each.value) <= 5120
      error_message = "The policy has ${length(each.value)} characters, and a service control policy has at most 5120. Shorten log_group_names, secret_arns, deploy_role_arns or administrator_role_arns."
    }
  }
}

resource "aws_organizations_policy_attachment" "this" {
  for_each = merge([for name, targets in local.targets : { for target in targets : "${name}-${target}" => { policy = name, target = target } }]...)

  policy_id = aws_organizations_policy.this[each.value.policy].id
  target_id = each.value.target
}
