//! Mutants of the deployed monitor, each operator at least once: a few scenarios and the generated attacks catch what they are
//! meant to catch, and nothing is reported as caught where nothing looks.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::deployment::{OwnRoot, REGIONS};
use rootwatch::layout::Layout;
use rootwatch::mutants::{
    Change, Declarations, Operator, Report, Sample, Selection, Sources, Tested, Verdict, list, run, sample,
};
use rootwatch::report::mutants as report;
use rootwatch::runner::{Session, Status};
use rootwatch::scenario::{DeploymentChange, Loaded, find};
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
    ("aws_sns_topic_subscription.this[\"login\"]: subscription-removed", "scenario"),
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

/// Operators whose mutants AWS refuses in this deployment.
const UNVIABLE: &[Operator] = &[Operator::TargetRoleRemoved, Operator::OtherRegion];

/// Operators whose mutants no override file makes in this deployment: another block reads what they change, the provider keeps the
/// value, or there is no such mutant.
const NO_OVERRIDE: &[Operator] = &[
    Operator::PrincipalRemoved,
    Operator::RetriesRemoved,
    Operator::FilterPolicyRemoved,
    Operator::FilterPolicyAltered,
    Operator::RedriveRemoved,
    Operator::MetricFilterRemoved,
    Operator::MetricFilterMetricChanged,
    Operator::TableRemoved,
];

/// Blocks that the provider leaves in its state when AWS has none, so that no plan shows that they are gone. [M] provider 5.100
const UNREAD: &[&str] = &["dead_letter_config: [{", "input_transformer: [{"];

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
    let tests: [(&str, Test); 6] = [
        ("mutants::each_operator_is_caught", each_operator_is_caught),
        ("mutants::without_scenarios_of_outages_alarms_are_missed", without_outages_alarms_are_missed),
        ("mutants::selections_are_parts_of_the_whole", selections_are_parts_of_the_whole),
        ("mutants::override_files_and_api_calls_agree", override_files_and_api_calls_agree),
        ("mutants::a_run_ends_at_its_limit", a_run_ends_at_its_limit),
        ("mutants::a_foreign_module_is_tested_by_its_scenarios", a_foreign_module_is_tested_by_its_scenarios),
    ];
    let trials = tests.into_iter().map(|(name, test)| {
        let shared = Arc::clone(&shared);
        Trial::test(name, move || test(&shared))
    });
    let conclusion = libtest_mimic::run(&arguments, trials.collect());
    // Dropped before the process ends, so that no deployment is left behind.
    drop(shared);
    conclusion.exit_code()
}

fn changes() -> [DeploymentChange; 2] {
    let variables = [("deduplication".to_owned(), true.into())].into_iter().collect();
    [DeploymentChange::default(), DeploymentChange { variables, ..DeploymentChange::default() }]
}

fn sources() -> Sources {
    let tree = Layout::discover().terraform();
    let spokes = REGIONS
        .iter()
        .flat_map(|region| ["hub", "spoke"].map(|account| format!("deliver_{account}_{}", region.replace('-', "_"))));
    let spokes = spokes.map(|name| (name, tree.join("modules/spoke")));
    Sources::of_modules(spokes.chain([("hub".to_owned(), tree.join("modules/hub"))]))
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

/// Mutants of all operators are made by API calls and by override files, as many at a time as do not touch each other. The genuine
/// provider plans them on the deployment without them, and nothing on the deployment that the API calls have made.
fn override_files_and_api_calls_agree(shared: &Shared) -> Result<(), Failed> {
    let [_, change] = changes();
    let mut left: Vec<Operator> = Operator::ALL.iter().copied().filter(|one| !UNVIABLE.contains(one)).collect();
    shared.runtime().block_on(async {
        let session = shared.session().await?;
        while !left.is_empty() {
            let sample = sample(&session, &change, &sources(), &left).await.map_err(|error| error.to_string())?;
            if sample.mutants.is_empty() {
                let left: BTreeSet<Operator> = left.into_iter().collect();
                return match left == NO_OVERRIDE.iter().copied().collect() {
                    true => Ok(()),
                    false => Err(format!("no mutant can be made both ways: {:?}", sample.left_out)),
                };
            }
            agree(&session, &change, &sample).await?;
            left = sample.left_out.into_iter().map(|(operator, _)| operator).collect();
        }
        Err("every operator has an override file: empty NO_OVERRIDE".to_owned())
    })?;
    Ok(())
}

async fn agree(session: &Session, change: &DeploymentChange, sample: &Sample) -> Result<(), String> {
    let mut expected = BTreeSet::new();
    for mutant in &sample.mutants {
        let action = if mutant.change == Change::Remove { "delete" } else { "update" };
        expected.extend(mutant.addresses().map(|address| (address.clone(), action.to_owned())));
    }
    let addresses: BTreeSet<&str> = expected.iter().map(|(address, _)| address.as_str()).collect();
    let plan =
        async |deployment| session.plan(change, deployment, &sample.files).await.map_err(|error| error.to_string());
    // A resource gets an index when an override counts it.
    let address = |address: String| match address.strip_suffix("[0]") {
        Some(counted) if addresses.contains(counted) => counted.to_owned(),
        _ => address,
    };
    let planned = plan(&sample.unmutated).await?;
    let planned: BTreeSet<_> = planned.into_iter().map(|change| (address(change.address), change.actions)).collect();
    if planned != expected {
        let missing: Vec<_> = expected.difference(&planned).collect();
        let unexpected: Vec<_> = planned.difference(&expected).collect();
        return Err(format!("the override files do not change {missing:#?}, but change {unexpected:#?}"));
    }
    let mut left = plan(&sample.mutated).await?;
    left.retain(|change| !change.attributes.iter().all(|change| UNREAD.iter().any(|name| change.starts_with(name))));
    match left {
        left if left.is_empty() => Ok(()),
        left => {
            let ids: Vec<&String> = sample.mutants.iter().map(|mutant| &mutant.id).collect();
            Err(format!("of {ids:#?}, the API calls make other mutants than the override files: {left:#?}"))
        }
    }
}

/// A run that has not ended in time leaves no thread behind: the next test of a mutant gets the core.
fn a_run_ends_at_its_limit(shared: &Shared) -> Result<(), Failed> {
    let loaded = shared.loaded.iter().find(|loaded| loaded.name == "login/console-login-with-mfa");
    let loaded = loaded.ok_or("the scenario is missing")?;
    shared.runtime().block_on(async {
        let session = shared.session().await?;
        let deployment = session.deploy_base().await.map_err(|error| error.to_string())?;
        match session.run_within(loaded, &deployment, Duration::ZERO).await {
            None => {}
            Some(outcome) => return Err(format!("it ended without time: {outcome:?}")),
        }
        match session.run_within(loaded, &deployment, Duration::from_secs(60)).await {
            Some(outcome) if outcome.status == Status::Passed => Ok(()),
            other => Err(format!("it did not pass: {other:?}")),
        }
    })?;
    Ok(())
}

/// Every mutant of a module that is not ours is caught by the scenarios that were written for it, or is equivalent.
fn a_foreign_module_is_tested_by_its_scenarios(shared: &Shared) -> Result<(), Failed> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forwarder");
    let scenarios = find(&directory.join("scenarios")).map_err(|error| error.to_string())?;
    let declarations = Declarations::read(&directory.join("mutants.toml"))?;
    let report = shared.runtime().block_on(async {
        let session = shared.session().await?;
        let own = OwnRoot { directory: directory.clone(), var_files: Vec::new() };
        let deployment = Arc::new(session.deploy_own(&own).await.map_err(|error| error.to_string())?);
        let (sources, selection, jobs) = (Sources::of_root(&directory), Selection::default(), rootwatch::cores());
        let ran = run(session, scenarios, Some(&deployment), &[], &sources, &selection, &declarations, jobs, |_| {});
        ran.await.map_err(|error| error.to_string())
    })?;
    match report.is_clean() && report.left_out.is_empty() && report.counts().caught > 50 {
        true => Ok(()),
        false => Err(format!("{:?}\n{}", report.left_out, report::human(&report)).into()),
    }
}
