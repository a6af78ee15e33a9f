output "delivery_role_arns" {
  description = "ARNs of the delivery roles, by Region."
  value       = { for region, spoke in local.spokes : region => spoke.delivery_role_arn }

  # Both would have the same names in one account, so one state would overwrite the other's rules and alarms.
  precondition {
    condition     = var.spoke_account_id != split(":", var.hub_event_bus_arn)[4]
    error_message = "spoke_account_id must not be the hub's account (${var.spoke_account_id}): hub-only deploys the spokes of that account."
  }
}

output "dead_letter_queue_arns" {
  description = "ARNs of the queues that hold what the hub's bus refused, by Region."
  value       = { for region, spoke in local.spokes : region => spoke.dead_letter_queue_arn }
}
