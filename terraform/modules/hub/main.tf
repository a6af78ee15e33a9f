# The hub: one bus that every spoke delivers to, triage, three topics and the alerters.
#
#   bus.tf        the bus and whom it admits
#   key.tf        the key of all queues and topics
#   topics.tf     login, activity, health
#   triage.tf     CloudTrail records: rule → queue → triage → topics
#   log_alarm.tf  log alarms: rule → activity topic, past triage
#   health.tf     alarms of the spokes: rule → health topic, past all functions
#   dead_letter.tf  what the topics did not take of both
#   alerters.tf   topics → Slack, PagerDuty, email
#   deduplication.tf  the alerts that were sent
#   alarms.tf     failures of the way itself → health topic

locals {
  # Region, account and partition come from an ARN of one's own: the data sources
  # for them changed between the provider's majors.
  bus_arn    = split(":", aws_cloudwatch_event_bus.this.arn)
  partition  = local.bus_arn[1]
  region     = local.bus_arn[3]
  account_id = local.bus_arn[4]

  account_root_arn = "arn:${local.partition}:iam::${local.account_id}:root"
}
