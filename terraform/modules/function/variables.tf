variable "name" {
  description = "Name of the function and of its queue; the dead-letter queue is called `<name>-dlq`."
  type        = string

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,45}$", var.name))
    error_message = "name must be 1 to 45 letters, digits, hyphens or underscores: the role's name adds the Region and must stay within 64."
  }
}

variable "package" {
  description = "Path of the function's zip file, which holds an executable `bootstrap` for provided.al2023."
  type        = string
}

variable "architecture" {
  description = "Instruction set that the zip was built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "environment" {
  description = "Environment variables of the function. `QUEUE_URL` and `DEAD_LETTER_QUEUE_URL` are added to them. Never put a secret here: pass its ARN."
  type        = map(string)
  default     = {}
}

variable "permissions" {
  description = "What the function may do beyond its queue, its dead-letter queue, its key and its log group: IAM policy documents as JSON."
  type        = list(string)
  default     = []
}

variable "source_service" {
  description = "Service principal that fills the queue: events.amazonaws.com or sns.amazonaws.com."
  type        = string

  validation {
    condition     = contains(["events.amazonaws.com", "sns.amazonaws.com"], var.source_service)
    error_message = "source_service must be events.amazonaws.com or sns.amazonaws.com."
  }
}

variable "source_arns" {
  description = "ARNs of the rules or topics that may send to the queue and, what they could not deliver, to the dead-letter queue."
  type        = list(string)

  validation {
    condition     = length(var.source_arns) > 0
    error_message = "source_arns must name at least one rule or topic: a queue that nothing fills is a way that ends."
  }
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key that encrypts both queues (and the topics that the function publishes to)."
  type        = string
}

variable "health_topic_arn" {
  description = "ARN of the topic that the function's alarms report to, in the same Region."
  type        = string
}

variable "timeout_seconds" {
  description = "Time-out of one invocation, in seconds. The queue's visibility timeout is six times as long."
  type        = number
  default     = 15

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds must be between 1 and 900."
  }
}

variable "memory_mb" {
  description = "Memory of the function, in MB."
  type        = number
  default     = 128

  validation {
    condition     = var.memory_mb >= 128 && var.memory_mb <= 10240
    error_message = "memory_mb must be between 128 and 10240."
  }
}

variable "batch_size" {
  description = "Most messages in one invocation. Failures are reported by message, so one does not hold back the others."
  type        = number
  default     = 10

  validation {
    condition     = var.batch_size >= 1 && var.batch_size <= 10
    error_message = "batch_size must be between 1 and 10: a larger one needs a batching window, which would delay alerts."
  }
}

variable "max_receive_count" {
  description = "Number of receives after which SQS moves a message to the dead-letter queue. The function moves a message itself after 24 hours, with the reason; the number must leave room for a day of attempts and, in alerters with deduplication, of waiting."
  type        = number
  default     = 100

  validation {
    condition     = var.max_receive_count >= 5 && var.max_receive_count <= 1000
    error_message = "max_receive_count must be between 5 (AWS's advice for event source mappings) and 1000 (the limit)."
  }
}

variable "log_retention_days" {
  description = "How long the function's log is kept, in days."
  type        = number
  default     = 365
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
}
