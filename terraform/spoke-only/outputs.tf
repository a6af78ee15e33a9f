output "delivery_role_arns" {
  description = "ARNs of the delivery roles, by Region."
  value = merge(
    {
      us-east-1 = module.spoke_us_east_1.delivery_role_arn
      us-east-2 = module.spoke_us_east_2.delivery_role_arn
      us-west-2 = module.spoke_us_west_2.delivery_role_arn
    },
    { for spoke in module.spoke : var.region => spoke.delivery_role_arn },
  )
}

output "dead_letter_queue_arns" {
  description = "ARNs of the queues that hold what the hub's bus refused, by Region."
  value = merge(
    {
      us-east-1 = module.spoke_us_east_1.dead_letter_queue_arn
      us-east-2 = module.spoke_us_east_2.dead_letter_queue_arn
      us-west-2 = module.spoke_us_west_2.dead_letter_queue_arn
    },
    { for spoke in module.spoke : var.region => spoke.dead_letter_queue_arn },
  )
}
