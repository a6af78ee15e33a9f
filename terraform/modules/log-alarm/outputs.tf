output "alarm_arn" {
  description = "ARN of the alarm on root activity."
  value       = aws_cloudwatch_metric_alarm.root_activity.arn
}

output "alarm_name" {
  description = "Name of the alarm on root activity."
  value       = aws_cloudwatch_metric_alarm.root_activity.alarm_name
}

output "rule_arn" {
  description = "ARN of the rule that forwards the alarm's changes."
  value       = aws_cloudwatch_event_rule.alarm.arn
}

output "delivery_role_arn" {
  description = "ARN of the role that EventBridge delivers with."
  value       = aws_iam_role.delivery.arn
}

output "dead_letter_queue_arn" {
  description = "ARN of the queue that holds what the hub's bus refused."
  value       = aws_sqs_queue.dead_letter.arn
}

output "query_definition_id" {
  description = "Id of the saved Logs Insights query."
  value       = aws_cloudwatch_query_definition.root_activity.query_definition_id
}
