variable "hub_account_id" {
  description = "Account of the hub."
  type        = string
  nullable    = false
}

variable "hub_region" {
  description = "Region of the hub."
  type        = string
  default     = "eu-west-1"
  nullable    = false
}

variable "spoke_account_id" {
  description = "Account whose root is watched."
  type        = string
  nullable    = false
}

variable "spoke_account_assume_role_arn" {
  description = "Role in the spoke's account that Terraform assumes there."
  type        = string
  nullable    = false
}

variable "spoke_account_external_id" {
  description = "External id that the role asks for."
  type        = string
  nullable    = false
}

variable "organization_id" {
  description = "Organization whose accounts may deliver to the bus."
  type        = string
  nullable    = false
}

variable "packages_dir" {
  description = "Directory that holds the functions' zips."
  type        = string
  nullable    = false
}

variable "slack" {
  description = "Slack alerters, as modules/hub takes them."
  type = map(object({
    secret_arn  = string
    alert_types = optional(set(string), ["login", "activity"])
  }))
  nullable = false
}
