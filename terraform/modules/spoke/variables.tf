variable "hub_event_bus_arn" {
  description = "ARN of the hub's event bus. Take the hub's output `event_bus_arn`: it waits for the bus policy, which AWS checks when the target is put."
  type        = string
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

variable "read_only_events" {
  description = "Whether read-only calls of root are forwarded too (rule state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS). The trail must log read events for it to have any effect. `aws login` of root is such a call."
  type        = bool
  default     = true
}

variable "forward_alarms" {
  description = "Whether the hub hears of the spoke's alarms, over its bus, and puts them on its health topic. Off where `health_topic_arn` is that topic."
  type        = bool
  default     = true
}

variable "health_topic_arn" {
  description = "ARN of a topic in the same Region that the spoke's alarms report to: the hub's health topic in the hub's account and Region, or one of your own. It hears of them even where the way to the hub is what is broken."
  type        = string
  default     = null
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}
