variable "hub_account_id" {
  description = "Id of the hub's account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.hub_account_id))
    error_message = "hub_account_id must be an account id of 12 digits."
  }
}

variable "spoke_target_ids" {
  description = "Set of ids of the root, organizational units or accounts that the policy for spokes is attached to. Defaults to none: the policy is an output only."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.spoke_target_ids : can(regex("^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|[0-9]{12})$", id))])
    error_message = "spoke_target_ids must be ids of a root, organizational units or accounts."
  }
}

variable "hub_target_ids" {
  description = "Set of ids that the policy for the hub is attached to: the hub's account. Defaults to none: the policy is an output only."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.hub_target_ids : can(regex("^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|[0-9]{12})$", id))])
    error_message = "hub_target_ids must be ids of a root, organizational units or accounts."
  }
}

variable "deploy_role_arns" {
  description = "Set of ARNs, with wildcards, of the roles that deploy the monitor. They may change its resources. Include the roles of custom subscribers and of operators who redrive queues."
  type        = set(string)
  default     = ["arn:aws:iam::*:role/rootwatch-deploy"]
  nullable    = false

  validation {
    condition     = length(var.deploy_role_arns) > 0 && alltrue([for arn in var.deploy_role_arns : can(regex("^arn:[^:]+:iam::([0-9]{12}|\\*):role/.+$", arn))])
    error_message = "deploy_role_arns must contain at least one ARN of a role, as in arn:aws:iam::*:role/rootwatch-deploy."
  }
}

variable "administrator_role_arns" {
  description = "Set of ARNs, with wildcards, of the roles that manage accounts. They may change the deployment role, trails, the key and the secrets."
  type        = set(string)
  default = [
    "arn:aws:iam::*:role/AWSControlTowerExecution",
    "arn:aws:iam::*:role/OrganizationAccountAccessRole",
    "arn:aws:iam::*:role/stacksets-exec-*",
  ]
  nullable = false

  validation {
    condition     = length(var.administrator_role_arns) > 0 && alltrue([for arn in var.administrator_role_arns : can(regex("^arn:[^:]+:iam::([0-9]{12}|\\*):role/.+$", arn))])
    error_message = "administrator_role_arns must contain at least one ARN of a role: otherwise nobody could repair the deployment role."
  }
}

variable "log_group_names" {
  description = "Set of names of the CloudTrail log groups that log alarms watch."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.log_group_names : can(regex("^[A-Za-z0-9._/#-]{1,512}$", name))])
    error_message = "log_group_names must be names of log groups, not ARNs."
  }
}

variable "kms_key_arns" {
  description = "Set of ARNs of the keys to protect: the hub's output `kms_key_arn`, and keys of the secrets."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.kms_key_arns : can(regex("^arn:[^:]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "kms_key_arns must be ARNs of keys."
  }
}

variable "secret_arns" {
  description = "Set of ARNs of the alerters' secrets to protect."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.secret_arns : can(regex("^arn:[^:]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^:]+-[A-Za-z0-9]{6}$", arn))])
    error_message = "secret_arns must be full ARNs of secrets, with the six characters that Secrets Manager appends to the name."
  }
}

variable "event_bus_name" {
  description = "Name of the hub's event bus."
  type        = string
  default     = "hub-root-activity"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,256}$", var.event_bus_name))
    error_message = "event_bus_name must be 1 to 256 letters, digits or characters of ._-."
  }
}

variable "name_prefix" {
  description = "Start of the names of all resources of the monitor."
  type        = string
  default     = "rootwatch"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must be 2 to 20 lower-case letters, digits or hyphens, begin with a letter and not end in a hyphen."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
