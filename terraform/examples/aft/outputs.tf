output "rootwatch_delivery_role_arns" {
  description = "ARNs of the delivery roles, by Region. Empty in the hub's account."
  value = merge(
    { for spoke in module.rootwatch_home : var.home_region => spoke.delivery_role_arn },
    { for spoke in module.rootwatch_us_east_1 : "us-east-1" => spoke.delivery_role_arn },
    { for spoke in module.rootwatch_us_east_2 : "us-east-2" => spoke.delivery_role_arn },
    { for spoke in module.rootwatch_us_west_2 : "us-west-2" => spoke.delivery_role_arn },
  )
}
