variable "deploys" {
  description = "What the role deploys: hub (with the spokes of the hub's account) or spoke."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["hub", "spoke"], var.deploys)
    error_message = "deploys must be hub or spoke."
  }
}

variable "trusted_principal_arns" {
  description = "Set of ARNs of the roles, users or accounts that may assume the role."
  type        = set(string)
  nullable    = false

  validation {
    condition     = length(var.trusted_principal_arns) > 0 && alltrue([for arn in var.trusted_principal_arns : can(regex("^arn:[^:]+:iam::[0-9]{12}:(root|role/[^*]+|user/[^*]+)$", arn))])
    error_message = "trusted_principal_arns must contain at least one ARN of a role, a user or an account (arn:aws:iam::999988887777:root), without wildcards."
  }
}

variable "external_id" {
  description = "External id that the caller must pass to assume the role. Defaults to none."
  type        = string
  default     = null

  validation {
    condition     = var.external_id == null || try(length(var.external_id) >= 2 && length(var.external_id) <= 1224, false)
    error_message = "external_id must have 2 to 1224 characters."
  }
}

variable "name" {
  description = "Name of the role, and start of the names of its policies."
  type        = string
  default     = "rootwatch-deploy"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.name))
    error_message = "name must be 1 to 64 letters, digits or characters of +=,.@_-."
  }
}

variable "path" {
  description = "Path of the role and of its policies."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]{1,509}/)?$", var.path))
    error_message = "path must begin and end with a slash, as in /platform/."
  }
}

variable "permissions_boundary" {
  description = "ARN of the policy that is the permissions boundary of the role. Defaults to no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[^:]+:iam::(aws|[0-9]{12}):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of a managed policy."
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

variable "role_path" {
  description = "Path of the IAM roles of the monitor."
  type        = string
  default     = "/"
  nullable    = false

  validation {
    condition     = can(regex("^/([!-~]{1,509}/)?$", var.role_path))
    error_message = "role_path must begin and end with a slash, as in /monitoring/."
  }
}

variable "role_permissions_boundary" {
  description = "ARN of the permissions boundary of the IAM roles of the monitor: its `permissions_boundary`. The role can then create no role without it. Defaults to no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.role_permissions_boundary == null || can(regex("^arn:[^:]+:iam::(aws|[0-9]{12}):policy/.+$", var.role_permissions_boundary))
    error_message = "role_permissions_boundary must be the ARN of a managed policy."
  }
}

variable "regions" {
  description = "Set of Regions that the role may deploy to. Include the sign-in Regions us-east-1, us-east-2 and us-west-2. Defaults to every Region."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for region in var.regions : can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", region))])
    error_message = "regions must be names of Regions, as in eu-west-1."
  }
}

variable "log_group_names" {
  description = "Set of names of the CloudTrail log groups that log alarms watch. Defaults to none: the role can deploy no log alarm."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for name in var.log_group_names : can(regex("^[A-Za-z0-9._/#-]{1,512}$", name))])
    error_message = "log_group_names must be names of log groups, not ARNs."
  }
}

variable "kms_key_arns" {
  description = "Set of ARNs of the keys that the role may change: after the first apply the hub's output `kms_key_arn`. Defaults to every key of the account, because the id of a new key is random."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.kms_key_arns : can(regex("^arn:[^:]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", arn))])
    error_message = "kms_key_arns must be ARNs of keys."
  }
}

variable "packages_s3" {
  description = "Bucket that holds the packages of the functions, if the hub has `packages_s3`. `bucket`: its name; `prefix`: start of the keys."
  type = object({
    bucket = string
    prefix = optional(string, "")
  })
  default = null

  validation {
    condition     = var.packages_s3 == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.packages_s3.bucket))
    error_message = "packages_s3.bucket must be the name of a bucket."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
