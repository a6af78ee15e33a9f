variable "name" {
  description = "Name of the alerter's function, queue and, where it mails, topic."
  type        = string
}

variable "package" {
  description = "Path of the function's zip file, which holds an executable `bootstrap` for provided.al2023."
  type        = string
}

variable "architecture" {
  description = "Instruction set that the zip was built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"
}

variable "topics" {
  description = "Topics to subscribe to, name to ARN. The names must be known at plan time, the ARNs need not be."
  type        = map(string)

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
}

variable "email" {
  description = "Addresses that this alerter mails through a topic of its own. Null for an alerter that does not mail. Each address confirms its subscription once, by the link that AWS sends."
  type = object({
    addresses = set(string)
  })
  default = null
}

variable "minimum_severity" {
  description = "Alerts below it are not sent: low, medium, high or critical."
  type        = string
  default     = "low"

  validation {
    condition     = contains(["low", "medium", "high", "critical"], var.minimum_severity)
    error_message = "minimum_severity must be low, medium, high or critical."
  }
}

variable "accounts" {
  description = "Accounts whose alerts are sent, AssumeRoot into them included; none for all. What names no account (log alarms, events that were not understood) is always sent."
  type        = set(string)
  default     = []
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
  description = "Name and ARN of the table in which the alerter remembers what it told; null for none: then each message is told by itself."
  type = object({
    name = string
    arn  = string
  })
  default = null
}

variable "kms_key_arn" {
  description = "ARN of the customer-managed key of queues and topics."
  type        = string
}

variable "health_topic_arn" {
  description = "ARN of the topic that the alerter's alarms report to."
  type        = string
}

variable "timeout_seconds" {
  description = "Timeout of one invocation, in seconds. A request to a sink takes up to 10 seconds and may be repeated once."
  type        = number
  default     = 30
}

variable "max_receive_count" {
  description = "Number of receives after which SQS moves a message to the dead-letter queue. The function moves a message itself after 24 hours, with the reason. The default is the limit of SQS, because messages that wait for another alert of their incident are received as well."
  type        = number
  default     = 1000
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
