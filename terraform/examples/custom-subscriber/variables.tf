variable "topic_arn" {
  description = "ARN of the topic: `topic_arns.activity` or `topic_arns.login` of the hub."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:sns:[^:]+:[0-9]{12}:.+$", var.topic_arn))
    error_message = "topic_arn must be the ARN of a topic."
  }
}

variable "name" {
  description = "Name of the queue; its dead-letter queue is called `<name>-dlq`."
  type        = string
  default     = "root-activity-subscriber"
  nullable    = false
}

variable "severities" {
  description = "Severities of the alerts to receive; all of them by default."
  type        = set(string)
  default     = ["critical", "high", "medium", "low"]
  nullable    = false

  validation {
    condition     = length(var.severities) > 0 && length(setsubtract(var.severities, ["critical", "high", "medium", "low"])) == 0
    error_message = "severities must be some of critical, high, medium and low."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
