variable "hub_account_id" {
  description = "Id of the hub's account. Terraform runs with credentials of this account."
  type        = string
  nullable    = false
}

variable "spoke_account_id" {
  description = "Id of the account Payments."
  type        = string
  nullable    = false
}

variable "spoke_account_assume_role_arn" {
  description = "ARN of the deployment role in the account Payments."
  type        = string
  nullable    = false
}

variable "spoke_account_external_id" {
  description = "External id of the deployment role."
  type        = string
  nullable    = false
}

variable "organization_id" {
  description = "Id of the organization whose accounts may send events to the hub."
  type        = string
  nullable    = false
}

variable "architecture" {
  description = "Instruction set of the packages: x86_64 or arm64, which costs less."
  type        = string
  default     = "x86_64"
  nullable    = false
}

variable "packages_dir" {
  description = "Directory that contains the packages of the functions."
  type        = string
  nullable    = false
}

variable "slack_secret_arn" {
  description = "ARN of the secret with the URL of the Slack webhook."
  type        = string
  nullable    = false
}

variable "pagerduty_secret_arn" {
  description = "ARN of the secret with the routing key of PagerDuty."
  type        = string
  nullable    = false
}

variable "emails" {
  description = "Set of email addresses for sign-ins and for the alarms of the monitor."
  type        = set(string)
  default     = ["security@example.com"]
  nullable    = false
}

variable "log_group" {
  description = "Log group of the organization trail in the hub's account and us-east-1. Defaults to no log alarm."
  type = object({
    name = string
  })
  default = null
}

variable "alarm_actions" {
  description = "List of ARNs of further actions of the hub's alarms, in addition to the health topic."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "role_path" {
  description = "Path of the IAM roles."
  type        = string
  default     = "/monitoring/"
  nullable    = false
}

variable "hub_permissions_boundary" {
  description = "ARN of the permissions boundary of the IAM roles in the hub's account. Defaults to no boundary."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = { service = "rootwatch" }
  nullable    = false
}
