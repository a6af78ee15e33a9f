output "event_bus_arn" {
  description = "ARN of the bus that spokes and log alarms deliver to. It waits for the bus policy, which AWS checks when a spoke's target is put."
  value       = module.hub.event_bus_arn
}

output "topic_arns" {
  description = "ARNs of the topics by name: login, activity, tampering, health. For subscribers of your own; health carries what CloudWatch writes, the others carry the alert message."
  value       = module.hub.topic_arns
}

output "kms_key_arn" {
  description = "ARN of the key of all topics and queues. A subscriber's queue may use it too, or SSE-SQS."
  value       = module.hub.kms_key_arn
}

output "function_names" {
  description = "Names of the functions by use: triage, slack-<name>, pagerduty-<name>, email-<name>."
  value       = module.hub.function_names
}

output "queue_arns" {
  description = "ARNs of the queues that feed the functions, by the keys of `function_names`."
  value       = module.hub.queue_arns
}

output "dead_letter_queue_arns" {
  description = "ARNs of the dead-letter queues, by the keys of `function_names`, and alarms for the rules past triage."
  value       = module.hub.dead_letter_queue_arns
}

output "email_topic_arns" {
  description = "ARNs of the topics that the email alerters mail through, by alerter name."
  value       = module.hub.email_topic_arns
}

output "hub_delivery_role_arns" {
  description = "ARNs of the delivery roles of the hub's account, by Region."
  value       = { for region, spoke in local.hub_spokes : region => spoke.delivery_role_arn }
}

output "hub_spoke_dead_letter_queue_arns" {
  description = "ARNs of the dead-letter queues of the spokes in the hub's account, by Region."
  value       = { for region, spoke in local.hub_spokes : region => spoke.dead_letter_queue_arn }
}

output "spoke_delivery_role_arns" {
  description = "ARNs of the delivery roles of the spoke's account, by Region."
  value       = { for region, spoke in local.spokes : region => spoke.delivery_role_arn }

  # Both would have the same names in one account, so one state would overwrite the other's rules and alarms.
  precondition {
    condition     = var.spoke_account_id != var.hub_account_id
    error_message = "spoke_account_id must not be the hub's account (${var.hub_account_id}), which has spokes already. For a hub without a spoke account, apply hub-only."
  }
}

output "spoke_dead_letter_queue_arns" {
  description = "ARNs of the dead-letter queues of the spoke's account, by Region."
  value       = { for region, spoke in local.spokes : region => spoke.dead_letter_queue_arn }
}

output "unconfirmed_emails" {
  description = "Addresses that had not confirmed their subscription when Terraform last looked: nothing is mailed to them. By the keys of `function_names`, and `health` for `health_emails`; apply or refresh once more after confirming."
  value       = module.hub.unconfirmed_emails
}
