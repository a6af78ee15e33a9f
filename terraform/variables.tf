variable "hub_account_id" {
  description = "Account of the hub. The credentials that Terraform runs with must be of this account."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.hub_account_id))
    error_message = "hub_account_id must be an account id of 12 digits."
  }
}

variable "spoke_account_id" {
  description = "Account of the spoke."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.spoke_account_id))
    error_message = "spoke_account_id must be an account id of 12 digits."
  }
}

variable "spoke_account_assume_role_arn" {
  description = "Role in the spoke's account that Terraform assumes there."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[^:]+:iam::[0-9]{12}:role/.+$", var.spoke_account_assume_role_arn))
    error_message = "spoke_account_assume_role_arn must be the ARN of a role."
  }
}

variable "spoke_account_external_id" {
  description = "External id that the role `spoke_account_assume_role_arn` asks for."
  type        = string
  nullable    = false

  validation {
    condition     = length(var.spoke_account_external_id) >= 2 && length(var.spoke_account_external_id) <= 1224
    error_message = "spoke_account_external_id must have 2 to 1224 characters."
  }
}

variable "hub_region" {
  description = "Region of the hub."
  type        = string
  default     = "us-east-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", var.hub_region))
    error_message = "hub_region must be the name of a Region, as in eu-west-1."
  }
}

variable "spoke_region" {
  description = "Region of the spoke to cover in addition to the Regions of sign-ins. Defaults to the hub's Region."
  type        = string
  default     = null

  validation {
    condition     = var.spoke_region == null || can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$", var.spoke_region))
    error_message = "spoke_region must be the name of a Region, as in eu-west-1."
  }
}

variable "sign_in_regions" {
  description = "Set of Regions where CloudTrail records root sign-ins; each gets a spoke. Defaults to us-east-1, us-east-2 and us-west-2, and to none in other partitions than aws. An organization that denies one of these Regions must exempt the monitor: a sign-in is recorded there all the same."
  type        = set(string)
  default     = null

  validation {
    condition     = var.sign_in_regions == null || length(setsubtract(coalesce(var.sign_in_regions, []), ["us-east-1", "us-east-2", "us-west-2"])) == 0
    error_message = "sign_in_regions must be some of us-east-1, us-east-2 and us-west-2. A spoke in another Region is an instance of modules/spoke."
  }
}

variable "organization_id" {
  description = "Id of the organization whose accounts may deliver to the bus. Null admits the accounts of `spoke_account_ids` and this configuration's own spoke only."
  type        = string
  default     = null

  validation {
    condition     = var.organization_id == null || can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "organization_id must look like o-a1b2c3d4e5."
  }
}

variable "spoke_account_ids" {
  description = "Further accounts that may deliver to the bus, where spokes are deployed apart and there is no organization. The hub's and this configuration's spoke need no mention."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.spoke_account_ids : can(regex("^[0-9]{12}$", id))])
    error_message = "spoke_account_ids must be account ids of 12 digits each."
  }

  validation {
    condition     = length(var.spoke_account_ids) <= 500
    error_message = "spoke_account_ids must contain at most 500 accounts: the policy of an event bus has at most 10240 characters. Use organization_id for more."
  }
}

variable "packages_dir" {
  description = "Directory of the functions' packages: triage.zip, coverage.zip, slack.zip, pagerduty.zip, email.zip. Packages of unused alerters are optional. Defaults to `packages` next to this configuration."
  type        = string
  default     = null
}

variable "packages_s3" {
  description = "Bucket that holds the packages of the functions, in the Region of the hub, in place of `packages_dir`. `bucket`: its name; `prefix`: start of the keys, as in v1.2.0/; `object_versions`: map of package names (triage, coverage, slack, pagerduty, email) to object versions. Terraform updates a function when its key or its object version changes."
  type = object({
    bucket          = string
    prefix          = optional(string, "")
    object_versions = optional(map(string), {})
  })
  default = null

  validation {
    condition     = var.packages_s3 == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.packages_s3.bucket))
    error_message = "packages_s3.bucket must be the name of a bucket."
  }

  validation {
    condition     = var.packages_s3 == null || length(setsubtract(keys(try(var.packages_s3.object_versions, {})), ["triage", "coverage", "slack", "pagerduty", "email"])) == 0
    error_message = "The keys of packages_s3.object_versions must be triage, coverage, slack, pagerduty or email."
  }
}

variable "architecture" {
  description = "Instruction set that the zips were built for: x86_64 or arm64."
  type        = string
  default     = "x86_64"
  nullable    = false

  validation {
    condition     = contains(["x86_64", "arm64"], var.architecture)
    error_message = "architecture must be x86_64 or arm64."
  }
}

variable "slack" {
  description = "Slack alerters, by a name of yours. `secret_arn`: the secret that holds the webhook's URL, or a bot's token and channel; `kms_key_arn`: its customer-managed key, if it has one; `alert_types`: login, activity, tampering, all by default; `minimum_severity`: low, medium, high or critical; `accounts`: only alerts of these accounts, none for all (what names no account comes through)."
  type = map(object({
    secret_arn       = string
    kms_key_arn      = optional(string)
    alert_types      = optional(set(string), ["login", "activity", "tampering"])
    minimum_severity = optional(string, "low")
    accounts         = optional(set(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.slack) : can(regex("^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$", name))])
    error_message = "The names in slack must be 1 to 15 lower-case letters, digits or hyphens."
  }

  validation {
    condition     = alltrue([for alerter in values(var.slack) : length(alerter.alert_types) > 0 && length(setsubtract(alerter.alert_types, ["login", "activity", "tampering"])) == 0])
    error_message = "alert_types must contain login, activity or tampering, and nothing else."
  }

  validation {
    condition     = alltrue([for alerter in values(var.slack) : contains(["low", "medium", "high", "critical"], alerter.minimum_severity)])
    error_message = "minimum_severity must be low, medium, high or critical."
  }

  validation {
    condition     = alltrue([for alerter in values(var.slack) : length(alerter.accounts) <= (alerter.minimum_severity == "medium" ? 23 : 30) && alltrue([for id in alerter.accounts : can(regex("^[0-9]{12}$", id))])])
    error_message = "accounts must be at most 30 account ids of 12 digits, or 23 with minimum_severity medium: SNS allows 150 combinations of values in a filter policy."
  }

  validation {
    condition     = alltrue([for alerter in values(var.slack) : can(regex("^arn:[^:]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^:]+-[A-Za-z0-9]{6}$", alerter.secret_arn))])
    error_message = "secret_arn must be the full ARN of a secret, with the six characters that Secrets Manager appends to the name, as in arn:aws:secretsmanager:us-east-1:111122223333:secret:slack-AbCdEf."
  }

  validation {
    condition     = alltrue([for alerter in values(var.slack) : alerter.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", alerter.kms_key_arn))])
    error_message = "kms_key_arn must be the ARN of a key, as in arn:aws:kms:us-east-1:111122223333:key/ and the key id. An alias is not accepted."
  }

  validation {
    condition     = alltrue([for name in keys(var.slack) : !endswith(name, "-dlq")])
    error_message = "The names in slack must not end in -dlq: the queue would have the name of another alerter's dead-letter queue."
  }
}

variable "pagerduty" {
  description = "PagerDuty alerters, by a name of yours. `secret_arn`: the secret that holds the routing key; `kms_key_arn`: its customer-managed key, if it has one; `alert_types`: login, activity, tampering, all by default; `minimum_severity`: low, medium, high or critical; `accounts`: only alerts of these accounts, none for all (what names no account comes through); `health`: whether the alarms of the monitor itself go there too."
  type = map(object({
    secret_arn       = string
    kms_key_arn      = optional(string)
    alert_types      = optional(set(string), ["login", "activity", "tampering"])
    health           = optional(bool, false)
    minimum_severity = optional(string, "low")
    accounts         = optional(set(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.pagerduty) : can(regex("^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$", name))])
    error_message = "The names in pagerduty must be 1 to 15 lower-case letters, digits or hyphens."
  }

  validation {
    condition = alltrue([for alerter in values(var.pagerduty) :
      (length(alerter.alert_types) > 0 || alerter.health) && length(setsubtract(alerter.alert_types, ["login", "activity", "tampering"])) == 0
    ])
    error_message = "alert_types must contain login, activity or tampering; it may be empty only where health is true."
  }

  validation {
    condition     = alltrue([for alerter in values(var.pagerduty) : contains(["low", "medium", "high", "critical"], alerter.minimum_severity)])
    error_message = "minimum_severity must be low, medium, high or critical."
  }

  validation {
    condition     = alltrue([for alerter in values(var.pagerduty) : length(alerter.accounts) <= (alerter.minimum_severity == "medium" ? 23 : 30) && alltrue([for id in alerter.accounts : can(regex("^[0-9]{12}$", id))])])
    error_message = "accounts must be at most 30 account ids of 12 digits, or 23 with minimum_severity medium: SNS allows 150 combinations of values in a filter policy."
  }

  validation {
    condition     = alltrue([for alerter in values(var.pagerduty) : can(regex("^arn:[^:]+:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[^:]+-[A-Za-z0-9]{6}$", alerter.secret_arn))])
    error_message = "secret_arn must be the full ARN of a secret, with the six characters that Secrets Manager appends to the name, as in arn:aws:secretsmanager:us-east-1:111122223333:secret:slack-AbCdEf."
  }

  validation {
    condition     = alltrue([for alerter in values(var.pagerduty) : alerter.kms_key_arn == null || can(regex("^arn:[^:]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", alerter.kms_key_arn))])
    error_message = "kms_key_arn must be the ARN of a key, as in arn:aws:kms:us-east-1:111122223333:key/ and the key id. An alias is not accepted."
  }

  validation {
    condition     = alltrue([for name in keys(var.pagerduty) : !endswith(name, "-dlq")])
    error_message = "The names in pagerduty must not end in -dlq: the queue would have the name of another alerter's dead-letter queue."
  }
}

variable "email" {
  description = "Email alerters, by a name of yours. `addresses`: who is written to; `alert_types`: login, activity, tampering, all by default; `minimum_severity`: low, medium, high or critical; `accounts`: only alerts of these accounts, none for all (what names no account comes through)."
  type = map(object({
    addresses        = set(string)
    alert_types      = optional(set(string), ["login", "activity", "tampering"])
    minimum_severity = optional(string, "low")
    accounts         = optional(set(string), [])
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in keys(var.email) : can(regex("^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$", name))])
    error_message = "The names in email must be 1 to 15 lower-case letters, digits or hyphens."
  }

  validation {
    condition     = alltrue([for alerter in values(var.email) : length(alerter.alert_types) > 0 && length(setsubtract(alerter.alert_types, ["login", "activity", "tampering"])) == 0])
    error_message = "alert_types must contain login, activity or tampering, and nothing else."
  }

  validation {
    condition     = alltrue([for alerter in values(var.email) : length(alerter.addresses) > 0 && alltrue([for address in alerter.addresses : can(regex("^[^@\\s]+@[^@\\s]+$", address))])])
    error_message = "addresses must hold at least one address, each of the form name@domain."
  }

  validation {
    condition     = alltrue([for alerter in values(var.email) : contains(["low", "medium", "high", "critical"], alerter.minimum_severity)])
    error_message = "minimum_severity must be low, medium, high or critical."
  }

  validation {
    condition     = alltrue([for alerter in values(var.email) : length(alerter.accounts) <= (alerter.minimum_severity == "medium" ? 23 : 30) && alltrue([for id in alerter.accounts : can(regex("^[0-9]{12}$", id))])])
    error_message = "accounts must be at most 30 account ids of 12 digits, or 23 with minimum_severity medium: SNS allows 150 combinations of values in a filter policy."
  }

  validation {
    condition     = alltrue([for name in keys(var.email) : !endswith(name, "-dlq")])
    error_message = "The names in email must not end in -dlq: the queue would have the name of another alerter's dead-letter queue."
  }
}

variable "health_emails" {
  description = "Set of email addresses that receive the alarms of the monitor, directly from SNS. Give at least one, or a PagerDuty alerter with `health`."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for address in var.health_emails : can(regex("^[^@\\s]+@[^@\\s]+$", address))])
    error_message = "health_emails must be addresses of the form name@domain."
  }
}

variable "account_names" {
  description = "Map of account ids to the names that alerts show next to them."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for id, name in var.account_names : can(regex("^[0-9]{12}$", id)) && length(name) > 0 && length(name) <= 64])
    error_message = "account_names must map account ids of 12 digits to names of 1 to 64 characters."
  }
}

variable "organizations_role_arn" {
  description = "ARN of a role of the management account, which trusts the hub's account, with `organizations:DescribeAccount` for the names of accounts in alerts and `organizations:ListAccounts` for the accounts that must send heartbeats. Names in `account_names` come first. Defaults to no role."
  type        = string
  default     = null

  validation {
    condition     = var.organizations_role_arn == null || can(regex("^arn:[^:]+:iam::[0-9]{12}:role/.+$", var.organizations_role_arn))
    error_message = "organizations_role_arn must be the ARN of a role."
  }
}

variable "runbook_url" {
  description = "Address of a runbook that alerts link to; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.runbook_url == null || can(regex("^https://[!#$%&()*+,./0-9:;=?@A-Z\\[\\]^_a-z{}~-]{1,490}$", var.runbook_url))
    error_message = "runbook_url must begin with https:// and hold neither blanks nor quotes."
  }
}

variable "access_portal_url" {
  description = "URL of the IAM Identity Center access portal through which links into the console lead. Defaults to direct links."
  type        = string
  default     = null

  validation {
    condition     = var.access_portal_url == null || can(regex("^https://[!#$%&()*+,./0-9:;=?@A-Z\\[\\]^_a-z{}~-]{1,490}$", var.access_portal_url))
    error_message = "access_portal_url must begin with https:// and contain neither blanks nor quotes."
  }
}

variable "access_portal_role" {
  description = "Name of the permission set that links through the access portal use. Defaults to a choice in the portal."
  type        = string
  default     = null

  validation {
    condition     = var.access_portal_role == null || can(regex("^[A-Za-z0-9+=,.@_-]{1,32}$", var.access_portal_role))
    error_message = "access_portal_role must be the name of a permission set: 1 to 32 letters, digits or characters of +=,.@_-."
  }
}

variable "severities" {
  description = "Severities of your own, operation to severity, as in { \"s3:ListBuckets\" = \"high\" }; the operation is the service of the event source and the event name. They hold whatever the outcome."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = alltrue([for operation, severity in var.severities : can(regex("^[a-z0-9-]+:[A-Za-z0-9_]+$", operation)) && contains(["low", "medium", "high", "critical"], severity)])
    error_message = "severities must map operations like s3:ListBuckets to low, medium, high or critical."
  }
}

variable "suppressions" {
  description = "Activity alerts that are not sent until a time (RFC 3339), by operation (`s3:ListBuckets`) and, if given, accounts. Each is logged by triage with its reason. Root sign-ins, and what triage cannot read, are never suppressed."
  type = list(object({
    operation = string
    accounts  = optional(set(string), [])
    until     = string
    reason    = string
  }))
  default  = []
  nullable = false

  validation {
    condition = alltrue([for suppression in var.suppressions :
      can(regex("^[a-z0-9-]+:[A-Za-z0-9_]+$", suppression.operation)) && !startswith(suppression.operation, "signin:")
    ])
    error_message = "operation must look like s3:ListBuckets, and sign-ins cannot be suppressed."
  }

  validation {
    condition     = alltrue([for suppression in var.suppressions : can(timeadd(suppression.until, "0s")) && length(suppression.reason) > 0])
    error_message = "until must be a time like 2026-12-31T00:00:00Z, and reason must not be empty."
  }

  validation {
    condition     = alltrue([for suppression in var.suppressions : alltrue([for id in suppression.accounts : can(regex("^[0-9]{12}$", id))])])
    error_message = "The accounts in suppressions must be account ids of 12 digits."
  }
}

variable "hub_log_group" {
  description = "The CloudTrail log group in the hub's account and Region that a log alarm watches, an organization trail's for one; null for no log alarm."
  type = object({
    name = string
  })
  default = null

  validation {
    condition     = var.hub_log_group == null || can(regex("^[A-Za-z0-9._/#-]{1,512}$", var.hub_log_group.name))
    error_message = "hub_log_group.name must be the name of a log group, not its ARN: 1 to 512 letters, digits or characters of ._/#-."
  }
}

variable "spoke_log_group" {
  description = "The CloudTrail log group in the spoke's account and Region (`spoke_region`) that a log alarm watches; null for no log alarm."
  type = object({
    name = string
  })
  default = null

  validation {
    condition     = var.spoke_log_group == null || can(regex("^[A-Za-z0-9._/#-]{1,512}$", var.spoke_log_group.name))
    error_message = "spoke_log_group.name must be the name of a log group, not its ARN: 1 to 512 letters, digits or characters of ._/#-."
  }
}

variable "deploy_role_arns" {
  description = "List of ARNs of the roles or users that deploy the monitor. Their changes of the monitor are no alerts. `*` matches any text, as in arn:aws:iam::*:role/rootwatch-deploy."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.deploy_role_arns : can(regex("^arn:[^:]+:iam::([0-9]{12}|\\*):(role|user)/.+$", arn))])
    error_message = "deploy_role_arns must contain ARNs of roles or users, as in arn:aws:iam::111122223333:role/rootwatch-deploy. The account and parts of the name may be *."
  }
}

variable "report_deployments" {
  description = "Whether changes of the monitor by `deploy_role_arns` are alerts of low severity. Otherwise they are only in the log of triage."
  type        = bool
  default     = false
  nullable    = false
}

variable "heartbeat" {
  description = "Whether each spoke sends a heartbeat each hour, and the hub keeps the last heartbeat of each account and Region, and reports missing ones on the health topic."
  type        = bool
  default     = true
  nullable    = false
}

variable "expected_accounts" {
  description = "List of accounts that must send heartbeats, in addition to those that have sent one, those of `spoke_account_ids` (up to 100) and, with `organizations_role_arn`, every active account of the organization."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.expected_accounts) <= 100 && alltrue([for id in var.expected_accounts : can(regex("^[0-9]{12}$", id))])
    error_message = "expected_accounts must contain at most 100 account ids of 12 digits. Use organizations_role_arn for more."
  }
}

variable "unmonitored_accounts" {
  description = "List of accounts without a spoke, whose heartbeats are not missed."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.unmonitored_accounts) <= 50 && alltrue([for id in var.unmonitored_accounts : can(regex("^[0-9]{12}$", id))])
    error_message = "unmonitored_accounts must contain at most 50 account ids of 12 digits."
  }
}

variable "deduplication" {
  description = "Whether the alerters record sent alerts in a DynamoDB table (on demand, encrypted with the monitor's key). Each alerter then sends the same event once, and further events of an incident in its thread or in one message. Without the table, each message is sent by itself."
  type        = bool
  default     = false
  nullable    = false
}

variable "read_only_events" {
  description = "Whether read-only calls of root are alerted too (rule state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS). Set it alike in the spokes."
  type        = bool
  default     = true
  nullable    = false
}

variable "name_prefix" {
  description = "Start of the names of all resources, the bus aside. Spokes deployed apart must have the same: the bus admits delivery roles by it."
  type        = string
  default     = "rootwatch"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,18}[a-z0-9]$", var.name_prefix))
    error_message = "name_prefix must be 2 to 20 lower-case letters, digits or hyphens, begin with a letter and not end in a hyphen."
  }
}

variable "event_bus_name" {
  description = "Name of the event bus. Another name, with another `name_prefix`, allows a second hub in the same account and Region."
  type        = string
  default     = "hub-root-activity"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]{1,256}$", var.event_bus_name)) && var.event_bus_name != "default" && !startswith(var.event_bus_name, "aws.")
    error_message = "event_bus_name must be 1 to 256 letters, digits or characters of ._-, must not be default and must not begin with aws. (including the dot)."
  }
}

variable "tampering_alerts" {
  description = "Whether changes of the monitor itself, by anyone, are alerts of the type tampering. Changes of IAM roles are recorded in us-east-1 only."
  type        = bool
  default     = true
  nullable    = false
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

variable "log_retention_days" {
  description = "How long the functions' logs are kept, in days."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([0, 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a period that CloudWatch Logs accepts: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days, or 0 for no expiry."
  }
}

variable "kms_deletion_window_days" {
  description = "How many days the key stays recoverable after `destroy`, 7 to 30."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.kms_deletion_window_days >= 7 && var.kms_deletion_window_days <= 30
    error_message = "kms_deletion_window_days must be between 7 and 30."
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
  description = "ARN of the policy that is the permissions boundary of the IAM roles in the hub's account. Defaults to no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[^:]+:iam::(aws|[0-9]{12}):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of a managed policy."
  }
}

variable "spoke_permissions_boundary" {
  description = "ARN of the policy that is the permissions boundary of the IAM roles in the spoke's account. Defaults to no boundary."
  type        = string
  default     = null

  validation {
    condition     = var.spoke_permissions_boundary == null || can(regex("^arn:[^:]+:iam::(aws|[0-9]{12}):policy/.+$", var.spoke_permissions_boundary))
    error_message = "spoke_permissions_boundary must be the ARN of a managed policy."
  }
}

variable "tags" {
  description = "Tags of every resource."
  type        = map(string)
  default     = {}
  nullable    = false
}
