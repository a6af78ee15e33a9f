variable "name" {
  description = "Name of the function and of its queue; the dead-letter queue is called `<name>-dlq`."
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

variable "environment" {
  description = "Environment variables of the function. `QUEUE_URL` and `DEAD_LETTER_QUEUE_URL` are added to them. Never put a secret here: pass its ARN."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "permissions" {
  description = "What the function may do beyond its queue, its dead-letter queue, its key and its log group: IAM policy documents as JSON."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "source_service" {
  description = "Service principal that fills the queue: events.amazonaws.com or sns.amazonaws.com."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["events.amazonaws.com", "sns.amazonaws.com"], var.source_service)
    error_message = "source_service must be events.amazonaws.com or sns.amazonaws.com."
  }
}

variable "source_arns" {
  description = "ARNs of the rules or topics that may send to the queue and, what they could not deliver, to the dead-letter queue."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.source_arns) > 0
    error_message = "source_arns must name at least one rule or topic: a queue that nothing fills is a way that ends."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts both queues (and the topics that the function publishes to)."
  type        = string
  nullable    = false
}

variable "health_topic_arn" {
  description = "ARN of the topic that the function's alarms report to, in the same Region."
  type        = string
  nullable    = false
}

variable "timeout_seconds" {
  description = "Time-out of one invocation, in seconds. The queue's visibility timeout is six times as long."
  type        = number
  default     = 15
  nullable    = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds must be between 1 and 900."
  }
}

variable "memory_mb" {
  description = "Memory of the function, in MB."
  type        = number
  default     = 128
  nullable    = false

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "memory_mb must be between 128 and 10240."
  }
}

variable "batch_size" {
  description = "Most messages in one invocation. Failures are reported by message, so one does not hold back the others."
  type        = number
  default     = 10
  nullable    = false

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 10
    error_message = "batch_size must be between 1 and 10: a larger one needs a batching window, which would delay alerts."
  }
}

variable "max_receive_count" {
  description = "Number of receives after which SQS moves a message to the dead-letter queue. The function moves a message itself after 24 hours, with the reason; the number must leave room for a day of attempts. The default is the limit of SQS."
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
