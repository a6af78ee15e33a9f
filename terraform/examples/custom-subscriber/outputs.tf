output "queue_url" {
  description = "URL of the queue with the alerts."
  value       = aws_sqs_queue.this.url
}

output "queue_arn" {
  description = "ARN of the queue with the alerts."
  value       = aws_sqs_queue.this.arn
}

output "dead_letter_queue_arn" {
  description = "ARN of the queue with what SNS could not deliver."
  value       = aws_sqs_queue.dead_letter.arn
}
