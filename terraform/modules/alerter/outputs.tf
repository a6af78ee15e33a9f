output "function_name" {
  description = "Name of the alerter's function."
  value       = module.function.function_name
}

output "queue_arn" {
  description = "ARN of the queue that feeds the alerter."
  value       = module.function.queue_arn
}

output "dead_letter_queue_arn" {
  description = "ARN of the alerter's dead-letter queue."
  value       = module.function.dead_letter_queue_arn
}

output "subscription_arns" {
  description = "ARNs of the alerter's subscriptions, by topic name."
  value       = { for name, subscription in aws_sns_topic_subscription.this : name => subscription.arn }
}

output "email_topic_arn" {
  description = "ARN of the topic that the alerter mails through; null where it does not mail."
  value       = one(aws_sns_topic.email[*].arn)
}

output "unconfirmed_emails" {
  description = "Addresses that had not confirmed their subscription when Terraform last looked: nothing is mailed to them."
  value       = sort([for address, subscription in aws_sns_topic_subscription.email : address if subscription.pending_confirmation])
}
