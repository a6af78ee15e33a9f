//! Which scenarios can notice a mutant: those whose trace names its resource.

use std::collections::BTreeSet;

use rootwatch_cloud::trace::{Entry, Outcome};

use super::Resource;

/// The uses of resources by a scenario on the unmutated deployment.
#[derive(Clone, Debug, Default)]
pub(super) struct Touched {
    /// One text for each kind of entry of its trace: what was used, by whom, how it ended. Numbers and ids are left out.
    uses: BTreeSet<String>,
    entries: usize,
}

impl Touched {
    pub(super) fn by(entries: &[Entry]) -> Self {
        let mut uses = BTreeSet::new();
        for entry in entries {
            let principal = entry.principal.as_deref().unwrap_or_default();
            let statement =
                entry.decision.as_ref().and_then(|decision| decision.statement.as_deref()).unwrap_or_default();
            // Of a pattern that did not match, the field; its value says more about the event than about the resource.
            let detail = match entry.outcome {
                Outcome::NotMatched => entry.detail.split('`').nth(1).unwrap_or_default().to_owned(),
                _ => without_numbers(&entry.detail),
            };
            let (hop, outcome, resource) = (entry.hop, entry.outcome, &entry.resource);
            uses.insert(format!("{hop:?} {outcome:?} {resource} {principal} {statement} {detail}"));
        }
        Self { uses, entries: entries.len() }
    }

    /// The cost of the scenario: the length of its trace, which is the same in every run.
    pub(super) fn cost(&self) -> usize {
        self.entries
    }

    /// The uses of resources of these names.
    pub(super) fn of<'a>(&'a self, names: &'a [String]) -> impl Iterator<Item = &'a str> {
        let named = |text: &&String| names.iter().any(|name| text.contains(name.as_str()));
        self.uses.iter().filter(named).map(String::as_str)
    }
}

/// A text without what differs between two runs of the same: numbers and ids. ARNs stay.
fn without_numbers(text: &str) -> String {
    let word = |word: &str| match word.contains("arn:") {
        true => word.to_owned(),
        false => {
            let kept = word.chars().map(|c| if c.is_ascii_digit() { '#' } else { c });
            // An id of hexadecimal digits.
            let id = word.len() >= 8 && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
            if id { "#".to_owned() } else { kept.collect::<String>().replace("##", "#").replace("##", "#") }
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// The names by which a trace shows that a resource was used.
pub(super) fn names_of(resource: &Resource, resources: &[Resource]) -> Vec<String> {
    let mut names = vec![resource.arn.clone()];
    match resource.kind.as_str() {
        "aws_iam_role" | "aws_iam_role_policy" | "aws_iam_role_policy_attachment" => {
            let name = resource.arn.rsplit('/').next().unwrap_or_default();
            let role = format!("role/{name}");
            names.extend([role.clone(), format!("role {name}")]);
            for other in resources {
                let uses = |argument: &str| other.text(argument).is_some_and(|arn| arn.ends_with(&role));
                if uses("role") || uses("role_arn") {
                    names.push(other.arn.clone());
                    // A function's retries are those of its queue.
                    let mappings =
                        resources.iter().filter(|mapping| mapping.text("function_arn") == Some(other.arn.as_str()));
                    names.extend(mappings.filter_map(|mapping| mapping.text("event_source_arn")).map(str::to_owned));
                }
            }
        }
        "aws_kms_key" => {
            let id = resource.text("key_id").unwrap_or(&resource.arn);
            let uses = |other: &&Resource| other.text("kms_master_key_id").is_some_and(|key| key.contains(id));
            names.extend(resources.iter().filter(uses).map(|other| other.arn.clone()));
        }
        "aws_cloudwatch_event_target" => {
            names.extend(["arn", "role_arn"].iter().filter_map(|name| resource.text(name)).map(str::to_owned));
            let queue = resource.block("dead_letter_config").and_then(|block| block.get("arn")?.as_str());
            names.extend(queue.map(str::to_owned));
        }
        "aws_dynamodb_table" => {
            let name = resource.text("name").unwrap_or("none");
            let uses =
                |other: &&Resource| other.attributes.get("environment").is_some_and(|it| it.to_string().contains(name));
            names.extend(resources.iter().filter(uses).map(|other| other.arn.clone()));
        }
        "aws_lambda_function" => {
            // The calls with its role, and the resources that its environment names.
            let role = resource.text("role").and_then(|arn| arn.rsplit('/').next()).unwrap_or("none");
            names.push(format!("assumed-role/{role}/"));
            let environment = resource.attributes.get("environment").map(ToString::to_string).unwrap_or_default();
            let named = |other: &&Resource| {
                ["arn", "url"].iter().any(|name| other.text(name).is_some_and(|text| environment.contains(text)))
            };
            names.extend(resources.iter().filter(named).map(|other| other.arn.clone()));
        }
        "aws_lambda_event_source_mapping" => {
            names.extend(
                ["event_source_arn", "function_arn"].iter().filter_map(|name| resource.text(name)).map(str::to_owned),
            );
        }
        "aws_sns_topic_subscription" => {
            names.extend(resource.text("topic_arn").map(str::to_owned));
        }
        "aws_cloudwatch_log_metric_filter" => {
            // A function's log is written when the function runs.
            let group = resource.text("log_group_name").unwrap_or_default();
            if let Some(function) = group.strip_prefix("/aws/lambda/") {
                names.push(format!("function:{function}"));
            }
        }
        "aws_sqs_queue" => {
            // Its own dead-letter queue's: what is moved there names only that.
            let redrive =
                resource.text("redrive_policy").and_then(|text| serde_json::from_str::<serde_json::Value>(text).ok());
            names.extend(redrive.and_then(|it| it["deadLetterTargetArn"].as_str().map(str::to_owned)));
        }
        _ => {}
    }
    // The alarms on a function or on what its log counts: how it is retried shows only there.
    let watched: Vec<&str> = match resource.kind.as_str() {
        "aws_cloudwatch_log_metric_filter" => {
            let metric = resource.block("metric_transformation").and_then(|block| block.get("name")?.as_str());
            metric.into_iter().collect()
        }
        "aws_lambda_function" => resource.text("function_name").into_iter().collect(),
        "aws_iam_role_policy" => {
            let functions =
                resources.iter().filter(|other| other.text("role").is_some_and(|role| role == resource.arn));
            functions.filter_map(|function| function.text("function_name")).collect()
        }
        _ => Vec::new(),
    };
    let watches = |alarm: &&Resource| {
        let metric = alarm.text("metric_name").unwrap_or_default();
        alarm.kind == "aws_cloudwatch_metric_alarm" && watched.iter().any(|name| metric.contains(name))
    };
    names.extend(resources.iter().filter(watches).map(|alarm| alarm.arn.clone()));
    names
}
