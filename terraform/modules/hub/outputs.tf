output "event_bus_arn" {
  description = "ARN of the bus that spokes and log alarms deliver to. It waits for the bus policy, which AWS checks when a spoke's target is put."
  value       = aws_cloudwatch_event_bus.this.arn

  depends_on = [aws_cloudwatch_event_bus_policy.this]
}

output "topic_arns" {
  description = "ARNs of the topics by name: login, activity, tampering, health. For subscribers of your own; health carries what CloudWatch writes, the others carry the alert message."
  value       = local.topic_arns

  depends_on = [aws_sns_topic_policy.this]
}

output "kms_key_arn" {
  description = "ARN of the key of all topics and queues. A subscriber's queue may use it too, or SSE-SQS."
  value       = aws_kms_key.this.arn
}

output "coverage_table_name" {
  description = "Name of the table of the last heartbeats, for `rootwatch coverage`. Null without `heartbeat`."
  value       = one(aws_dynamodb_table.coverage[*].name)
}

output "rule_names" {
  description = "Names of the rules on the bus, by use: triage, log-alarm-raised, log-alarm-over, spoke-alarms, coverage."
  value       = local.rule_names
}

output "function_names" {
  description = "Names of the functions by use: triage, coverage, slack-<name>, pagerduty-<name>, email-<name>."
  value = merge(
    { triage = module.triage.function_name },
    { for function in module.coverage : "coverage" => function.function_name },
    { for name, alerter in module.slack : "slack-${name}" => alerter.function_name },
    { for name, alerter in module.pagerduty : "pagerduty-${name}" => alerter.function_name },
    { for name, alerter in module.email : "email-${name}" => alerter.function_name },
  )
}

output "queue_arns" {
  description = "ARNs of the queues that feed the functions, by the keys of `function_names`."
  value = merge(
    { triage = module.triage.queue_arn },
    { for function in module.coverage : "coverage" => function.queue_arn },
    { for name, alerter in module.slack : "slack-${name}" => alerter.queue_arn },
    { for name, alerter in module.pagerduty : "pagerduty-${name}" => alerter.queue_arn },
    { for name, alerter in module.email : "email-${name}" => alerter.queue_arn },
  )
}

output "dead_letter_queue_arns" {
  description = "ARNs of the dead-letter queues, by the keys of `function_names`, and alarms for the rules past triage."
  value = merge(
    {
      triage = module.triage.dead_letter_queue_arn
      alarms = aws_sqs_queue.alarms_dead_letter.arn
    },
    { for function in module.coverage : "coverage" => function.dead_letter_queue_arn },
    { for name, alerter in module.slack : "slack-${name}" => alerter.dead_letter_queue_arn },
    { for name, alerter in module.pagerduty : "pagerduty-${name}" => alerter.dead_letter_queue_arn },
    { for name, alerter in module.email : "email-${name}" => alerter.dead_letter_queue_arn },
  )
}

output "email_topic_arns" {
  description = "ARNs of the topics that the email alerters mail through, by alerter name."
  value       = { for name, alerter in module.email : name => alerter.email_topic_arn }
}

output "unconfirmed_emails" {
  description = "Addresses that had not confirmed their subscription when Terraform last looked: nothing is mailed to them. By the keys of `function_names`, and `health` for `health_emails`; apply or refresh once more after confirming."
  value = merge(
    { for name, alerter in module.email : "email-${name}" => alerter.unconfirmed_emails },
    { health = sort([for address, subscription in aws_sns_topic_subscription.health_email : address if subscription.pending_confirmation]) },
  )
}
