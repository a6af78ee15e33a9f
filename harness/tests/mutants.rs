//! Mutants of the deployed monitor, each operator at least once: a few scenarios and the generated attacks catch what they are
//! meant to catch, and nothing is reported as caught where nothing looks.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

mod support;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::layout::Layout;
use rootwatch::mutants::{Declarations, Operator, Report, Selection, Sources, Tested, Verdict, list, run};
use rootwatch::report::mutants as report;
use rootwatch::scenario::{DeploymentChange, Loaded};
use support::Shared;

/// A mutant by a part of its id, and what must notice it: `scenario` or `attack`.
const CAUGHT: &[(&str, &str)] = &[
    ("aws_cloudwatch_event_rule.root_activity: rule-disabled", "scenario"),
    ("aws_cloudwatch_event_rule.root_activity: rule-state-changed", "scenario"),
    ("aws_cloudwatch_event_rule.root_activity: pattern-value-removed: detail.$or[0]", "scenario"),
    ("aws_cloudwatch_event_rule.root_activity: pattern-field-removed: detail", "scenario"),
    ("aws_cloudwatch_event_rule.root_activity: pattern-value-altered: source", "scenario"),
    ("aws_cloudwatch_event_target.triage: target-removed", "scenario"),
    ("aws_cloudwatch_event_target.triage: target-redirected", "scenario"),
    ("aws_cloudwatch_event_target.triage: dead-letter-queue-removed", "scenario"),
    ("aws_cloudwatch_event_target.spoke_alarms: input-path-altered: alarm", "scenario"),
    ("aws_cloudwatch_event_target.spoke_alarms: input-transformer-removed", "scenario"),
    ("aws_cloudwatch_event_bus_policy.this: other-organization: DeliverOrganization", "scenario"),
    ("aws_cloudwatch_event_bus_policy.this: statement-removed: DeliverOrganization", "scenario"),
    (
        "aws_cloudwatch_event_bus_policy.this: condition-removed: DeliverOrganization StringEquals aws:PrincipalOrgID",
        "attack",
    ),
    (
        "aws_cloudwatch_event_bus_policy.this: condition-narrowed: DeliverOrganization StringLikeIfExists events:source",
        "scenario",
    ),
    ("module.triage.aws_iam_role_policy.this: role-policy-detached", "scenario"),
    ("module.triage.aws_iam_role_policy.this: action-removed: ReadOwnQueue sqs:ReceiveMessage", "scenario"),
    ("module.triage.aws_iam_role_policy.this: action-widened: PublishAlerts", "attack"),
    ("module.triage.aws_iam_role_policy.this: resource-widened: PublishAlerts rootwatch-root-login", "attack"),
    ("module.triage.aws_iam_role_policy.this: resource-narrowed: PublishAlerts rootwatch-root-login", "scenario"),
    ("module.triage.aws_sqs_queue.this: principal-widened: DeliverFromSource", "attack"),
    ("module.triage.aws_sqs_queue.this: condition-removed: DeliverFromSource ArnEquals aws:SourceArn", "attack"),
    ("aws_kms_key.this: effect-flipped: EventBridgeToTopicsAndQueues", "scenario"),
    ("aws_kms_key.this: key-disabled", "scenario"),
    ("aws_iam_role.delivery: account-missing", "scenario"),
    ("aws_sns_topic_subscription.health_email[\"platform@example.com\"]: subscription-removed", "scenario"),
    ("aws_sns_topic_subscription.this[\"activity\"]: subscription-redrive-removed", "scenario"),
    ("aws_lambda_function.this: concurrency-zero", "scenario"),
    ("module.triage.aws_lambda_function.this: variable-removed: LOGIN_TOPIC_ARN", "scenario"),
    ("module.triage.aws_lambda_function.this: variable-altered: LOGIN_TOPIC_ARN", "scenario"),
    ("aws_lambda_event_source_mapping.this: mapping-disabled", "scenario"),
    ("module.triage.aws_cloudwatch_metric_alarm.dead_letters: alarm-removed", "scenario"),
    ("module.triage.aws_cloudwatch_metric_alarm.dead_letters: alarm-dimension-changed", "scenario"),
    ("aws_cloudwatch_metric_alarm.dead_letters: alarm-threshold-raised", "scenario"),
    ("aws_cloudwatch_metric_alarm.dead_letters: alarm-metric-changed", "scenario"),
    ("aws_cloudwatch_metric_alarm.dead_letters: alarm-missing-data-changed", "scenario"),
    ("aws_cloudwatch_metric_alarm.dead_letters: alarm-action-removed", "scenario"),
    ("aws_cloudwatch_metric_alarm.dead_letters: ok-action-removed", "scenario"),
    ("module.triage.aws_cloudwatch_log_metric_filter.waiting: metric-filter-removed", "scenario"),
    ("aws_cloudwatch_log_metric_filter.waiting: metric-filter-pattern-altered", "scenario"),
    ("module.triage.aws_cloudwatch_log_metric_filter.waiting: metric-filter-metric-changed", "scenario"),
    ("aws_dynamodb_table.deduplication[0]: table-removed", "scenario"),
];

/// The scenarios that the table names, and no other.
const SCENARIOS: &[&str] = &[
    "login/console-login-with-mfa",
    "activity/read-only-call",
    "silent/service-event-without-cloudtrail",
    "outages/triage-queue-refuses",
    "outages/login-alerters-refuse",
    "outages/activity-alerters-refuse",
    "outages/spoke-role-without-permission",
    "outages/login-topic-deleted",
    "outages/nothing-fails",
    "deduplication/redelivery",
];

/// Operators that need a deployment or an outage of another kind; the whole run shows them.
const ELSEWHERE: &[Operator] = &[
    Operator::RawDeliveryChanged,
    Operator::RedriveRemoved,
    Operator::ReceiveLimitLowered,
    Operator::RetentionShortened,
    Operator::VisibilityShortened,
    Operator::PartialResponsesRemoved,
    Operator::TimeoutShortened,
    Operator::TargetRoleRemoved,
    Operator::OtherRegion,
    Operator::RetriesRemoved,
    Operator::FilterPolicyRemoved,
    Operator::FilterPolicyAltered,
    Operator::PrincipalRemoved,
];

type Test = fn(&Shared) -> Result<(), Failed>;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let shared = match Shared::new() {
        Ok(shared) => shared,
        Err(error) => {
            eprintln!("{error}");
            return ExitCode::FAILURE;
        }
    };
    let tests: [(&str, Test); 3] = [
        ("mutants::each_operator_is_caught", each_operator_is_caught),
        ("mutants::without_scenarios_of_outages_alarms_are_missed", without_outages_alarms_are_missed),
        ("mutants::selections_are_parts_of_the_whole", selections_are_parts_of_the_whole),
    ];
    let trials = tests.into_iter().map(|(name, test)| {
        let shared = Arc::clone(&shared);
        Trial::test(name, move || test(&shared))
    });
    // Without dropping the runtime, which would wait for the runs of mutants that were given up after their timeout.
    libtest_mimic::run(&arguments, trials.collect()).exit()
}

fn changes() -> [DeploymentChange; 2] {
    let variables = [("deduplication".to_owned(), true.into())].into_iter().collect();
    [DeploymentChange::default(), DeploymentChange { variables, ..DeploymentChange::default() }]
}

fn sources() -> Sources {
    let tree = Layout::discover().terraform();
    let modules =
        ["deliver_hub_us_east_1", "deliver_spoke_us_east_1"].map(|name| (name.to_owned(), tree.join("modules/spoke")));
    Sources::of_modules(modules.into_iter().chain([("hub".to_owned(), tree.join("modules/hub"))]))
}

fn test(shared: &Shared, scenarios: &[&str], selection: &Selection) -> Result<Report, Failed> {
    let loaded: Vec<Loaded> =
        shared.loaded.iter().filter(|loaded| scenarios.contains(&loaded.name.as_str())).cloned().collect();
    if loaded.len() != scenarios.len() {
        return Err(format!("of {scenarios:?} there are {}", loaded.len()).into());
    }
    let declarations = Declarations::default();
    let report = shared.runtime().block_on(async {
        let session = shared.session().await?;
        let (changes, sources, jobs) = (changes(), sources(), rootwatch::cores());
        let ran = run(session, loaded, None, &changes, &sources, selection, &declarations, jobs, |_| {}).await;
        ran.map_err(|error| error.to_string())
    })?;
    match report.left_out.as_slice() {
        [] => Ok(report),
        failed => Err(format!("on the unmutated deployment these fail: {failed:?}").into()),
    }
}

fn each_operator_is_caught(shared: &Shared) -> Result<(), Failed> {
    let report = test(shared, SCENARIOS, &Selection::default())?;
    let mut wrong = Vec::new();
    let mut operators: BTreeSet<Operator> = ELSEWHERE.iter().copied().collect();
    for (id, by) in CAUGHT {
        let found: Vec<&Tested> = report.mutants.iter().filter(|tested| tested.mutant.id.contains(id)).collect();
        operators.extend(found.iter().map(|tested| tested.mutant.operator));
        let noticed = found.iter().any(|tested| match &tested.verdict {
            Verdict::Caught { by: found, .. } => (found == "attack") == (*by == "attack"),
            _ => false,
        });
        if !noticed {
            let verdicts: Vec<_> = found.iter().map(|tested| &tested.verdict).collect();
            wrong.push(format!("{id}: expected to be caught by {by}, found {verdicts:?}"));
        }
    }
    let missing = Operator::ALL.iter().filter(|operator| !operators.contains(operator));
    wrong.extend(missing.map(|operator| format!("no case for the operator {operator}")));
    // A report names every mutant once, in every format.
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    report::write_folder(&report, folder.path()).map_err(|error| error.to_string())?;
    let lines = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap_or_default().lines().count();
    let listed: usize = ["caught", "missed", "timeout", "unviable", "equivalent"]
        .map(|name| lines(&format!("{name}.txt")))
        .iter()
        .sum();
    if listed != report.mutants.len() {
        wrong.push(format!("{listed} mutants are listed, of {}", report.mutants.len()));
    }
    let missed = report.with("missed").count();
    for (what, text) in [("github", report::github(&report)), ("human", report::human(&report))] {
        let found = text.lines().filter(|line| line.contains("missed") && line.contains("module.")).count();
        if found < missed {
            wrong.push(format!("the {what} report has {found} of {missed} missed mutants"));
        }
    }
    if report.with("missed").any(|tested| tested.impact.is_none() || tested.skeleton.is_none()) {
        wrong.push("a missed mutant has no impact or no skeleton".to_owned());
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The counterexample: where no scenario looks at health, no alarm mutant is caught.
fn without_outages_alarms_are_missed(shared: &Shared) -> Result<(), Failed> {
    let selection = Selection { operators: vec![Operator::AlarmRemoved], ..Selection::default() };
    let report = test(shared, &["login/console-login-with-mfa"], &selection)?;
    match (report.counts().total, report.counts().caught) {
        (total, 0) if total >= 30 => Ok(()),
        counts => Err(format!("of (all, caught) alarms: {counts:?}").into()),
    }
}

fn selections_are_parts_of_the_whole(shared: &Shared) -> Result<(), Failed> {
    let ids = |selection: Selection| -> Result<Vec<String>, Failed> {
        let report = shared.runtime().block_on(async {
            let session = shared.session().await?;
            let listed = list(&session, None, &changes(), &sources(), &selection).await;
            listed.map_err(|error| error.to_string())
        })?;
        Ok(report.mutants.into_iter().map(|tested| tested.mutant.id).collect())
    };
    let whole = ids(Selection::default())?;
    let distinct: BTreeSet<&String> = whole.iter().collect();
    if whole.len() < 500 || distinct.len() != whole.len() {
        return Err(format!("{} mutants, {} distinct", whole.len(), distinct.len()).into());
    }
    let mut parts = Vec::new();
    for k in 1..=3 {
        parts.extend(ids(Selection { shard: Some((k, 3)), seed: 7, ..Selection::default() })?);
    }
    let shuffled = ids(Selection { seed: 7, ..Selection::default() })?;
    let again = ids(Selection { seed: 7, ..Selection::default() })?;
    parts.sort();
    let mut sorted = whole.clone();
    sorted.sort();
    if parts != sorted || shuffled == whole || shuffled != again {
        return Err("shards do not make the whole, or the seed does not decide the order".into());
    }
    let one = ids(Selection { addresses: vec!["module.triage.*queue.this".to_owned()], ..Selection::default() })?;
    match one.iter().all(|id| id.contains("module.triage.aws_sqs_queue.this")) && one.len() > 4 {
        true => Ok(()),
        false => Err(format!("{one:?}").into()),
    }
}
