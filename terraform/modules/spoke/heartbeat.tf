# A heartbeat: an event each hour with the role, the bus and the queues of root activity. Its rule carries the version of this
# module, because an event of a schedule contains nothing else that Terraform could set.

locals {
  version = "0.1.0"
}

resource "aws_cloudwatch_event_rule" "heartbeat" {
  count = var.heartbeat ? 1 : 0

  name                = "${var.name_prefix}-heartbeat-${local.version}"
  description         = "Shows the hub each hour that this spoke can deliver."
  schedule_expression = "rate(1 hour)"
  tags                = var.tags
}
