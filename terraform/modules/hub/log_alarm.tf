# Log alarms go from the rule to the topic without a function: what silences triage does not silence them.
# A transformer makes the alert message; it cannot branch, so each direction has a rule.

locals {
  # Alarms on metrics of AWS's own are about the monitor's health: health.tf.
  of_a_log_group = { metrics = { metricStat = { metric = { namespace = [{ anything-but = { prefix = "AWS/" } }] } } } }

  log_alarm_rules = {
    raised = {
      description = "Log alarms that went to ALARM, to the activity topic."
      detail = {
        alarmName     = [{ prefix = "${var.name_prefix}-" }]
        state         = { value = ["ALARM"] }
        configuration = local.of_a_log_group
      }
      severity = "high"
      title    = "Root activity in the CloudTrail log: alarm <alarm>"
      summary  = "The alarm <alarm> of account <account>, <region>, counted root activity in the CloudTrail log group that it watches."
      step     = "Run the query in Logs Insights of this account and Region over the time of the alarm: it shows who acted and from where."
      note     = "A metric cannot tell who acted, from where, or in which account of the trail: run the query in Logs Insights. While the alarm stays in ALARM, further activity changes nothing here."
    }
    over = {
      description = "Log alarms that left ALARM, to the activity topic."
      detail = {
        alarmName     = [{ prefix = "${var.name_prefix}-" }]
        state         = { value = [{ anything-but = "ALARM" }] }
        previousState = { value = ["ALARM"] }
        configuration = local.of_a_log_group
      }
      severity = "low"
      title    = "No further root activity in the CloudTrail log: alarm <alarm> is <state>"
      summary  = "The alarm <alarm> of account <account>, <region>, left ALARM. What it was raised for still wants looking at."
      step     = "Run the query in Logs Insights over the time before: the root activity that raised the alarm still has to be looked at."
      note     = "This says only that the last five minutes were quiet. The query finds what was counted before."
    }
  }
}

resource "aws_cloudwatch_event_rule" "log_alarm" {
  for_each = local.log_alarm_rules

  name           = "${var.name_prefix}-log-alarm-${each.key}"
  description    = each.value.description
  event_bus_name = aws_cloudwatch_event_bus.this.name
  event_pattern  = jsonencode(merge(local.alarm_event, { detail = each.value.detail }))
  tags           = var.tags
}

resource "aws_cloudwatch_event_target" "log_alarm" {
  for_each = local.log_alarm_rules

  rule           = aws_cloudwatch_event_rule.log_alarm[each.key].name
  event_bus_name = aws_cloudwatch_event_bus.this.name
  target_id      = "root-activity"
  arn            = local.topic_arns.activity

  input_transformer {
    input_paths = {
      account = "$.account"
      region  = "$.region"
      time    = "$.time"
      arn     = "$.resources[0]"
      alarm   = "$.detail.alarmName"
      state   = "$.detail.state.value"
      changed = "$.detail.state.timestamp"
      reason  = "$.detail.state.reason"
      query   = "$.detail.configuration.description"
    }

    # The alert message, version 1. A variable without quotes becomes JSON, so what may hold quotes and
    # line breaks stands so; within quotes it is inserted as it is, so only names that AWS restricts do.
    # Not by jsonencode, which writes `<` as \u003c.
    input_template = chomp(<<-TEMPLATE
      {
        "version": "1",
        "alert_type": "activity",
        "origin": "log-alarm",
        "severity": "${each.value.severity}",
        "title": "${each.value.title}",
        "summary": "${each.value.summary}",
        "account": <account>,
        "region": <region>,
        "event_name": <alarm>,
        "event_source": "cloudwatch.amazonaws.com",
        "event_time": <time>,
        "outcome": "unknown",
        "deduplication_key": "<arn>@<changed>",
        "incident_key": <arn>,
        "alarm_state": <state>,
        "query": <query>,
        "first_step": "${each.value.step}",
        "notes": ["${each.value.note}", <reason>],
        "event": <aws.events.event.json>
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
