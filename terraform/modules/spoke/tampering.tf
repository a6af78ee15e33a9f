# Changes of the monitor itself, by anyone, to the hub: triage decides. IAM records its calls in us-east-1 only.

locals {
  hub_bus        = split(":", var.hub_event_bus_arn)
  hub_bus_name   = trimprefix(local.hub_bus[5], "event-bus/")
  in_hub_account = local.hub_bus[4] == local.account_id

  # Names, ARNs and URLs of the monitor's resources contain this text.
  named = [{ wildcard = "*${var.name_prefix}-*" }]

  # Request parameters that identify the resource of a call.
  parameters = concat(
    ["alarmName", "alarmNames", "filterName", "name", "queueUrl", "roleName", "rule"],
    [for parameter in ["functionName", "logGroupName", "resourceArn", "subscriptionArn", "tableName", "topicArn"] : parameter if local.in_hub_account],
  )

  tampering = concat(
    [for parameter in local.parameters : { requestParameters = { (parameter) = local.named } }],
    [
      # A denied call often has no request parameters.
      { errorMessage = [{ wildcard = "*on resource: *${var.name_prefix}-*" }] },
      # Without a trail EventBridge receives no event.
      { eventName = ["DeleteTrail", "PutEventSelectors", "StopLogging", "UpdateTrail"] },
    ],
    [for fields in [
      { requestParameters = { eventBusName = [{ wildcard = "*${local.hub_bus_name}" }] } },
      { requestParameters = { name = [local.hub_bus_name] } },
      { responseElements = { functionArn = local.named } },
      # Keys and secrets have no name of the monitor: triage knows their ids.
      {
        eventName = [
          "CancelKeyDeletion", "CancelRotateSecret", "DeleteAlias", "DeleteImportedKeyMaterial", "DeleteResourcePolicy", "DeleteSecret",
          "DisableKey", "DisableKeyRotation", "EnableKey", "PutKeyPolicy", "PutResourcePolicy", "PutSecretValue", "RestoreSecret",
          "RevokeGrant", "RotateSecret", "ScheduleKeyDeletion", "UpdateAlias", "UpdateSecret", "UpdateSecretVersionStage",
        ]
      },
    ] : fields if local.in_hub_account],
  )
}

# No alarm of its own: undelivered events go to the same queue, which has an alarm. ENABLED drops read-only calls.
resource "aws_cloudwatch_event_rule" "tampering" {
  count = var.tampering_alerts ? 1 : 0

  name        = "${var.name_prefix}-tampering"
  description = "Forwards changes of the monitor itself to the hub, which decides."
  tags        = var.tags

  event_pattern = jsonencode({
    source      = [{ prefix = "aws." }]
    detail-type = [{ suffix = " via CloudTrail" }]
    detail = {
      # The other rule forwards what root does.
      userIdentity = { type = [{ "anything-but" = ["AWSService", "Root"] }] }
      "$or"        = local.tampering
    }
  })
}
