//! All mutants of a deployment.

use std::collections::{BTreeMap, BTreeSet};

use rootwatch_cloud::Arn;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::policy::{Attached, short};
use super::source::Hint;
use super::{Change, Mutant, Operator, Resource, Sources, pattern, policy};

/// The mutants of a deployment, and what is not mutated.
#[derive(Clone, Debug, Default)]
pub struct Derived {
    /// In the order of the addresses.
    pub mutants: Vec<Mutant>,
    /// In the order of the types.
    pub excluded: Vec<Excluded>,
}

/// Something that is deployed and not mutated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// Terraform type, or type and argument.
    pub what: String,
    /// Why.
    pub reason: String,
    /// The number of resources.
    pub count: usize,
}

/// In [`ARGUMENTS`], every type with a policy.
const POLICIES: &str = "policies of resources";

/// Arguments that no operator changes, though the resource has others.
const ARGUMENTS: &[(&str, &str, &str)] = &[
    (
        POLICIES,
        "actions and conditions of a statement for the account's own root",
        "within the account the policies of the caller decide, with the statement or without it",
    ),
    ("aws_cloudwatch_event_rule", "description, tags", "descriptive"),
    ("aws_cloudwatch_metric_alarm", "alarm_description, tags", "descriptive"),
    (
        "aws_cloudwatch_metric_alarm",
        "period, statistic, evaluation_periods",
        "tuning of an alarm that its threshold covers",
    ),
    (
        "aws_cloudwatch_event_target",
        "retry_policy of queues, topics and buses",
        "in the embedded cloud their refusals are permanent, so nothing is retried",
    ),
    ("aws_iam_role", "name, description, tags, max_session_duration", "descriptive, or replaces the role"),
    ("aws_kms_key", "rotation, deletion window", "takes effect after months"),
    ("aws_lambda_function", "memory, architecture, code", "the code has tests of its own"),
    ("aws_lambda_event_source_mapping", "batch_size", "tuning: every size delivers"),
    (
        "aws_sns_topic",
        "kms_master_key_id, tags",
        "encryption at rest has no effect on delivery; the key's policy is mutated",
    ),
    (
        "aws_sqs_queue",
        "kms_master_key_id, tags",
        "encryption at rest has no effect on delivery; the key's policy is mutated",
    ),
    (POLICIES, "Resource", "a resource policy can only mean its own resource"),
];

/// Types that no operator changes.
const TYPES: &[(&str, &str)] = &[
    ("aws_cloudwatch_log_group", "retention and tags are descriptive"),
    ("aws_cloudwatch_query_definition", "a saved query, on no path"),
    ("aws_cloudwatch_event_bus", "cannot be removed while it has rules; its policy is mutated"),
    ("aws_kms_alias", "a name that nothing refers to"),
];

/// Derives every mutant of the resources.
pub fn derive(resources: &[Resource], sources: &Sources) -> Derived {
    let mut derived = Derived::default();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for resource in resources {
        *counts.entry(&resource.kind).or_default() += 1;
        let mut found = Found { resource, resources, sources, mutants: &mut derived.mutants };
        found.all();
    }
    derived.mutants = merged(derived.mutants);
    let policies = resources.iter().filter(|resource| resource.text("policy").is_some()).count();
    for (_, argument, reason) in ARGUMENTS.iter().filter(|(of, _, _)| *of == POLICIES) {
        derived.exclude(&format!("{POLICIES}: {argument}"), reason, policies);
    }
    for (kind, count) in &counts {
        for (_, argument, reason) in ARGUMENTS.iter().filter(|(of, _, _)| of == kind) {
            derived.exclude(&format!("{kind}: {argument}"), reason, *count);
        }
        if let Some((_, reason)) = TYPES.iter().find(|(of, _)| of == kind) {
            derived.exclude(kind, reason, *count);
        } else if !derived.mutants.iter().any(|mutant| mutant.kind == *kind)
            && !ARGUMENTS.iter().any(|it| it.0 == *kind)
        {
            derived.exclude(kind, "no operator for this type", *count);
        }
    }
    derived
}

/// Makes one mutant of the same change of several instances of a block. A resource that is missing stays a mutant of its own.
fn merged(mutants: Vec<Mutant>) -> Vec<Mutant> {
    let mut merged: Vec<Mutant> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for mutant in mutants {
        // A pattern may list a value twice.
        if !ids.insert(mutant.id.clone()) {
            continue;
        }
        let key = match (&mutant.change, &mutant.location) {
            (Change::Set(argument, value), Some(location)) => {
                let change = mutant.id.strip_prefix(&mutant.address).unwrap_or(&mutant.id);
                format!("{location} {} {argument} {change} {value}", mutant.kind)
            }
            // Without sources, changes that differ only in account and Region are the same edit.
            (Change::Set(argument, value), None) => {
                let place = Arn::new(mutant.arn.as_str());
                let mut text = format!("{} {argument} {value}", mutant.id);
                for part in [place.account().as_str(), place.region().as_str()].into_iter().filter(|it| !it.is_empty())
                {
                    text = text.replace(part, "*");
                }
                text
            }
            _ => mutant.id.clone(),
        };
        match known.get(&key) {
            Some(first) => merged[*first].also.push(mutant.address),
            None => {
                known.insert(key, merged.len());
                merged.push(mutant);
            }
        }
    }
    merged
}

impl Derived {
    fn exclude(&mut self, what: &str, reason: &str, count: usize) {
        self.excluded.push(Excluded { what: what.to_owned(), reason: reason.to_owned(), count });
    }
}

/// The mutants of one resource.
struct Found<'a> {
    resource: &'a Resource,
    resources: &'a [Resource],
    sources: &'a Sources,
    mutants: &'a mut Vec<Mutant>,
}

/// A mutant before it has a place.
struct New<'a> {
    operator: Operator,
    detail: &'a str,
    before: String,
    after: String,
    hint: Hint<'a>,
    focus: Vec<String>,
    change: Change,
}

impl Found<'_> {
    fn add(&mut self, new: New<'_>) {
        let resource = self.resource;
        let detail = if new.detail.is_empty() { String::new() } else { format!(": {}", new.detail) };
        self.mutants.push(Mutant {
            id: format!("{}: {}{detail}", resource.address, new.operator),
            operator: new.operator,
            address: resource.address.clone(),
            also: Vec::new(),
            kind: resource.kind.clone(),
            arn: resource.arn.clone(),
            argument: match &new.change {
                Change::Set(argument, _) => argument.clone(),
                Change::Remove => String::new(),
            },
            before: new.before,
            after: new.after,
            location: self.sources.locate(resource, &new.hint),
            focus: new.focus,
            change: new.change,
        });
    }

    /// One argument with another value.
    fn set(&mut self, operator: Operator, detail: &str, argument: &str, before: &str, after: &str, value: Value) {
        let hint = Hint { argument, sid: None, literal: detail };
        let (before, after) = (before.to_owned(), after.to_owned());
        let change = Change::Set(argument.to_owned(), value);
        self.add(New { operator, detail, before, after, hint, focus: Vec::new(), change });
    }

    fn remove(&mut self, operator: Operator) {
        let hint = Hint { argument: "", sid: None, literal: "" };
        let before = short(&self.resource.arn).to_owned();
        let (after, focus) = ("nothing".to_owned(), Vec::new());
        self.add(New { operator, detail: "", before, after, hint, focus, change: Change::Remove });
    }

    fn all(&mut self) {
        match self.resource.kind.as_str() {
            "aws_cloudwatch_event_bus_policy"
            | "aws_sns_topic_policy"
            | "aws_sqs_queue_policy"
            | "aws_secretsmanager_secret_policy" => self.policy("policy", Attached::Resource),
            "aws_sqs_queue" => self.queue(),
            "aws_iam_role" => self.policy("assume_role_policy", Attached::Trust),
            "aws_iam_role_policy" => {
                self.remove(Operator::RolePolicyDetached);
                self.policy("policy", Attached::Identity);
            }
            "aws_iam_role_policy_attachment" => self.remove(Operator::RolePolicyDetached),
            "aws_kms_key" => {
                self.set(Operator::KeyDisabled, "", "is_enabled", "enabled", "disabled", false.into());
                self.policy("policy", Attached::Key);
            }
            "aws_cloudwatch_event_rule" => self.rule(),
            "aws_cloudwatch_event_target" => self.target(),
            "aws_sns_topic_subscription" => self.subscription(),
            "aws_lambda_function" => self.function(),
            "aws_lambda_event_source_mapping" => self.mapping(),
            "aws_cloudwatch_metric_alarm" => self.alarm(),
            "aws_cloudwatch_log_metric_filter" => self.metric_filter(),
            "aws_dynamodb_table" => self.remove(Operator::TableRemoved),
            _ => {}
        }
    }

    fn policy(&mut self, argument: &str, attached: Attached) {
        let document = self.resource.text(argument).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let Some(document) = document else { return };
        for changed in policy::mutants(&document, attached, &self.resource.account) {
            let text = match &changed.document {
                Some(document) => document.to_string(),
                // A trust, topic or key policy cannot be empty: nobody is left in it.
                None if attached == Attached::Trust || needs_policy(&self.resource.kind) => {
                    let Some(nobody) = denied(&document) else { continue };
                    nobody
                }
                None => String::new(),
            };
            let hint = Hint { argument, sid: changed.sid.as_deref(), literal: &changed.literal };
            // The resources that the change names, else those of its statement.
            let focus = match changed.operator {
                Operator::ActionRemoved => vec![changed.before.rsplit(':').next().unwrap_or_default().to_owned()],
                _ if changed.before.starts_with("arn:") => vec![changed.before.clone()],
                _ => policy::arns(&changed.statement).into_iter().filter(|arn| *arn != self.resource.arn).collect(),
            };
            self.add(New {
                operator: changed.operator,
                detail: &changed.detail,
                before: changed.before,
                after: changed.after,
                hint,
                focus,
                change: Change::Set(argument.to_owned(), text.into()),
            });
        }
    }

    fn patterns(&mut self, argument: &str, rename: impl Fn(Operator) -> Operator) {
        let document = self.resource.text(argument).and_then(|text| serde_json::from_str::<Value>(text).ok());
        let Some(document) = document else { return };
        for changed in pattern::mutants(&document) {
            let hint = Hint { argument, sid: None, literal: &changed.literal };
            let focus = policy::arns(&serde_json::from_str(&changed.before).unwrap_or_default());
            self.add(New {
                operator: rename(changed.operator),
                detail: &changed.detail,
                before: changed.before,
                after: changed.after,
                hint,
                focus,
                change: Change::Set(argument.to_owned(), changed.pattern.to_string().into()),
            });
        }
    }

    fn rule(&mut self) {
        let state = self.resource.text("state").unwrap_or("ENABLED").to_owned();
        self.set(Operator::RuleDisabled, "", "state", &state, "DISABLED", "DISABLED".into());
        if state == "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS" {
            self.set(Operator::RuleStateChanged, "", "state", &state, "ENABLED", "ENABLED".into());
        }
        self.patterns("event_pattern", |operator| operator);
    }

    fn target(&mut self) {
        self.remove(Operator::TargetRemoved);
        let arn = self.resource.text("arn").unwrap_or_default().to_owned();
        if let Some(other) = self.another_of(&arn) {
            self.set(Operator::TargetRedirected, "", "arn", short(&arn), short(&other), other.as_str().into());
        }
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        if let [_, _, "events", region, _, _] = parts.as_slice() {
            let elsewhere = if *region == "eu-central-1" { "eu-west-1" } else { "eu-central-1" };
            let value = arn.replacen(&format!(":{region}:"), &format!(":{elsewhere}:"), 1);
            self.set(Operator::OtherRegion, "", "arn", region, elsewhere, value.into());
        }
        if self.resource.text("role_arn").is_some() {
            self.set(Operator::TargetRoleRemoved, "", "role_arn", "the role", "no role", Value::Null);
        }
        if self.resource.block("dead_letter_config").is_some() {
            let before = "the dead-letter queue";
            self.set(Operator::DeadLetterQueueRemoved, "", "dead_letter_config", before, "none", json!([]));
        }
        if parts.get(2) == Some(&"lambda") {
            let once = json!([{"maximum_event_age_in_seconds": 60, "maximum_retry_attempts": 0}]);
            self.set(Operator::RetriesRemoved, "", "retry_policy", "retries for a day", "one attempt", once);
        }
        if let Some(transformer) = self.resource.block("input_transformer").cloned() {
            self.set(
                Operator::InputTransformerRemoved,
                "",
                "input_transformer",
                "the transformer",
                "the event as it is",
                json!([]),
            );
            let paths = transformer.get("input_paths").and_then(Value::as_object).cloned().unwrap_or_default();
            for (variable, path) in &paths {
                let mut changed = transformer.clone();
                changed["input_paths"][variable] = "$.altered".into();
                let path = path.as_str().unwrap_or_default();
                let value = Value::Array(vec![changed.into()]);
                self.set(Operator::InputPathAltered, variable, "input_transformer", path, "$.altered", value);
            }
        }
    }

    /// Another deployed resource that could stand in the place of this one.
    fn another_of(&self, arn: &str) -> Option<String> {
        let same = |other: &str| {
            let (one, other): (Vec<&str>, Vec<&str>) = (arn.splitn(6, ':').collect(), other.splitn(6, ':').collect());
            one.len() == 6 && other.len() == 6 && one[..5] == other[..5]
        };
        let kinds = ["aws_sqs_queue", "aws_sns_topic", "aws_lambda_function"];
        let others = self.resources.iter().filter(|other| kinds.contains(&other.kind.as_str()));
        others.map(|other| other.arn.as_str()).find(|other| *other != arn && same(other)).map(str::to_owned)
    }

    fn queue(&mut self) {
        self.policy("policy", Attached::Resource);
        let redrive = self.resource.text("redrive_policy").and_then(|text| serde_json::from_str::<Value>(text).ok());
        if let Some(redrive) = redrive {
            let before = "the dead-letter queue";
            self.set(Operator::RedriveRemoved, "", "redrive_policy", before, "none", "".into());
            let before = redrive["maxReceiveCount"].to_string();
            let mut once = redrive;
            once["maxReceiveCount"] = 1.into();
            self.set(Operator::ReceiveLimitLowered, "", "redrive_policy", &before, "1", once.to_string().into());
        }
        let seconds =
            |name: &str| self.resource.attributes.get(name).map_or_else(String::new, |value| format!("{value} s"));
        let (retention, visibility) = (seconds("message_retention_seconds"), seconds("visibility_timeout_seconds"));
        self.set(Operator::RetentionShortened, "", "message_retention_seconds", &retention, "60 s", 60.into());
        // Of a queue that nobody reads, it means nothing.
        let read = |other: &Resource| other.text("event_source_arn") == Some(&self.resource.arn);
        if self.resources.iter().any(read) {
            self.set(Operator::VisibilityShortened, "", "visibility_timeout_seconds", &visibility, "0 s", 0.into());
        }
    }

    fn subscription(&mut self) {
        self.remove(Operator::SubscriptionRemoved);
        if self.resource.text("filter_policy").is_some() {
            let before = "the filter policy";
            self.set(Operator::FilterPolicyRemoved, "", "filter_policy", before, "none", "".into());
            self.patterns("filter_policy", |_| Operator::FilterPolicyAltered);
        }
        if self.resource.text("protocol") == Some("sqs") {
            let raw = self.resource.attributes.get("raw_message_delivery") == Some(&Value::Bool(true));
            let name = |raw: bool| if raw { "raw" } else { "wrapped" };
            let argument = "raw_message_delivery";
            self.set(Operator::RawDeliveryChanged, "", argument, name(raw), name(!raw), (!raw).into());
        }
        if self.resource.text("redrive_policy").is_some() {
            let before = "the dead-letter queue";
            self.set(Operator::SubscriptionRedriveRemoved, "", "redrive_policy", before, "none", "".into());
        }
    }

    fn function(&mut self) {
        let argument = "reserved_concurrent_executions";
        self.set(Operator::ConcurrencyZero, "", argument, "unreserved", "0", 0.into());
        let timeout = self.resource.attributes.get("timeout").map_or_else(String::new, |value| format!("{value} s"));
        self.set(Operator::TimeoutShortened, "", "timeout", &timeout, "1 s", 1.into());
        let variables =
            self.resource.block("environment").and_then(|block| block.get("variables")?.as_object().cloned());
        let variables = variables.unwrap_or_default();
        for (name, value) in &variables {
            let value = value.as_str().unwrap_or_default();
            let with = |variables: Map<String, Value>| json!([{"variables": variables}]);
            let mut without = variables.clone();
            without.shift_remove(name);
            self.set(Operator::VariableRemoved, name, "environment", short(value), "unset", with(without));
            let mut altered = variables.clone();
            let other = format!("{value}-altered");
            altered.insert(name.clone(), other.as_str().into());
            self.set(Operator::VariableAltered, name, "environment", short(value), short(&other), with(altered));
        }
    }

    fn mapping(&mut self) {
        self.set(Operator::MappingDisabled, "", "enabled", "enabled", "disabled", false.into());
        let types = self.resource.attributes.get("function_response_types").and_then(Value::as_array);
        if types.is_some_and(|types| !types.is_empty()) {
            let argument = "function_response_types";
            self.set(Operator::PartialResponsesRemoved, "", argument, "ReportBatchItemFailures", "none", json!([]));
        }
    }

    fn alarm(&mut self) {
        self.remove(Operator::AlarmRemoved);
        let metric = self.resource.text("metric_name").unwrap_or_default().to_owned();
        let other = format!("{metric}Altered");
        self.set(Operator::AlarmMetricChanged, "", "metric_name", &metric, &other, other.as_str().into());
        let dimensions = self.resource.attributes.get("dimensions").and_then(Value::as_object).cloned();
        let dimensions = dimensions.unwrap_or_default();
        for (name, value) in &dimensions {
            let value = value.as_str().unwrap_or_default();
            let other = format!("{value}-altered");
            let mut changed = dimensions.clone();
            changed.insert(name.clone(), other.as_str().into());
            self.set(Operator::AlarmDimensionChanged, name, "dimensions", value, &other, changed.into());
        }
        let threshold = self.resource.attributes.get("threshold").map_or_else(String::new, Value::to_string);
        self.set(Operator::AlarmThresholdRaised, "", "threshold", &threshold, "1000000000", 1_000_000_000.into());
        let missing = self.resource.text("treat_missing_data").unwrap_or("missing").to_owned();
        if missing != "breaching" {
            let argument = "treat_missing_data";
            self.set(Operator::AlarmMissingDataChanged, "", argument, &missing, "breaching", "breaching".into());
        }
        for (argument, operator) in
            [("alarm_actions", Operator::AlarmActionRemoved), ("ok_actions", Operator::OkActionRemoved)]
        {
            let actions = self.resource.attributes.get(argument).and_then(Value::as_array).cloned().unwrap_or_default();
            for action in &actions {
                let left: Vec<&Value> = actions.iter().filter(|other| *other != action).collect();
                let name = short(action.as_str().unwrap_or_default());
                self.set(operator, "", argument, name, "nobody", json!(left));
            }
        }
    }

    fn metric_filter(&mut self) {
        self.remove(Operator::MetricFilterRemoved);
        let pattern = self.resource.text("pattern").unwrap_or_default().to_owned();
        // The first text in quotes is what it looks for.
        if let Some((start, rest)) = pattern.split_once('"') {
            let other = format!("{start}\"altered-{rest}");
            let operator = Operator::MetricFilterPatternAltered;
            self.set(operator, "", "pattern", &pattern, &other, other.as_str().into());
        }
        if let Some(transformation) = self.resource.block("metric_transformation").cloned() {
            let name = transformation.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let other = format!("{name}-altered");
            let mut changed = transformation;
            changed.insert("name".to_owned(), other.as_str().into());
            let operator = Operator::MetricFilterMetricChanged;
            let value = Value::Array(vec![changed.into()]);
            self.set(operator, "", "metric_transformation", &name, &other, value);
        }
    }
}

/// Returns true if AWS keeps a default policy where the user sets none.
fn needs_policy(kind: &str) -> bool {
    matches!(kind, "aws_sns_topic_policy" | "aws_kms_key")
}

/// The document with its only statement turned into a denial.
fn denied(document: &Value) -> Option<String> {
    let mut statements = policy::list(&document["Statement"]);
    let only = statements.first_mut()?;
    only["Effect"] = "Deny".into();
    let mut document = document.clone();
    document["Statement"] = Value::Array(statements);
    Some(document.to_string())
}
