variable "spoke_account_id" {
  description = "Account of the spoke."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.spoke_account_id))
    error_message = "spoke_account_id must be an account id of 12 digits."
  }
}

variable "hub_event_bus_arn" {
  description = "ARN of the hub's bus: the output `event_bus_arn` of the hub's configuration, which must be applied before."
  type        = string
  nullable    = false

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

  validation {
    condition     = var.spoke_account_external_id == null || try(length(var.spoke_account_external_id) >= 2 && length(var.spoke_account_external_id) <= 1224, false)
    error_message = "spoke_account_external_id must have 2 to 1224 characters."
  }
}

variable "region" {
  description = "Region to cover in addition to the Regions of sign-ins."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", var.region))
    error_message = "region must be the name of a Region, as in eu-west-1."
  }
}

variable "sign_in_regions" {
  description = "Set of Regions where CloudTrail records root sign-ins; each gets a spoke. Defaults to us-east-1, us-east-2 and us-west-2, and to none in other partitions than aws. An organization that denies one of these Regions must exempt the monitor: a sign-in is recorded there all the same."
  type        = set(string)
  default     = null

  validation {
    condition     = var.sign_in_regions == null || length(setsubtract(coalesce(var.sign_in_regions, []), ["us-east-1", "us-east-2", "us-west-2"])) == 0
    error_message = "sign_in_regions must be some of us-east-1, us-east-2 and us-west-2. A spoke in another Region is an instance of modules/spoke."
  }
}

variable "log_group" {
  description = "The CloudTrail log group in the spoke's account and Region (`region`) that a log alarm watches; null for no log alarm."
  type = object({
    name = string
  })
  default = null

  validation {
    condition     = var.log_group == null || can(regex("^[A-Za-z0-9._/#-]{1,512}$", var.log_group.name))
    error_message = "log_group.name must be the name of a log group, not its ARN: 1 to 512 letters, digits or characters of ._/#-."
  }
}

variable "health_topic_arn" {
  description = "ARN of a topic of the account in `region` that the alarms there report to besides the hub, even where the way to the hub is what is broken."
  type        = string
  default     = null

  validation {
    condition     = var.health_topic_arn == null || can(regex("^arn:[^:]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.health_topic_arn))
    error_message = "health_topic_arn must be the ARN of an SNS topic."
  }
}

variable "read_only_events" {
  description = "Whether read-only calls of root are forwarded too (rule state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS). Set it alike in the hub."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarms" {
  description = "Whether the spoke has its three alarms in each Region. Without them, the hub's check of heartbeats is what notices a spoke that cannot deliver, after three to four hours instead of minutes, and no alarm says that its dead-letter queue holds events."
  type        = bool
  default     = true
  nullable    = false
}

variable "name_prefix" {
  description = "Start of the names of all resources. It must be the hub's: the bus admits delivery roles by it."
  type        = string
  default     = "rootwatch"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must be 2 to 20 lower-case letters, digits or hyphens, begin with a letter and not end in a hyphen."
  }
}

variable "heartbeat" {
  description = "Whether the spoke sends a heartbeat to the hub each hour, so that the hub notices when it can no longer deliver. Set it as in the hub."
  type        = bool
  default     = true
  nullable    = false
}

variable "tampering_alerts" {
  description = "Whether changes of the monitor itself, by anyone, are alerts of the type tampering. Changes of IAM roles are recorded in us-east-1 only."
  type        = bool
  default     = true
  nullable    = false
}

variable "queue_max_message_size" {
  description = "Maximum size of a message in the queues that receive events, in bytes. Defaults to the default of the AWS provider, 262144. A larger value, up to 1048576, requires version 6.8 of the provider."
  type        = number
  default     = null

  validation {
    condition     = var.queue_max_message_size == null || try(var.queue_max_message_size >= 262144 && var.queue_max_message_size <= 1048576, false)
    error_message = "queue_max_message_size must be between 262144 and 1048576."
  }
}

variable "alarm_actions" {
  description = "List of ARNs of further actions of every alarm, in addition to `health_topic_arn`."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.alarm_actions) <= 4 && alltrue([for arn in var.alarm_actions : can(regex("^arn:[^:]+:[a-z0-9-]+:", arn))])
    error_message = "alarm_actions must contain at most 4 ARNs: an alarm has at most 5 actions, and the health topic is one of them."
  }
}

variable "role_path" {
  description = "Path of the IAM roles."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]{1,509}/)?$", var.role_path))
    error_message = "role_path must begin and end with a slash, as in /monitoring/."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that is the permissions boundary of the IAM roles. Defaults to no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[^:]+:iam::(aws|[0-9]{12}):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of a managed policy."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
