output "spoke_policy" {
  description = "The service control policy for every account with a spoke, as JSON."
  value       = local.policies.spoke
}

output "hub_policy" {
  description = "The service control policy for the hub's account, in addition to `spoke_policy`, as JSON."
  value       = local.policies.hub
}

output "policy_ids" {
  description = "Ids of the policies that are attached: spoke, hub."
  value       = { for name, policy in aws_organizations_policy.this : name => policy.id }
}
