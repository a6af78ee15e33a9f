output "topic_arns" {
  description = "ARNs of the topics by name: login, activity, health."
  value       = module.hub.topic_arns
}

output "event_bus_arn" {
  description = "ARN of the hub's event bus, for spokes in other configurations."
  value       = module.hub.event_bus_arn
}

output "unconfirmed_emails" {
  description = "Email addresses that have not confirmed their subscription, by use."
  value       = module.hub.unconfirmed_emails
}

output "tickets_queue_url" {
  description = "URL of the queue with the alerts for the ticketing system."
  value       = module.ticketing.queue_url
}
