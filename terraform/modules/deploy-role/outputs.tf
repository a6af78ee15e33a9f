output "role_arn" {
  description = "ARN of the role: `spoke_account_assume_role_arn` of a spoke."
  value       = aws_iam_role.this.arn

  # A role without its policies cannot deploy.
  depends_on = [aws_iam_role_policy_attachment.this]
}

output "policies" {
  description = "The policies of the role as JSON, by name: common, and for a hub functions and hub."
  value       = local.policies
}

output "policy_arns" {
  description = "ARNs of the policies of the role, by the keys of `policies`."
  value       = { for name, policy in aws_iam_policy.this : name => policy.arn }
}
