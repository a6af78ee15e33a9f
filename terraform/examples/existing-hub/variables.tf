variable "hub_event_bus_arn" {
  description = "ARN of the hub's event bus."
  type        = string
  nullable    = false
}

variable "region" {
  description = "Region where the account works, in addition to the Regions of sign-ins."
  type        = string
  default     = "eu-west-1"
  nullable    = false

  validation {
    condition     = !contains(["us-east-1", "us-east-2", "us-west-2"], var.region)
    error_message = "region must not be us-east-1, us-east-2 or us-west-2: these have a spoke."
  }
}

variable "name_prefix" {
  description = "Start of the names of all resources. It must be the hub's, whose event bus checks it."
  type        = string
  default     = "rootwatch"
  nullable    = false
}

variable "health_topic_arn" {
  description = "ARN of a topic of this account in `region` that the alarms report to, in addition to the hub. Defaults to the hub only."
  type        = string
  default     = null
}
