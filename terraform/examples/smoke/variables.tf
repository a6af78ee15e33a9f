variable "hub_account_id" {
  description = "Id of the account for the hub. Terraform runs with credentials of this account."
  type        = string
  nullable    = false
}

variable "hub_region" {
  description = "Region of both accounts."
  type        = string
  default     = "us-east-1"
  nullable    = false
}

variable "spoke_account_id" {
  description = "Id of a second account, which plays the spoke."
  type        = string
  nullable    = false
}

variable "spoke_account_assume_role_arn" {
  description = "ARN of an administrator's role in the second account that the credentials may assume."
  type        = string
  nullable    = false
}

variable "spoke_account_external_id" {
  description = "External id of this role. Defaults to none."
  type        = string
  default     = null
}

variable "architecture" {
  description = "Instruction set of the packages: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false
}

variable "packages_dir" {
  description = "Directory that contains the packages of the functions."
  type        = string
  nullable    = false
}
