variable "spoke_account_id" {
  description = "Account of the spoke."
  type        = string

  validation {
    condition     = can(regex("^[0-9]{12}$", var.spoke_account_id))
    error_message = "spoke_account_id must be an account id of 12 digits."
  }
}

variable "hub_event_bus_arn" {
  description = "ARN of the hub's bus: the output `event_bus_arn` of the hub's configuration, which must be applied before."
  type        = string

  validation {
    condition     = can(regex("^arn:[^:]+:events:[^:]+:[0-9]{12}:event-bus/.+$", var.hub_event_bus_arn))
    error_message = "hub_event_bus_arn must be the ARN of an event bus."
  }
}

variable "spoke_account_assume_role_arn" {
  description = "Role in the spoke's account that Terraform assumes; null where it runs with credentials of that account."
  type        = string
  default     = null

  validation {
    condition     = var.spoke_account_assume_role_arn == null || can(regex("^arn:[^:]+:iam::[0-9]{12}:role/.+$", var.spoke_account_assume_role_arn))
    error_message = "spoke_account_assume_role_arn must be the ARN of a role."
  }
}

variable "spoke_account_external_id" {
  description = "External id that the role `spoke_account_assume_role_arn` asks for; null if none."
  type        = string
  default     = null
}

variable "region" {
  description = "Region to cover beside those where sign-ins appear."
  type        = string
  default     = "us-east-1"

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region must be the name of a Region, as in eu-west-1."
  }
}

variable "log_group" {
  description = "The CloudTrail log group in the spoke's account and Region (`region`) that a log alarm watches; null for no log alarm."
  type = object({
    name = string
  })
  default = null
}

variable "health_topic_arn" {
  description = "ARN of a topic of the account in `region` that the alarms there report to besides the hub, even where the way to the hub is what is broken."
  type        = string
  default     = null
}

variable "read_only_events" {
  description = "Whether read-only calls of root are forwarded too (rule state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS). Set it alike in the hub."
  type        = bool
  default     = true
}

variable "name_prefix" {
  description = "Start of the names of all resources. It must be the hub's: the bus admits delivery roles by it."
  type        = string
  default     = "rootwatch"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must be 2 to 20 lower-case letters, digits or hyphens, begin with a letter and not end in a hyphen."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}
