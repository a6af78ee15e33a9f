//! The impact of a missed mutant, and the skeleton of a scenario that would catch it.

use serde_json::{Value, json};

use super::policy::short;
use super::{Mutant, Operator};

/// Says in one sentence how an attacker or an outage can use the mutant if no test notices it.
pub(super) fn impact(mutant: &Mutant) -> String {
    let resource = short(&mutant.arn);
    let Mutant { before, .. } = mutant;
    match mutant.operator {
        Operator::StatementRemoved
        | Operator::ActionRemoved
        | Operator::PrincipalRemoved
        | Operator::EffectFlipped
        | Operator::ResourceNarrowed
        | Operator::ConditionNarrowed
        | Operator::RolePolicyDetached => {
            format!(
                "A deployment without this permission of {resource} loses deliveries, or nobody needs the permission."
            )
        }
        Operator::ActionWidened => format!("Whoever may {before} on {resource} may do anything else there as well."),
        Operator::PrincipalWidened => {
            format!("Anyone, in any account, may do on {resource} what was meant for {before}.")
        }
        Operator::ResourceWidened => {
            format!("An attacker who runs code as {resource} reaches other resources than {}.", short(before))
        }
        Operator::ConditionRemoved => {
            format!("A caller that does not meet `{before}` can use {resource}.")
        }
        Operator::OtherOrganization => format!("Another organization is admitted to {resource} instead of one's own."),
        Operator::AccountMissing => format!("Account {before} is shut out of {resource}, and its root goes unwatched."),
        Operator::OtherRegion => "Events go to a Region where nobody listens.".to_owned(),
        Operator::RuleDisabled | Operator::PatternValueRemoved | Operator::PatternValueAltered => {
            format!("Root activity that only {resource} forwards raises no alert.")
        }
        Operator::RuleStateChanged => "Read-only calls of root, such as reconnaissance, raise no alert.".to_owned(),
        Operator::PatternFieldRemoved => {
            format!("Events that nobody asked for pass {resource}: false alerts and cost.")
        }
        Operator::TargetRemoved | Operator::TargetRedirected | Operator::TargetRoleRemoved => {
            format!("What {resource} matches is delivered nowhere, or to the wrong place.")
        }
        Operator::DeadLetterQueueRemoved | Operator::SubscriptionRedriveRemoved | Operator::RedriveRemoved => {
            format!("What {resource} cannot deliver during an outage is lost for good.")
        }
        Operator::RetriesRemoved => format!("A throttled or unavailable target costs {resource} the event."),
        Operator::InputPathAltered | Operator::InputTransformerRemoved => {
            format!("Messages of {resource} lack a field that their reader needs.")
        }
        Operator::SubscriptionRemoved => format!("A subscriber of {resource} receives nothing."),
        Operator::FilterPolicyRemoved => format!("A subscriber of {resource} receives what it did not ask for."),
        Operator::FilterPolicyAltered => format!("A subscriber of {resource} misses messages that it asked for."),
        Operator::RawDeliveryChanged => {
            format!("Messages of {resource} arrive in a form that the subscriber cannot read.")
        }
        Operator::ReceiveLimitLowered => format!("One failed attempt dead-letters a message of {resource}."),
        Operator::RetentionShortened => {
            format!("Messages in {resource} expire before anyone can read or redrive them.")
        }
        Operator::VisibilityShortened => format!("A message of {resource} is processed several times at once."),
        Operator::MappingDisabled | Operator::ConcurrencyZero => {
            format!("{resource} does not run, and alerts wait until they expire.")
        }
        Operator::PartialResponsesRemoved => {
            format!("One failing message makes {resource} process its whole batch again, or lose it.")
        }
        Operator::TimeoutShortened => format!("{resource} is cut off while a slow sink answers."),
        Operator::VariableRemoved | Operator::VariableAltered => {
            format!("{resource} works without the setting {before}.")
        }
        Operator::AlarmRemoved
        | Operator::AlarmMetricChanged
        | Operator::AlarmDimensionChanged
        | Operator::AlarmThresholdRaised
        | Operator::AlarmActionRemoved => format!("The failure that {resource} watches goes unnoticed."),
        Operator::AlarmMissingDataChanged => format!("{resource} is raised all the time, and nobody believes it."),
        Operator::OkActionRemoved => format!("The incident that {resource} opened is never closed."),
        Operator::MetricFilterRemoved | Operator::MetricFilterPatternAltered | Operator::MetricFilterMetricChanged => {
            format!("What {resource} logs is not counted, and its alarm stays silent.")
        }
        Operator::KeyDisabled => "Nothing that is encrypted with the key can be delivered or read.".to_owned(),
        Operator::TableRemoved => format!("{resource} does not answer, and alerts repeat."),
    }
}

/// The start of a scenario: an event that reaches the resource, and what must come of it.
pub(super) fn skeleton(mutant: &Mutant) -> Value {
    let expect = match mutant.operator.group() {
        "alarm" | "metric filter" => {
            json!({"login": 1, "health": 1, "mentions": [{"text": short(&mutant.arn), "to": "health"}]})
        }
        "queue" | "storage" => {
            json!({"login": 1, "dead_letters": 1, "after_redrive": {"slack": 1, "pagerduty": 1, "email": 1}})
        }
        _ => json!({"login": 1}),
    };
    json!({
        "$schema": "../schema.json",
        "title": format!("Catches {}", mutant.id),
        "why": impact(mutant),
        "source": "https://docs.aws.amazon.com/",
        "records": ["<a CloudTrail record whose path includes the resource; `rootwatch explain` shows the path>"],
        "expect": expect,
    })
}
