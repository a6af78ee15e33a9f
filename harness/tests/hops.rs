//! Each part of the deployment is broken once, by a Terraform override laid over the modules, and the failure must name
//! the hop that broke. Nothing in the code knows of this: what is seen is what the policies, patterns and mappings do.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

mod support;

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::report::{explain, human_of};
use rootwatch::runner::{Outcome, Status};
use rootwatch::scenario::{DeploymentChange, Loaded};
use serde_json::{Value, json};
use support::Shared;

/// One break.
struct Case {
    /// The part that is broken.
    name: &'static str,
    /// The scenario that must notice.
    scenario: &'static str,
    /// The override file.
    file: &'static str,
    /// What it says.
    content: Value,
    /// Texts that the named hop must contain.
    names: &'static [&'static str],
    /// Texts that `explain` must show, too: the decision or the statement, and what to try first.
    explains: &'static [&'static str],
}

fn statement(statement: Value) -> Value {
    json!(json!({"Version": "2012-10-17", "Statement": [statement]}).to_string())
}

fn cases() -> Vec<Case> {
    let login = "login/console-login-with-mfa";
    vec![
        Case {
            name: "the spoke rule's pattern",
            scenario: login,
            file: "modules/spoke/broken_override.tf.json",
            content: json!({"resource": {"aws_cloudwatch_event_rule": {"root_activity": {
                "event_pattern": json!({"source": ["aws.cloudtrail"]}).to_string()}}}}),
            names: &["rule/rootwatch-root-activity", "not-matched", "source", "aws.signin"],
            explains: &[
                "did not match",
                "What to try first",
                "Let the pattern of arn:aws:events",
                "`source` does not match",
            ],
        },
        Case {
            name: "the spoke rule's read-only state",
            scenario: "activity/read-only-call",
            file: "modules/spoke/broken_override.tf.json",
            content: json!({"resource": {"aws_cloudwatch_event_rule": {"root_activity": {"state": "ENABLED"}}}}),
            names: &["rule/rootwatch-root-activity", "read-only", "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"],
            explains: &["What to try first, for the rule above", "Set the state of arn:aws:events", "ENABLED_WITH_ALL"],
        },
        Case {
            name: "the delivery role's permission",
            scenario: login,
            file: "modules/spoke/broken_override.tf.json",
            content: json!({"resource": {"aws_iam_role_policy": {"delivery": {"policy": statement(json!({
                "Effect": "Allow", "Action": "events:ListRules", "Resource": "*"}))}}}}),
            names: &["target", "denied", "events:PutEvents", "identity-based"],
            explains: &[
                "denied because no identity-based policy allows",
                "statement #1 would allow, but",
                "What to try first, for the target above",
                "in a policy of arn:aws:sts::111122223333:assumed-role/rootwatch-delivery",
            ],
        },
        Case {
            name: "the hub bus policy",
            scenario: login,
            file: "modules/hub/broken_override.tf.json",
            content: json!({"resource": {"aws_cloudwatch_event_bus_policy": {"this": {"policy": statement(json!({
                "Sid": "Other", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents",
                "Resource": "${aws_cloudwatch_event_bus.this.arn}",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-another"}}}))}}}}),
            names: &["event-bus/hub-root-activity", "denied", "events:PutEvents", "aws:PrincipalOrgID"],
            explains: &[
                "denied because no resource-based policy allows",
                "statement Other would allow, but",
                "What to try first, for the target above",
                "in the policy of arn:aws:events:us-east-1:999988887777:event-bus/hub-root-activity: ",
            ],
        },
        Case {
            name: "the queue policies",
            scenario: login,
            file: "modules/function/broken_override.tf.json",
            content: json!({"resource": {"aws_sqs_queue": {"this": {"policy": statement(json!({
                "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage",
                "Resource": "*"}))}}}}),
            names: &["rootwatch-triage", "denied", "sqs:SendMessage", "events.amazonaws.com"],
            explains: &[
                "denied because no resource-based policy allows",
                "What to try first",
                "Allow events.amazonaws.com in the policy of arn:aws:sqs:us-east-1:999988887777:rootwatch-triage: ",
            ],
        },
        Case {
            name: "the event source mapping",
            scenario: login,
            file: "modules/function/broken_override.tf.json",
            content: json!({"resource": {"aws_lambda_event_source_mapping": {"this": {"enabled": false}}}}),
            names: &["event-source-mapping", "rootwatch-triage", "disabled"],
            explains: &["What to try first, for the event source mapping above", "`enabled = true`"],
        },
        Case {
            name: "triage's permission to publish",
            scenario: login,
            file: "modules/hub/broken_override.tf.json",
            content: json!({"data": {"aws_iam_policy_document": {"triage": {"statement": [{
                "actions": ["sns:ListTopics"], "resources": ["*"]}]}}}}),
            names: &["rootwatch-root-login", "denied", "SNS:Publish", "rootwatch-triage"],
            explains: &[
                "denied because no identity-based policy allows",
                "What to try first",
                "in a policy of arn:aws:sts::999988887777:assumed-role/rootwatch-triage",
            ],
        },
        Case {
            name: "the topic subscription",
            scenario: login,
            file: "modules/alerter/broken_override.tf.json",
            content: json!({"resource": {"aws_sns_topic_subscription": {"this": {"for_each": "${{}}"}}}}),
            names: &["rootwatch-root-login", "no subscription"],
            explains: &[
                "What to try first",
                "Subscribe the alerter's queue to arn:aws:sns:us-east-1:999988887777:rootwatch-root-login",
            ],
        },
        Case {
            name: "the key policy",
            scenario: login,
            file: "modules/hub/broken_override.tf.json",
            content: json!({"resource": {"aws_kms_key": {"this": {"policy": statement(json!({
                "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::999988887777:root"}, "Action": "kms:*",
                "Resource": "*"}))}}}}),
            names: &["kms:", "denied", "events.amazonaws.com", "key/"],
            explains: &[
                "denied because no resource-based policy allows",
                "What to try first",
                "in the policy of arn:aws:kms",
            ],
        },
        Case {
            name: "the secret's name",
            scenario: login,
            file: "modules/alerter/broken_override.tf.json",
            content: json!({"module": {"function": {"environment":
                "${merge(var.secret == null ? {} : { SECRET_ARN = \"${var.secret.secret_arn}x\" }, var.email == null ? {} : { EMAIL_TOPIC_ARN = one(aws_sns_topic.email[*].arn) })}"}}}),
            names: &["secretsmanager:GetSecretValue"],
            explains: &["What to try first"],
        },
    ]
}

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let shared = match Shared::new() {
        Ok(shared) => shared,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let forks = Arc::clone(&shared);
    let forks = Trial::test("forks::secrets_stay_in_their_fork", move || secrets_stay_in_their_fork(&forks));
    let trials = cases()
        .into_iter()
        .map(|case| {
            let shared = Arc::clone(&shared);
            Trial::test(format!("broken::{}", case.name.replace(' ', "_")), move || check(&shared, &case))
        })
        .chain([forks])
        .collect();
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn check(shared: &Shared, case: &Case) -> Result<(), Failed> {
    let whole = shared.loaded.iter().find(|loaded| loaded.name == case.scenario);
    let whole = whole.ok_or_else(|| format!("there is no scenario `{}`", case.scenario))?;
    let mut scenario = whole.scenario.clone().map_err(|error| error.to_string())?;
    scenario.deployment = DeploymentChange {
        overlay: BTreeMap::from([(case.file.to_owned(), case.content.clone())]),
        ..Default::default()
    };
    let broken = Loaded { scenario: Ok(scenario), ..whole.clone() };
    // Whole, it passes: else the break would prove nothing.
    let (sound, outcome) = shared.with(async |session| (session.run(whole).await, session.run(&broken).await))?;
    let report = |what: String, outcome| Failed::from(format!("{what}\n{}", human_of("embedded", &outcome)));
    if sound.status != Status::Passed {
        return Err(report("the unbroken deployment does not pass".to_owned(), sound));
    }
    if outcome.status != Status::Failed {
        return Err(report("the break was not noticed".to_owned(), outcome));
    }
    let hop = outcome.broken_hop.clone().unwrap_or_default();
    if let Some(missing) = case.names.iter().find(|name| !hop.contains(**name)) {
        return Err(report(format!("the hop is not named: `{missing}` is not in `{hop}`"), outcome));
    }
    let told = console::strip_ansi_codes(&explain(&outcome, false)).into_owned();
    match case.explains.iter().find(|text| !told.contains(**text)) {
        None => Ok(()),
        Some(missing) => Err(format!("it is not explained: `{missing}` is not in\n{told}").into()),
    }
}

/// Many scenarios at once on forks of one deployment, each of which sets its secrets anew: to a mailbox of its own. What
/// a fork's functions send reaches its own mailbox and no other: the counts come out as if each had run alone.
fn secrets_stay_in_their_fork(shared: &Shared) -> Result<(), Failed> {
    let named = ["login/console-login-with-mfa", "sequences/console-visit", "silent/iam-user-named-root"];
    let scenarios: Vec<&Loaded> =
        named.iter().filter_map(|name| shared.loaded.iter().find(|loaded| loaded.name == *name)).collect();
    if scenarios.len() != named.len() {
        return Err(format!("of {named:?} there are {} scenarios", scenarios.len()).into());
    }
    let (alone, together) = shared.with(async |session| {
        let mut alone = Vec::new();
        for scenario in &scenarios {
            alone.push(session.run(scenario).await);
        }
        let all = scenarios.iter().cycle().take(scenarios.len() * 4);
        (alone, futures_util::future::join_all(all.map(|scenario| session.run(scenario))).await)
    })?;
    let sent = |outcome: &Outcome| {
        let mut to: Vec<String> = outcome.messages.iter().map(|message| message.to.clone()).collect();
        to.sort_unstable();
        (outcome.sinks, to)
    };
    for (outcome, alone) in together.iter().zip(alone.iter().cycle()) {
        if sent(outcome) != sent(alone) {
            let found = (sent(alone), sent(outcome));
            return Err(format!("{}: what it sent alone, and together with others: {found:?}", outcome.name).into());
        }
    }
    Ok(())
}
