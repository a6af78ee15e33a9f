# What alarms of other Regions and accounts say of the way to the hub: to the health topic, past all functions.
# The hub's own alarms act on that topic themselves.

locals {
  alarm_event = {
    source      = ["aws.cloudwatch"]
    detail-type = ["CloudWatch Alarm State Change"]
  }
}

resource "aws_cloudwatch_event_rule" "spoke_alarms" {
  name           = "${var.name_prefix}-spoke-alarms"
  description    = "Alarms of the spokes that watch the way to the hub, to the health topic."
  event_bus_name = aws_cloudwatch_event_bus.this.name
  tags           = var.tags

  # A log alarm counts a metric of the spoke's own: log_alarm.tf.
  event_pattern = jsonencode(merge(local.alarm_event, {
    detail = {
      alarmName     = [{ prefix = "${var.name_prefix}-" }]
      configuration = { metrics = { metricStat = { metric = { namespace = [{ prefix = "AWS/" }] } } } }
    }
  }))
}

resource "aws_cloudwatch_event_target" "spoke_alarms" {
  rule           = aws_cloudwatch_event_rule.spoke_alarms.name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  target_id      = "health"
  arn            = local.topic_arns.health

  input_transformer {
    input_paths = {
      account     = "$.account"
      region      = "$.region"
      arn         = "$.resources[0]"
      alarm       = "$.detail.alarmName"
      state       = "$.detail.state.value"
      changed     = "$.detail.state.timestamp"
      reason      = "$.detail.state.reason"
      previous    = "$.detail.previousState.value"
      description = "$.detail.configuration.description"
      metric      = "$.detail.configuration.metrics[0].metricStat.metric.name"
      namespace   = "$.detail.configuration.metrics[0].metricStat.metric.namespace"
    }

    # The words of an alarm's own action, so that a subscriber reads one message only. `Region` is the code, there a name.
    # Not by jsonencode, which writes `<` as \u003c.
    input_template = chomp(<<-TEMPLATE
      {
        "AlarmName": <alarm>,
        "AlarmDescription": <description>,
        "AWSAccountId": <account>,
        "NewStateValue": <state>,
        "NewStateReason": <reason>,
        "StateChangeTime": <changed>,
        "Region": <region>,
        "AlarmArn": <arn>,
        "OldStateValue": <previous>,
        "Trigger": {"MetricName": <metric>, "Namespace": <namespace>}
      }
    TEMPLATE
    )
  }

  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.alarms_dead_letter.arn
  }

  # The first event may come before the topic would take it, and a denial is not retried.
  depends_on = [aws_sns_topic_policy.this]
}
