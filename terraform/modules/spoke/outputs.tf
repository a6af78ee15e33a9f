output "rule_arn" {
  description = "ARN of the rule on the default bus."
  value       = aws_cloudwatch_event_rule.root_activity.arn
}

output "delivery_role_arn" {
  description = "ARN of the role that EventBridge delivers with."
  value       = aws_iam_role.delivery.arn
}

output "dead_letter_queue_arn" {
  description = "ARN of the queue that holds what the hub's bus refused."
  value       = aws_sqs_queue.dead_letter.arn
}

output "dead_letter_queue_url" {
  description = "URL of the queue that holds what the hub's bus refused."
  value       = aws_sqs_queue.dead_letter.url
}
