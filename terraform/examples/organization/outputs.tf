output "event_bus_arn" {
  description = "ARN of the event bus that the spokes of this account send events to."
  value       = local.hub_event_bus_arn
}

output "delivery_role_arns" {
  description = "ARNs of the delivery roles, by Region."
  value = {
    us-east-1    = module.us_east_1.delivery_role_arn
    us-east-2    = module.us_east_2.delivery_role_arn
    us-west-2    = module.us_west_2.delivery_role_arn
    (var.region) = module.home.delivery_role_arn
  }
}
