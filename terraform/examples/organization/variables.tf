variable "account_id" {
  description = "Id of the account to deploy: the hub's account, or any other account of the organization."
  type        = string
  nullable    = false
}

variable "hub_account_id" {
  description = "Id of the hub's account."
  type        = string
  nullable    = false
}

variable "organization_id" {
  description = "Id of the organization whose accounts may send events to the hub."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region where the accounts work, in addition to the Regions of sign-ins."
  type        = string
  default     = "eu-west-1"
  nullable    = false

  validation {
    condition     = !contains(["us-east-1", "us-east-2", "us-west-2"], var.region)
    error_message = "region must not be us-east-1, us-east-2 or us-west-2: these have a spoke."
  }
}

variable "deploy_role_name" {
  description = "Name of the deployment role in every account."
  type        = string
  default     = "rootwatch-deploy"
  nullable    = false
}

variable "external_id" {
  description = "External id of the deployment roles. Defaults to none."
  type        = string
  default     = null
}

variable "packages_dir" {
  description = "Directory that contains the packages of the functions."
  type        = string
  nullable    = false
}

variable "slack_secret_arn" {
  description = "ARN of the secret with the URL of the Slack webhook, in the hub's account and us-east-1."
  type        = string
  nullable    = false
}

variable "health_emails" {
  description = "Set of email addresses that receive the alarms of the monitor."
  type        = set(string)
  default     = ["platform@example.com"]
  nullable    = false
}
