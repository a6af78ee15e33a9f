variable "hub_event_bus_arn" {
  description = "ARN of the hub's event bus: the output `event_bus_arn` of the hub's configuration."
  type        = string
  nullable    = false
}

variable "home_region" {
  description = "Home Region of AFT, where its default provider works. It gets a spoke in addition to the Regions of sign-ins."
  type        = string
  default     = "us-east-1"
  nullable    = false
}

variable "role_name" {
  description = "Name of the role that AFT assumes in the account."
  type        = string
  default     = "AWSAFTExecution"
  nullable    = false
}
