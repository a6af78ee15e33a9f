variable "hub_event_bus_arn" {
  description = "ARN of the hub's event bus. Take the hub's output `event_bus_arn`: it waits for the bus policy, which AWS checks when the target is put."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:events:[^:]+:[0-9]{12}:event-bus/.+$", var.hub_event_bus_arn))
    error_message = "hub_event_bus_arn must be the ARN of an event bus."
  }
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

variable "read_only_events" {
  description = "Whether read-only calls of root are forwarded too (rule state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS). The trail must log read events for it to have any effect. `aws login` of root is such a call."
  type        = bool
  default     = true
  nullable    = false
}

variable "alarms" {
  description = "Whether the spoke has its three alarms. Without them, the hub's check of heartbeats is what notices a spoke that cannot deliver, after three to four hours instead of minutes, and no alarm says that its dead-letter queue holds events."
  type        = bool
  default     = true
  nullable    = false
}

variable "forward_alarms" {
  description = "Whether the spoke's alarms are forwarded over the hub's bus to its health topic. Off where `health_topic_arn` is that topic."
  type        = bool
  default     = true
  nullable    = false
}

variable "health_topic_arn" {
  description = "ARN of a topic in the same Region that the spoke's alarms report to: the hub's health topic in the hub's account and Region, or one of your own. Alarms reach it also when the path to the hub is broken."
  type        = string
  default     = null

  validation {
    condition     = var.health_topic_arn == null || can(regex("^arn:[^:]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.health_topic_arn))
    error_message = "health_topic_arn must be the ARN of an SNS topic."
  }
}

variable "heartbeat" {
  description = "Whether the spoke sends a heartbeat to the hub each hour, so that the hub notices when it can no longer deliver. Set it as in the hub."
  type        = bool
  default     = true
  nullable    = false
}

variable "tampering_alerts" {
  description = "Whether changes of the monitor itself, by anyone, are forwarded to the hub and become alerts of the type tampering. Changes of IAM roles are recorded in us-east-1 only."
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
