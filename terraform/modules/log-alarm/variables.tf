variable "log_group_name" {
  description = "Name of the log group that CloudTrail writes to, in this account and Region: the spoke's own, or the organization trail's in the account that holds it."
  type        = string
}

variable "hub_event_bus_arn" {
  description = "ARN of the hub's event bus. Take the hub's output `event_bus_arn`: it waits for the bus policy, which AWS checks when the target is put."
  type        = string
}

variable "name_prefix" {
  description = "Start of the names of all resources. It must be the hub's: the bus admits delivery roles, and the hub alarms, by it."
  type        = string
  default     = "rootwatch"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must be 2 to 20 lower-case letters, digits or hyphens, begin with a letter and not end in a hyphen."
  }
}

variable "name" {
  description = "Name of this log alarm within account and Region; another one is needed only where a second log group is watched."
  type        = string
  default     = "log-alarm"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,13}[a-z0-9]$", var.name))
    error_message = "name must be 2 to 15 lower-case letters, digits or hyphens, begin with a letter and not end in a hyphen."
  }
}

variable "metric_namespace" {
  description = "Namespace of the metric that the filter counts into."
  type        = string
  default     = "Rootwatch"

  validation {
    condition     = !startswith(var.metric_namespace, "AWS/")
    error_message = "metric_namespace must not begin with AWS/, which is reserved."
  }
}

variable "forward_alarms" {
  description = "Whether the hub hears of the alarms on the log alarm's own way, over its bus, and puts them on its health topic. Off where `health_topic_arn` is that topic."
  type        = bool
  default     = true
}

variable "health_topic_arn" {
  description = "ARN of a topic in the same Region that the alarms on the log alarm's own way report to: the hub's health topic in the hub's account and Region, or one of your own. It hears of them even where the way to the hub is what is broken."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource that can carry them."
  type        = map(string)
  default     = {}
}
