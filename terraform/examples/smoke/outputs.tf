output "smoke" {
  description = "What `rootwatch smoke` needs to know."
  value = {
    region         = var.hub_region
    hub_account    = var.hub_account_id
    spoke_account  = var.spoke_account_id
    spoke_role_arn = var.spoke_account_assume_role_arn
    external_id    = var.spoke_account_external_id
    event_bus_arn  = module.hub.event_bus_arn
    name_prefix    = local.name
    coverage_table = module.hub.coverage_table_name
    received_url   = aws_sqs_queue.received.url
    queue_urls     = { for name, queue in aws_sqs_queue.probe : name => queue.url }
    bus_arns       = { for name, bus in merge(aws_cloudwatch_event_bus.probe, aws_cloudwatch_event_bus.admits) : name => bus.arn }
    nobody_arn     = aws_iam_role.nobody.arn
    nobody_rule    = aws_cloudwatch_event_rule.nobody.name
  }

  depends_on = [aws_sns_topic_subscription.received, aws_cloudwatch_event_target.queue, aws_cloudwatch_event_target.bus, aws_cloudwatch_event_bus_policy.admits]
}

output "topic_arns" {
  description = "ARNs of the topics by name: login, activity, tampering, health."
  value       = module.hub.topic_arns
}
