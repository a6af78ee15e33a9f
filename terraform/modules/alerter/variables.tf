variable "name" {
  description = "Name of the alerter's function, queue and, where it mails, topic."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,48}$", var.name))
    error_message = "name must be 1 to 48 letters, digits, hyphens or underscores: the role's name adds the Region and must not exceed 64 characters."
  }
}

variable "package" {
  description = "Path of the function's zip file, which contains an executable `bootstrap` for provided.al2023. Null if `package_s3` is set."
  type        = string
  default     = null
}

variable "package_s3" {
  description = "The function's zip file in a bucket of the same Region, in place of `package`. Terraform updates the function when `key` or `object_version` changes."
  type = object({
    bucket         = string
    key            = string
    object_version = optional(string)
  })
  default = null
}

variable "architecture" {
  description = "Instruction set that the zip was built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "topics" {
  description = "Topics to subscribe to, name to ARN. The names must be known at plan time, the ARNs need not be."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(var.topics) > 0
    error_message = "topics must hold at least one topic: an alerter without one never speaks."
  }
}

variable "secret" {
  description = "The secret that the sink needs (a webhook URL or a routing key), by ARN, and the ARN of its customer-managed key if it has one. Null for an alerter that needs none."
  type = object({
    secret_arn  = string
    kms_key_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.secret == null || can(regex("^arn:[^:]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^:]+-[A-Za-z0-9]{6}$", var.secret.secret_arn))
    error_message = "secret_arn must be the full ARN of a secret, with the six characters that Secrets Manager appends to the name, as in arn:aws:secretsmanager:us-east-1:111122223333:secret:slack-AbCdEf."
  }

  validation {
    condition     = try(var.secret.kms_key_arn, null) == null || can(regex("^arn:[^:]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.secret.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a key, as in arn:aws:kms:us-east-1:111122223333:key/ and the key id. An alias is not accepted."
  }
}

variable "email" {
  description = "Addresses that this alerter mails through a topic of its own. Null for an alerter that does not mail. Each address confirms its subscription once, by the link that AWS sends."
  type = object({
    addresses = set(string)
  })
  default = null

  validation {
    condition     = var.email == null || try(length(var.email.addresses) > 0 && alltrue([for address in var.email.addresses : can(regex("^[^@\\s]+@[^@\\s]+$", address))]), false)
    error_message = "addresses must contain at least one address, each of the form name@domain."
  }
}

variable "minimum_severity" {
  description = "Alerts below it are not sent: low, medium, high or critical."
  type        = string
  default     = "low"
  nullable    = false

  validation {
    condition     = contains(["low", "medium", "high", "critical"], var.minimum_severity)
    error_message = "minimum_severity must be low, medium, high or critical."
  }
}

variable "accounts" {
  description = "Accounts whose alerts are sent, AssumeRoot into them included; none for all. What names no account (log alarms, events that were not understood) is always sent."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.accounts) <= 30 && alltrue([for id in var.accounts : can(regex("^[0-9]{12}$", id))])
    error_message = "accounts must be at most 30 account ids of 12 digits: SNS allows 150 combinations of values in a filter policy."
  }
}

variable "runbook_url" {
  description = "Address of a runbook that alerts link to; null for none."
  type        = string
  default     = null
}

variable "access_portal_url" {
  description = "URL of the IAM Identity Center access portal through which links into the console lead. Defaults to direct links."
  type        = string
  default     = null
}

variable "access_portal_role" {
  description = "Name of the permission set that links through the access portal use. Defaults to a choice in the portal."
  type        = string
  default     = null
}

variable "deduplication_table" {
  description = "Name and ARN of the table in which the alerter records sent alerts. Defaults to none: the alerter then sends each message by itself."
  type = object({
    name = string
    arn  = string
  })
  default = null
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key of queues and topics."
  type        = string
  nullable    = false
}

variable "health_topic_arn" {
  description = "ARN of the topic that the alerter's alarms report to."
  type        = string
  nullable    = false
}

variable "timeout_seconds" {
  description = "Timeout of one invocation, in seconds. A request to a sink takes up to 10 seconds and may be repeated once."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds must be between 1 and 900."
  }
}

variable "max_receive_count" {
  description = "Number of receives after which SQS moves a message to the dead-letter queue. The function moves a message itself after 24 hours, with the reason. The default is the limit of SQS, because messages that wait for another alert of their incident are received as well."
  type        = number
  default     = 1000
  nullable    = false

  validation {
    condition     = var.max_receive_count >= 5 && var.max_receive_count <= 1000
    error_message = "max_receive_count must be between 5 (AWS's advice for event source mappings) and 1000 (the limit)."
  }
}

variable "log_retention_days" {
  description = "How long the function's log is kept, in days."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a period that CloudWatch Logs accepts: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days, or 0 for no expiry."
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
  description = "List of ARNs of further actions of every alarm, in addition to the health topic."
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
