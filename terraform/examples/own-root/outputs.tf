output "topic_arns" {
  description = "ARNs of the topics: `rootwatch run --terraform` listens to them."
  value       = module.hub.topic_arns
}
