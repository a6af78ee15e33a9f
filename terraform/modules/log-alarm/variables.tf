variable "log_group_name" {
  description = "Name of the log group that CloudTrail writes to, in this account and Region: the spoke's own, or the organization trail's in the account that holds it."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._/#-]{1,512}$", var.log_group_name))
    error_message = "log_group_name must be the name of a log group, not its ARN: 1 to 512 letters, digits or characters of ._/#-."
  }
}

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
  description = "Start of the names of all resources. It must be the hub's: the bus admits delivery roles, and the hub alarms, by it."
  type        = string
  default     = "rootwatch"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must be 2 to 20 lower-case letters, digits or hyphens, begin with a letter and not end in a hyphen."
  }
}

variable "name" {
  description = "Name of this log alarm within account and Region; another one is needed only where a second log group is watched."
  type        = string
  default     = "log-alarm"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,13}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 15 lower-case letters, digits or hyphens, begin with a letter and not end in a hyphen."
  }

  validation {
    condition     = !contains(["root-activity", "alarms", "alarms-hub", "triage", "coverage", "tampering", "heartbeat"], var.name) && !can(regex("^(slack|pagerduty|email|hub)-", var.name))
    error_message = "name must not be root-activity, alarms, alarms-hub, triage, coverage, tampering or heartbeat, and must not begin with slack-, pagerduty-, email- or hub-: other resources of the monitor have these names."
  }
}

variable "metric_namespace" {
  description = "Namespace of the metric that the filter counts into."
  type        = string
  default     = "Rootwatch"
  nullable    = false

  validation {
    condition     = !startswith(var.metric_namespace, "AWS/")
    error_message = "metric_namespace must not begin with AWS/, which is reserved."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9._/#:-]{1,255}$", var.metric_namespace))
    error_message = "metric_namespace must be 1 to 255 letters, digits or characters of ._/#:-."
  }
}

variable "forward_alarms" {
  description = "Whether the alarms on the log alarm's own path are forwarded over the hub's bus to its health topic. Off where `health_topic_arn` is that topic."
  type        = bool
  default     = true
  nullable    = false
}

variable "health_topic_arn" {
  description = "ARN of a topic in the same Region that the alarms on the log alarm's own path report to: the hub's health topic in the hub's account and Region, or one of your own. Alarms reach it also when the path to the hub is broken."
  type        = string
  default     = null

  validation {
    condition     = var.health_topic_arn == null || can(regex("^arn:[^:]+:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$", var.health_topic_arn))
    error_message = "health_topic_arn must be the ARN of an SNS topic."
  }
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
  description = "Tags of every resource that can carry them."
  type        = map(string)
  default     = {}
  nullable    = false
}
