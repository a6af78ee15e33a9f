# One account, one Region: what CloudTrail records of root here goes straight to the hub's bus.
# An event takes one bus hop only, so it leaves from the default bus, where CloudTrail puts it.

locals {
  # Region, account and partition come from an ARN of one's own: the data sources
  # for them changed between the provider's majors.
  rule_arn   = split(":", aws_cloudwatch_event_rule.root_activity.arn)
  partition  = local.rule_arn[1]
  region     = local.rule_arn[3]
  account_id = local.rule_arn[4]

  rule_name              = "${var.name_prefix}-root-activity"
  dead_letter_queue_name = "${local.rule_name}-dlq"

  # Who delivers to the hub.
  rule_arns = concat(
    [aws_cloudwatch_event_rule.root_activity.arn],
    aws_cloudwatch_event_rule.alarms[*].arn,
    aws_cloudwatch_event_rule.heartbeat[*].arn,
    aws_cloudwatch_event_rule.tampering[*].arn,
  )
}

resource "aws_cloudwatch_event_rule" "root_activity" {
  name        = local.rule_name
  description = "Forwards what may be the root user's doing to the hub, which decides."
  state       = var.read_only_events ? "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" : "ENABLED"
  tags        = var.tags

  # Generous: triage in the hub decides. A pattern cannot see, for one, whether `invokedBy` names a service.
  event_pattern = jsonencode({
    source = [{ prefix = "aws." }]
    # Not by name: the sign-in type is spelt both `Sign In` and `Signin`, `aws login` of root arrives as
    # an API call, billing pages as console actions.
    detail-type = [{ suffix = " via CloudTrail" }]
    detail = {
      "$or" = [
        { userIdentity = { type = ["Root"] } },
        # What root federates, by GetFederationToken, acts with root's rights under another type.
        {
          userIdentity = {
            type           = ["FederatedUser"]
            sessionContext = { sessionIssuer = { type = ["Root"] } }
          }
        },
        # Becoming a member account's root is logged under the caller's type.
        { eventName = ["AssumeRoot"] },
        # Root's actions on the billing pages may carry no type at all.
        { eventSource = [{ prefix = "billingconsole.amazon" }, { prefix = "taxconsole.amazon" }] },
      ]
    }
  })
}

# alarm_events.tf, heartbeat.tf and tampering.tf have the other rules.
resource "aws_cloudwatch_event_target" "hub" {
  for_each = merge(
    { root_activity = aws_cloudwatch_event_rule.root_activity.name },
    { for rule in aws_cloudwatch_event_rule.alarms : "alarms" => rule.name },
    { for rule in aws_cloudwatch_event_rule.heartbeat : "heartbeat" => rule.name },
    { for rule in aws_cloudwatch_event_rule.tampering : "tampering" => rule.name },
  )

  rule      = each.value
  target_id = "hub"
  arn       = var.hub_event_bus_arn
  role_arn  = aws_iam_role.delivery.arn

  # As long and as often as EventBridge can.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letter.arn
  }

  # The first event may come before the role could deliver it, and a denial is not retried.
  depends_on = [aws_iam_role_policy.delivery]
}
