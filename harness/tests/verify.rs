//! `rootwatch verify` on a live deployment: the default one behind an endpoint, broken out of band in one place at a time.

#![allow(missing_docs, reason = "a test target")]
#![allow(clippy::print_stderr, reason = "a test target talks to whoever runs it")]

mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use rootwatch::deployment::{Deployment, OwnRoot};
use rootwatch::layout::Layout;
use rootwatch::mutants::{Resource, resources};
use rootwatch::report::verify::{Verification, human};
use rootwatch::runner::{Session, clients};
use rootwatch::scenario::DeploymentChange;
use rootwatch::verify::{Client, Packages, Snapshot, Topics, Twin, bus, policy, probe, read, twin};
use rootwatch_cloud::api::Service;
use rootwatch_cloud::assumptions::{Assumptions, OwnAccountInvocation, PutTargets, QueueSourceAccount};
use rootwatch_cloud::usage::Usage;
use rootwatch_cloud::{Clock, Cloud, Options};
use serde_json::{Value, json};
use support::{Shared, run_rootwatch};

const HUB: &str = "999988887777";
const SPOKE: &str = "111122223333";
const REGION: &str = "us-east-1";
const ROLE: &str = "rootwatch-verify";
const BUS: &str = "hub-root-activity";

/// A call by an administrator: account, service, operation, input.
type Call = (&'static str, &'static str, &'static str, Value);

struct Case {
    name: &'static str,
    calls: Vec<Call>,
    /// Texts of the report.
    names: &'static [&'static str],
    expected: Expected,
}

/// The verdict of the report.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// Everything is monitored, and nothing was found.
    Clean,
    /// Everything is monitored, but something was found.
    Found,
    /// An account and Region is not monitored, or an alerter fails.
    Broken,
}

fn allow(actions: &[&str]) -> String {
    json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}).to_string()
}

fn cases() -> Vec<Case> {
    let queue = |name: &str| format!("https://sqs.{REGION}.amazonaws.com/{HUB}/{name}");
    use Expected::{Broken, Clean, Found};
    let case = |name, expected, names, calls| Case { name, calls, names, expected };
    let rule = "rootwatch-root-activity";
    vec![
        case("nothing", Clean, &["2 of 2 accounts and Regions monitored, 0 findings"], vec![]),
        case(
            "the spoke's rule is disabled",
            Broken,
            &["111122223333 us-east-1: root login is NOT MONITORED", "rule/rootwatch-root-activity", "DISABLED"],
            vec![(SPOKE, "events", "DisableRule", json!({"Name": rule}))],
        ),
        case(
            "the spoke's rule has another pattern",
            Broken,
            &["root login is NOT MONITORED", "not-matched", "`source` does not match"],
            vec![(SPOKE, "events", "PutRule", json!({"Name": rule, "EventPattern": "{\"source\": [\"aws.other\"]}"}))],
        ),
        case(
            "the spoke's rule receives no read-only events",
            Broken,
            &["111122223333   us-east-1        monitored        monitored        NOT MONITORED", "read-only"],
            vec![(
                SPOKE,
                "events",
                "PutRule",
                json!({"Name": rule, "State": "ENABLED", "EventPattern": "{\"source\": [{\"prefix\": \"aws.\"}]}"}),
            )],
        ),
        case(
            "the spoke's rule is deleted",
            Broken,
            &["111122223333 us-east-1: root login is NOT MONITORED"],
            vec![
                (SPOKE, "events", "RemoveTargets", json!({"Rule": rule, "Ids": ["hub"]})),
                (SPOKE, "events", "DeleteRule", json!({"Name": rule})),
            ],
        ),
        case(
            "the delivery role may do nothing",
            Broken,
            &["denied", "events:PutEvents", "no identity-based policy allows"],
            vec![(SPOKE, "iam", "DeleteRolePolicy", json!({"RoleName": "${delivery}", "PolicyName": "deliver"}))],
        ),
        case(
            "the bus admits another organization",
            Broken,
            &["event-bus/hub-root-activity", "denied", "aws:PrincipalOrgID"],
            vec![(
                HUB,
                "events",
                "PutPermission",
                json!({"EventBusName": BUS, "Policy": json!({"Version": "2012-10-17", "Statement": [{
                    "Sid": "Other", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents",
                    "Resource": format!("arn:aws:events:{REGION}:{HUB}:event-bus/{BUS}"),
                    "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-another"}}}]}).to_string()}),
            )],
        ),
        case(
            "triage's queue has no policy",
            Broken,
            &["rootwatch-triage", "denied", "sqs:SendMessage"],
            vec![(
                HUB,
                "sqs",
                "SetQueueAttributes",
                json!({"QueueUrl": queue("rootwatch-triage"), "Attributes": {"Policy": ""}}),
            )],
        ),
        case(
            "triage is not invoked",
            Broken,
            &["event-source-mapping", "disabled"],
            vec![(HUB, "lambda", "UpdateEventSourceMapping", json!({"UUID": "${rootwatch-triage}", "Enabled": false}))],
        ),
        case(
            "triage may not publish",
            Broken,
            &["denied", "SNS:Publish"],
            vec![(
                HUB,
                "iam",
                "PutRolePolicy",
                json!({"RoleName": "${role}", "PolicyName": "${inline}", "PolicyDocument": allow(&["sqs:*", "kms:*"])}),
            )],
        ),
        case(
            "nobody is subscribed",
            Broken,
            &[
                "root login does not reach every alerter",
                "the topic has no confirmed subscription",
                "nothing leads to the function",
            ],
            vec![(HUB, "sns", "Unsubscribe", json!({"SubscriptionArn": "${subscriptions}"}))],
        ),
        case(
            "the key's policy is lost",
            Broken,
            &["denied", "kms:"],
            vec![(
                HUB,
                "kms",
                "PutKeyPolicy",
                json!({"KeyId": "alias/rootwatch", "PolicyName": "default", "Policy": json!({"Version": "2012-10-17", "Statement": [{
                    "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{HUB}:root")}, "Action": "kms:*",
                    "Resource": "*"}]}).to_string()}),
            )],
        ),
        case(
            "Slack's secret is scheduled for deletion",
            Broken,
            &["root login does not reach every alerter", "no alert reaches slack", "scheduled for deletion"],
            vec![(
                HUB,
                "secretsmanager",
                "DeleteSecret",
                json!({"SecretId": "rootwatch/slack", "RecoveryWindowInDays": 7}),
            )],
        ),
        case(
            "the trail does not log",
            Broken,
            &["111122223333 us-east-1: no trail logs here", "root activity is NOT MONITORED"],
            vec![(SPOKE, "cloudtrail", "StopLogging", json!({"Name": "all"}))],
        ),
        case(
            "a message is in a dead-letter queue",
            Found,
            &["arn:aws:sqs:us-east-1:999988887777:rootwatch-triage-dlq: 1 messages in the dead-letter queue"],
            vec![(
                HUB,
                "sqs",
                "SendMessage",
                json!({"QueueUrl": queue("rootwatch-triage-dlq"), "MessageBody": "lost"}),
            )],
        ),
        case(
            "an alarm is raised",
            Found,
            &["alarm:rootwatch-triage-dead-letters: the alarm is raised: tested"],
            vec![(
                HUB,
                "cloudwatch",
                "SetAlarmState",
                json!({"AlarmName": "rootwatch-triage-dead-letters", "StateValue": "ALARM", "StateReason": "tested"}),
            )],
        ),
        case(
            "a subscription waits for its confirmation",
            Found,
            &["root-login to email new@example.com: the subscription is not confirmed"],
            vec![(
                HUB,
                "sns",
                "Subscribe",
                json!({"TopicArn": format!("arn:aws:sns:{REGION}:{HUB}:rootwatch-root-login"), "Protocol": "email",
                       "Endpoint": "new@example.com"}),
            )],
        ),
        case(
            "a resource of another kind is on the path",
            Clean,
            &["a logs log-group is not modeled"],
            vec![
                (HUB, "logs", "CreateLogGroup", json!({"logGroupName": "/aws/events/copies"})),
                (
                    HUB,
                    "events",
                    "PutTargets",
                    json!({"Rule": "rootwatch-triage", "EventBusName": BUS, "Targets": [
                        {"Id": "copies", "Arn": format!("arn:aws:logs:{REGION}:{HUB}:log-group:/aws/events/copies")}]}),
                ),
            ],
        ),
        // A monitor that may work is not reported as one that does not, nor as clean.
        case(
            "the reader may not see trails",
            Found,
            &[
                "999988887777 us-east-1: the trails could not be read: cloudtrail:DescribeTrails: AccessDenied",
                "is assumed",
            ],
            vec![(
                HUB,
                "iam",
                "PutRolePolicy",
                json!({"RoleName": ROLE, "PolicyName": "less", "PolicyDocument": json!({"Version": "2012-10-17", "Statement": [
                    {"Effect": "Deny", "Action": "cloudtrail:DescribeTrails", "Resource": "*"}]}).to_string()}),
            )],
        ),
        case(
            "the reader may not see roles",
            Broken,
            &["role/rootwatch-triage", "iam:GetRole", "AccessDenied"],
            vec![(
                HUB,
                "iam",
                "PutRolePolicy",
                json!({"RoleName": ROLE, "PolicyName": "less", "PolicyDocument":
                json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:GetRole", "Resource": "*"}]}).to_string()}),
            )],
        ),
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
    let mut trials: Vec<Trial> = Vec::new();
    for case in cases() {
        let shared = Arc::clone(&shared);
        trials.push(Trial::test(format!("verify::{}", case.name.replace([' ', '\''], "_")), move || {
            names_what_is_broken(&shared, &case)
        }));
    }
    for (name, test) in [
        ("calls_are_those_of_the_policy", calls_are_those_of_the_policy as fn(&Shared) -> Result<(), Failed>),
        ("the_command_ends_with_the_verdict", the_command_ends_with_the_verdict),
        ("the_twin_has_terraform_s_arguments", the_twin_has_terraform_s_arguments),
        ("coverage_shows_the_table", coverage_shows_the_table),
        ("drift_from_the_root_module_is_named", drift_from_the_root_module_is_named),
        ("smoke_probes_every_hop_without_root", smoke_probes_every_hop_without_root),
    ] {
        let shared = Arc::clone(&shared);
        trials.push(Trial::test(format!("verify::{name}"), move || test(&shared)));
    }
    libtest_mimic::run(&arguments, trials).exit_code()
}

/// A fork of the deployment behind an endpoint.
async fn serve(deployment: &Deployment) -> Result<Cloud, String> {
    let options = Options { clock: Clock::Wall, port: 0, code: deployment.code.clone(), host_variables: Vec::new() };
    Cloud::start(deployment.state.clone(), options).await.map_err(|error| error.to_string())
}

/// The deployment behind an endpoint, with a role in each account that may verify.
async fn live(deployment: &Deployment) -> Result<Cloud, String> {
    let cloud = serve(deployment).await?;
    let trust = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"AWS": format!("arn:aws:iam::{HUB}:root")}, "Action": "sts:AssumeRole",
    }]});
    for account in [HUB, SPOKE] {
        let role = json!({"RoleName": ROLE, "AssumeRolePolicyDocument": trust.to_string()});
        call(&cloud, account, "iam", "CreateRole", role)?;
        let read = json!({"RoleName": ROLE, "PolicyName": "read", "PolicyDocument": policy().to_string()});
        call(&cloud, account, "iam", "PutRolePolicy", read)?;
    }
    let assume = json!({"RoleName": ROLE, "PolicyName": "assume", "PolicyDocument": allow(&["sts:AssumeRole"])});
    call(&cloud, HUB, "iam", "PutRolePolicy", assume)?;
    Ok(cloud)
}

fn call(cloud: &Cloud, account: &str, service: &str, operation: &str, input: Value) -> Result<Value, String> {
    let service = Service::from_signing_name(service).ok_or("no such service")?;
    cloud.api(account, REGION, service, operation, input).map_err(|error| format!("{operation}: {error}"))
}

fn role_of_triage(cloud: &Cloud) -> Result<String, String> {
    let asked = json!({"FunctionName": "rootwatch-triage"});
    let found = call(cloud, HUB, "lambda", "GetFunctionConfiguration", asked)?;
    Ok(found["Role"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default().to_owned())
}

/// Makes a call; `${…}` names what AWS has named.
fn break_it(cloud: &Cloud, (account, service, operation, input): &Call) -> Result<(), String> {
    let mut inputs = vec![input.to_string()];
    if inputs[0].contains("${delivery}") {
        let target = call(cloud, account, "events", "ListTargetsByRule", json!({"Rule": "rootwatch-root-activity"}))?;
        let role = target["Targets"][0]["RoleArn"].as_str().unwrap_or_default().rsplit('/').next().unwrap_or_default();
        let policies = call(cloud, account, "iam", "ListRolePolicies", json!({"RoleName": role}))?;
        let policy = policies["PolicyNames"][0].as_str().unwrap_or_default();
        inputs[0] = inputs[0].replace("${delivery}", role).replace("\"deliver\"", &format!("\"{policy}\""));
    }
    if inputs[0].contains("${inline}") {
        let role = role_of_triage(cloud)?;
        let policies = call(cloud, account, "iam", "ListRolePolicies", json!({"RoleName": role}))?;
        let policy = policies["PolicyNames"][0].as_str().unwrap_or_default();
        inputs[0] = inputs[0].replace("${role}", &role).replace("${inline}", policy);
    }
    if inputs[0].contains("${rootwatch-triage}") {
        let asked = json!({"FunctionName": "rootwatch-triage"});
        let mappings = call(cloud, account, "lambda", "ListEventSourceMappings", asked)?;
        let uuid = mappings["EventSourceMappings"][0]["UUID"].as_str().unwrap_or_default();
        inputs[0] = inputs[0].replace("${rootwatch-triage}", uuid);
    }
    if inputs[0].contains("${subscriptions}") {
        let mut arns = Vec::new();
        for topic in ["root-login", "root-activity", "tampering", "health"] {
            let topic = format!("arn:aws:sns:{REGION}:{HUB}:rootwatch-{topic}");
            let found = call(cloud, account, "sns", "ListSubscriptionsByTopic", json!({"TopicArn": topic}))?;
            let found = found["Subscriptions"].as_array().cloned().unwrap_or_default();
            arns.extend(found.iter().filter_map(|it| it["SubscriptionArn"].as_str().map(str::to_owned)));
        }
        inputs = arns.iter().map(|arn| json!({"SubscriptionArn": arn}).to_string()).collect();
    }
    for input in inputs {
        call(cloud, account, service, operation, serde_json::from_str(&input).unwrap_or_default())?;
    }
    Ok(())
}

async fn verified(session: &Session, cloud: &Cloud) -> Result<Verification, String> {
    let (snapshot, packages, twin) = copied(session, cloud).await?;
    let accounts = [HUB.to_owned(), SPOKE.to_owned()];
    let probed = probe(session, &snapshot, &packages, &twin, &accounts, &[REGION.to_owned()], true).await;
    Ok(Verification::new(bus(BUS, HUB, REGION)?.to_string(), &snapshot, probed))
}

/// Reads a cloud and makes its twin.
async fn copied(session: &Session, cloud: &Cloud) -> Result<(Snapshot, Packages, Twin), String> {
    let failed = |error: &dyn std::error::Error| error.to_string();
    let endpoint = Some(cloud.endpoint().to_owned());
    let administrator =
        Client::of(clients::administrator(HUB), endpoint, REGION).await.map_err(|error| failed(&error))?;
    let role = |account: &str| format!("arn:aws:iam::{account}:role/{ROLE}");
    let hub = administrator.assume(&role(HUB), None, REGION).await.map_err(|error| failed(&error))?;
    let spoke = hub.assume(&role(SPOKE), None, REGION).await.map_err(|error| failed(&error))?;
    let packages = Packages::of(session).map_err(|error| failed(&error))?;
    let (bus, regions) = (bus(BUS, HUB, REGION)?, [REGION.to_owned()]);
    let digests: BTreeSet<String> = packages.digests().collect();
    let mut snapshot = read::read(&[hub, spoke], &bus, &regions, &digests).await;
    let spokes = [SPOKE.to_owned()];
    let twin = twin(session, &mut snapshot, &packages, &bus, &spokes, &Topics::default()).await;
    Ok((snapshot, packages, twin.map_err(|error| failed(&error))?))
}

fn names_what_is_broken(shared: &Shared, case: &Case) -> Result<(), Failed> {
    shared.runtime().block_on(async {
        let session = shared.session().await?;
        let deployment = session.deploy_base().await.map_err(|error| error.to_string())?;
        let cloud = live(&deployment).await?;
        for call in &case.calls {
            break_it(&cloud, call)?;
        }
        let verification = verified(&session, &cloud).await?;
        let text = console::strip_ansi_codes(&human(&verification)).into_owned();
        let missing: Vec<_> = case.names.iter().filter(|name| !text.contains(**name)).collect();
        let found = match (text.contains("2 of 2 accounts and Regions monitored"), verification.is_clean()) {
            (true, true) => Expected::Clean,
            (true, false) => Expected::Found,
            (false, _) => Expected::Broken,
        };
        if !missing.is_empty() || found != case.expected {
            return Err(format!("{missing:?} is missing, or the verdict is wrong:\n{text}"));
        }
        Ok(())
    })?;
    Ok(())
}

/// With the table and a managed policy, every permission of the policy is used, and no other.
fn calls_are_those_of_the_policy(shared: &Shared) -> Result<(), Failed> {
    shared.runtime().block_on(async {
        let session = shared.session().await?;
        let variables = [("deduplication".to_owned(), true.into())].into_iter().collect();
        let change = DeploymentChange { variables, ..DeploymentChange::default() };
        let deployment = session.deployment(&change).await.map_err(|error| error.to_string())?;
        let cloud = live(&deployment).await?;
        let managed = json!({"PolicyName": "team", "PolicyDocument": allow(&["s3:ListAllMyBuckets"])});
        call(&cloud, HUB, "iam", "CreatePolicy", managed)?;
        let attach =
            json!({"RoleName": role_of_triage(&cloud)?, "PolicyArn": format!("arn:aws:iam::{HUB}:policy/team")});
        call(&cloud, HUB, "iam", "AttachRolePolicy", attach)?;
        cloud.with(|state| state.usage = Usage::recording());
        let verification = verified(&session, &cloud).await?;
        if !verification.is_clean() {
            return Err(human(&verification));
        }
        let suggestion = cloud.with(|state| state.suggested_policies()).ok_or("nothing was recorded")?;
        let role = format!("role/{ROLE}");
        let used: BTreeSet<String> = suggestion
            .identities
            .iter()
            .filter(|(name, _)| name.ends_with(&role))
            .flat_map(|(_, identity)| identity.needs["Statement"].as_array().cloned().unwrap_or_default())
            .flat_map(|statement| match &statement["Action"] {
                Value::String(action) => vec![action.clone()],
                actions => serde_json::from_value(actions.clone()).unwrap_or_default(),
            })
            .map(|action| action.to_lowercase())
            .filter(|action| action != "sts:assumerole")
            .collect();
        let allowed: Vec<String> =
            serde_json::from_value(policy()["Statement"][0]["Action"].clone()).unwrap_or_default();
        // Names of actions have no case. [D] IAM JSON policy elements: Action
        let allowed: BTreeSet<String> = allowed.iter().map(|action| action.to_lowercase()).collect();
        match used == allowed {
            true => Ok(()),
            false => Err(format!(
                "used but not allowed: {:?}; allowed but not used: {:?}",
                used.difference(&allowed).collect::<Vec<_>>(),
                allowed.difference(&used).collect::<Vec<_>>()
            )),
        }
    })?;
    Ok(())
}

/// Two processes: one serves the deployment, the other reads it.
fn the_command_ends_with_the_verdict(shared: &Shared) -> Result<(), Failed> {
    shared.runtime().block_on(async {
        let session = shared.session().await?;
        let deployment = session.deploy_base().await.map_err(|error| error.to_string())?;
        let cloud = live(&deployment).await?;
        let run = || command(&cloud, HUB, REGION, &["--spoke", SPOKE, "--region", REGION]);
        let (code, report, errors) = run()?;
        if code != Some(0) || report["clean"] != true {
            return Err(format!("{code:?} {report} {errors}"));
        }
        // A scenario that expects one alert too many fails on the twin, and is in the report.
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let passkey = Layout::discover().scenarios().join("login/passkey.json");
        let text = std::fs::read_to_string(&passkey).map_err(|error| error.to_string())?;
        let mut scenario: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        scenario["expect"]["login"] = 2.into();
        let file = folder.path().join("twice.json").display().to_string();
        std::fs::write(&file, scenario.to_string()).map_err(|error| error.to_string())?;
        let arguments = ["--spoke", SPOKE, "--region", REGION, file.as_str()];
        let (code, report, errors) = command(&cloud, HUB, REGION, &arguments)?;
        if code != Some(1) || report["scenarios"][0]["name"] != "twice" {
            return Err(format!("{code:?} {} {errors}", report["scenarios"]));
        }
        let passkey = passkey.display().to_string();
        let mutants = ["--spoke", SPOKE, "--region", REGION, "--mutants", passkey.as_str()];
        let (code, report, errors) = command(&cloud, HUB, REGION, &mutants)?;
        let count = |verdict: &str| report["mutants"]["counts"][verdict].as_u64().unwrap_or_default();
        // One scenario notices what is on its own path, and not what is on others.
        if code != Some(0) || count("caught") < 200 || count("missed") < 200 || count("unviable") > 40 {
            return Err(format!("{code:?} {} {errors}", report["mutants"]["counts"]));
        }
        // The same account from a list and as an option is read once; a word that is no account is named with its line.
        let list = folder.path().join("accounts.txt").display().to_string();
        std::fs::write(&list, format!("# production\n{SPOKE}\t{HUB}\n")).map_err(|error| error.to_string())?;
        let (code, report, errors) =
            command(&cloud, HUB, REGION, &["--accounts", &list, "--spoke", SPOKE, "--region", REGION])?;
        if code != Some(0) || report["probed"].as_array().map(Vec::len) != Some(6) {
            return Err(format!("{code:?} {report} {errors}"));
        }
        for (text, complaint) in
            [(format!("{SPOKE}\n12345\n"), "accounts.txt:2:"), ("# none".to_owned(), "has no account")]
        {
            std::fs::write(&list, text).map_err(|error| error.to_string())?;
            let (code, _, errors) = command(&cloud, HUB, REGION, &["--accounts", &list])?;
            if code != Some(2) || !errors.contains(complaint) {
                return Err(format!("{code:?} {errors}"));
            }
        }
        let formats = |text: &'static str| {
            let output = text_of(&cloud, &["verify", "--spoke", SPOKE, "--region", REGION, "--format", text, &file])?;
            Ok::<_, String>((text, output))
        };
        for (format, output) in [formats("junit")?, formats("html")?, formats("github")?] {
            let lacks = match format {
                "junit" => ["<testsuite name=\"111122223333\"", "us-east-1 root login", "name=\"twice\"", "<failure"],
                "html" => ["<!DOCTYPE html>", "2 of 2 accounts and Regions monitored", "twice", "Not verified"],
                _ => ["::error title=twice::", "::notice", "service control policies", "expected"],
            };
            if let Some(lack) = lacks.iter().find(|part| !output.contains(**part)) {
                return Err(format!("{format} lacks {lack}:\n{output}"));
            }
        }
        break_it(&cloud, &(SPOKE, "events", "DisableRule", json!({"Name": "rootwatch-root-activity"})))?;
        let (code, report, errors) = run()?;
        let broken = report["probed"].as_array().into_iter().flatten().filter(|it| it["verdict"] == "not-monitored");
        if code != Some(1) || broken.count() != 3 {
            return Err(format!("{code:?} {report} {errors}"));
        }
        Ok(())
    })?;
    Ok(())
}

/// `coverage` shows the table of a running deployment, with the verdicts of a report of `verify`.
fn coverage_shows_the_table(shared: &Shared) -> Result<(), Failed> {
    shared.runtime().block_on(async {
        let session = shared.session().await?;
        let deployment = session.deploy_base().await.map_err(|error| error.to_string())?;
        let cloud = live(&deployment).await?;
        let put = |account: &str, heartbeat: &str| {
            let item = json!({
                "account": {"S": account}, "region": {"S": REGION}, "last_heartbeat": {"S": heartbeat}, "version": {"S": "0.1.0"},
            });
            let service = Service::from_signing_name("dynamodb").ok_or("no such service")?;
            let input = json!({"TableName": "rootwatch-coverage", "Item": item});
            cloud.api(HUB, REGION, service, "PutItem", input).map_err(|error| error.to_string())
        };
        let now = deployment.state.now.iso_seconds();
        put(HUB, &now)?;
        put(SPOKE, &now)?;
        let (code, table, errors) = run_of(&cloud, HUB, REGION, &["coverage", "--format", "json"])?;
        let states: Vec<&Value> = table["rows"].as_array().into_iter().flatten().map(|row| &row["state"]).collect();
        if code != Some(0) || states != ["healthy", "healthy"] {
            return Err(format!("{code:?} {table} {errors}"));
        }
        put(SPOKE, "2026-03-02T09:00:00Z")?;
        let (_, report, _) = command(&cloud, HUB, REGION, &["--spoke", SPOKE, "--region", REGION])?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let file = folder.path().join("report.json").display().to_string();
        std::fs::write(&file, report.to_string()).map_err(|error| error.to_string())?;
        let arguments = ["coverage", "--format", "json", "--verified", &file];
        let (code, table, errors) = run_of(&cloud, HUB, REGION, &arguments)?;
        let silent = &table["rows"][0];
        let expected = json!({
            "account": SPOKE, "region": REGION, "state": "silent", "last_heartbeat": "2026-03-02T09:00:00Z",
            "last_event": null, "version": "0.1.0", "verified": "monitored",
        });
        if code != Some(1) || *silent != expected {
            return Err(format!("{code:?} {table} {errors}"));
        }
        for (arguments, wanted) in [
            (["coverage", "--table", "other"], (Some(3), "hub's output coverage_table_name")),
            (["coverage", "--verified", "nowhere.json"], (Some(2), "nowhere.json")),
        ] {
            let (code, _, errors) = run_of(&cloud, HUB, REGION, &arguments)?;
            if code != wanted.0 || !errors.contains(wanted.1) {
                return Err(format!("{arguments:?}: {code:?} {errors}"));
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// The exit code, the report and what was written to stderr, of `verify`.
fn command(cloud: &Cloud, hub: &str, region: &str, arguments: &[&str]) -> Result<(Option<i32>, Value, String), String> {
    run_of(cloud, hub, region, &[&["verify", "--format", "json"], arguments].concat())
}

/// The same of any command.
fn run_of(cloud: &Cloud, hub: &str, region: &str, arguments: &[&str]) -> Result<(Option<i32>, Value, String), String> {
    let output = run_rootwatch(cloud.endpoint(), hub, region, arguments)?;
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    Ok((output.status.code(), report, String::from_utf8_lossy(&output.stderr).into_owned()))
}

/// The stdout of a command of the hub's administrator.
fn text_of(cloud: &Cloud, arguments: &[&str]) -> Result<String, String> {
    run_rootwatch(cloud.endpoint(), HUB, REGION, arguments)
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Mutants of the twin are mutants of the deployment only if each of its resources has the arguments that Terraform has.
fn the_twin_has_terraform_s_arguments(shared: &Shared) -> Result<(), Failed> {
    /// AWS draws these for the twin anew.
    const DRAWN: [(&str, &str); 3] =
        [("aws_sns_topic_subscription", "arn"), ("aws_lambda_event_source_mapping", "arn"), ("", "uuid")];
    shared.runtime().block_on(async {
        let session = shared.session().await?;
        let deployment = session.deploy_base().await.map_err(|error| error.to_string())?;
        let cloud = live(&deployment).await?;
        let (_, _, twin) = copied(&session, &cloud).await?;
        let read = |state: &str| {
            let key = resources(state).ok()?.into_iter().find(|resource| resource.kind == "aws_kms_key")?;
            let state = state.replace(key.text("key_id")?, "(key)");
            resources(&state).ok()
        };
        let deployed = read(&deployment.terraform_state).ok_or("the state cannot be read")?;
        let copied = read(&twin.deployment.terraform_state).ok_or("the twin's state cannot be read")?;
        // The trail was there before, and the probes are the harness's.
        let others = ["cloudtrail", ":probe-"];
        for copy in copied.iter().filter(|copy| !others.iter().any(|other| copy.address.contains(other))) {
            let is_drawn =
                |name: &str| DRAWN.iter().any(|(kind, it)| *it == name && (kind.is_empty() || *kind == copy.kind));
            let differing = |original: &Resource| -> Vec<String> {
                let names = copy.attributes.keys().filter(|name| !is_drawn(name));
                names.filter(|name| !alike(&copy.attributes[*name], original.attributes.get(*name))).cloned().collect()
            };
            let originals = deployed.iter().filter(|original| original.kind == copy.kind);
            let nearest = originals.min_by_key(|original| differing(original).len()).ok_or("no such type")?;
            if let Some(name) = differing(nearest).first() {
                let (found, wanted) = (&copy.attributes[name], &nearest.attributes.get(name));
                return Err(format!("{}: {name} is {found}, and {wanted:?} in {}", copy.address, nearest.address));
            }
        }
        // Of these there are no others than Terraform's.
        for kind in [
            "aws_cloudwatch_event_rule",
            "aws_cloudwatch_event_target",
            "aws_cloudwatch_metric_alarm",
            "aws_kms_key",
            "aws_lambda_event_source_mapping",
            "aws_lambda_function",
        ] {
            let count = |all: &[Resource]| all.iter().filter(|one| one.kind == kind).count();
            if count(&copied) != count(&deployed) {
                return Err(format!("{} resources of {kind}, and {} are deployed", count(&copied), count(&deployed)));
            }
        }
        Ok(())
    })?;
    Ok(())
}

/// Returns true if two arguments mean the same: JSON is compared as such, and what is not given is empty.
fn alike(copy: &Value, original: Option<&Value>) -> bool {
    fn plain(value: &Value) -> Value {
        match value {
            Value::String(text) => match serde_json::from_str::<Value>(text) {
                Ok(inner @ (Value::Object(_) | Value::Array(_))) => plain(&inner),
                _ => value.clone(),
            },
            Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
            Value::Array(list) => {
                let mut list: Vec<Value> = list.iter().map(plain).collect();
                list.sort_by_key(Value::to_string);
                if list.len() == 1 { list.remove(0) } else { list.into() }
            }
            Value::Object(members) => {
                let given = members.iter().filter(|(_, value)| !value.is_null() && *value != "");
                let given: serde_json::Map<_, _> = given.map(|(name, value)| (name.clone(), plain(value))).collect();
                if given.is_empty() { Value::Null } else { given.into() }
            }
            _ => value.clone(),
        }
    }
    original.is_some_and(|original| plain(copy) == plain(original))
}

/// `smoke` on the example that is made for it: as deployed, under other readings of AWS, and broken.
fn smoke_probes_every_hop_without_root(shared: &Shared) -> Result<(), Failed> {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../terraform/examples/smoke");
    let own = OwnRoot { directory: example, var_files: Vec::new() };
    shared.runtime().block_on(async {
        let session = shared.session().await?;
        let deployment = session.deploy_own(&own).await.map_err(|error| error.to_string())?;
        let state: Value =
            serde_json::from_str(&deployment.terraform_state).map_err(|error| format!("the state: {error}"))?;
        let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
        let outputs = folder.path().join("outputs.json").display().to_string();
        std::fs::write(&outputs, state["outputs"].to_string()).map_err(|error| error.to_string())?;
        let fork = async |assumptions: Assumptions| {
            let cloud = serve(&deployment).await?;
            cloud.with(|state| state.assumptions = assumptions);
            Ok::<_, String>(cloud)
        };
        let smoke = |cloud: &Cloud| run_of(cloud, HUB, REGION, &["smoke", &outputs, "--format", "json"]);
        let failed = |report: &Value| -> Vec<String> {
            let checks = report["checks"].as_array().into_iter().flatten().filter(|check| check["passed"] == false);
            checks.filter_map(|check| check["name"].as_str().map(str::to_owned)).collect()
        };
        let settled = |report: &Value| -> Vec<Value> {
            let found = report["assumptions"].as_array().into_iter().flatten();
            found.map(|it| it["alternatives"].clone()).collect()
        };

        let (code, report, errors) = smoke(&fork(Assumptions::default()).await?)?;
        let expected = [json!(["role"]), json!(["present"]), json!(["true"])];
        if code != Some(0) || report["passed"] != true || settled(&report) != expected {
            return Err(format!("{code:?} {report:#} {errors}"));
        }
        let others = Assumptions {
            put_targets: PutTargets::Nobody,
            own_account_invocation: OwnAccountInvocation::Absent,
            queue_source_account: QueueSourceAccount::Absent,
            ..Assumptions::default()
        };
        let (code, report, errors) = smoke(&fork(others).await?)?;
        let expected = [json!(["nobody"]), json!(["absent"]), json!(["absent"])];
        if code != Some(0) || settled(&report) != expected {
            return Err(format!("{code:?} {report:#} {errors}"));
        }
        for (put_targets, name) in
            [(PutTargets::Caller, "caller"), (PutTargets::RoleWithoutEventKeys, "role-without-event-keys")]
        {
            let own_account_invocation = OwnAccountInvocation::False;
            let others = Assumptions { put_targets, own_account_invocation, ..Assumptions::default() };
            let (code, report, errors) = smoke(&fork(others).await?)?;
            if code != Some(0) || settled(&report) != [json!([name]), json!(["present"]), json!(["false"])] {
                return Err(format!("{code:?} {report:#} {errors}"));
            }
        }
        // Triage's queue takes nothing: heartbeats still come.
        let cloud = fork(Assumptions::default()).await?;
        let url = format!("https://sqs.{REGION}.amazonaws.com/{HUB}/rootwatch-smoke-triage");
        call(&cloud, HUB, "sqs", "SetQueueAttributes", json!({"QueueUrl": url, "Attributes": {"Policy": ""}}))?;
        let (code, report, errors) = smoke(&cloud)?;
        if code != Some(1) || failed(&report) != ["a change of the monitor raises an alert"] {
            return Err(format!("{code:?} {report:#} {errors}"));
        }
        // The bus takes what anybody in the organization puts there.
        let cloud = fork(Assumptions::default()).await?;
        let bus = "rootwatch-smoke";
        let open = json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "Open", "Effect": "Allow", "Principal": "*", "Action": "events:PutEvents",
            "Resource": format!("arn:aws:events:{REGION}:{HUB}:event-bus/{bus}")}]});
        call(&cloud, HUB, "events", "PutPermission", json!({"EventBusName": bus, "Policy": open.to_string()}))?;
        let (code, report, errors) = smoke(&cloud)?;
        if code != Some(1) || failed(&report) != ["an event that no rule of the monitor delivers is refused"] {
            return Err(format!("{code:?} {report:#} {errors}"));
        }
        let (code, _, errors) = run_of(&cloud, SPOKE, REGION, &["smoke", &outputs])?;
        if code != Some(3) || !errors.contains("the credentials are of account 111122223333") {
            return Err(format!("{code:?} {errors}"));
        }
        std::fs::write(&outputs, "{}").map_err(|error| error.to_string())?;
        let (code, _, errors) = smoke(&cloud)?;
        if code != Some(2) || !errors.contains("it has no output `smoke`") {
            return Err(format!("{code:?} {errors}"));
        }
        Ok(())
    })?;
    Ok(())
}

/// The example of a user's root module, deployed and then changed by hand.
fn drift_from_the_root_module_is_named(shared: &Shared) -> Result<(), Failed> {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../terraform/examples/own-root");
    let (directory, file) = (example.display().to_string(), example.join("prod.tfvars"));
    let own = OwnRoot { directory: example, var_files: vec![file.clone()] };
    shared.runtime().block_on(async {
        let session = shared.session().await?;
        let deployment = session.deploy_own(&own).await.map_err(|error| error.to_string())?;
        let accounts = deployment.facts.accounts.clone();
        let (hub, region) = (accounts.hub.as_str(), accounts.hub_region.as_str());
        let cloud = serve(&deployment).await?;
        let api = |service: &str, operation: &str, input: Value| {
            let service = Service::from_signing_name(service).ok_or("no such service")?;
            cloud.api(hub, region, service, operation, input).map_err(|error| format!("{operation}: {error}"))
        };
        // The harness's own queues are no part of what Terraform deployed.
        let found = api("sns", "ListSubscriptions", json!({}))?;
        for subscription in found["Subscriptions"].as_array().into_iter().flatten() {
            if subscription["Endpoint"].as_str().is_some_and(|endpoint| endpoint.contains(":probe-")) {
                api("sns", "Unsubscribe", json!({"SubscriptionArn": subscription["SubscriptionArn"]}))?;
            }
        }
        let file = file.display().to_string();
        let arguments = [
            "--spoke",
            &accounts.spoke,
            "--role",
            &accounts.deploy_role_name,
            "--external-id",
            &accounts.external_id,
            "--region",
            "us-east-1",
            "--terraform",
            &directory,
            "--var-file",
            &file,
        ];
        let (code, report, errors) = command(&cloud, hub, region, &arguments)?;
        if code != Some(0) || report["drift"] != json!([]) {
            return Err(format!("{code:?} {} {} {errors}", report["drift"], report["findings"]));
        }
        // Each record is of the account itself: no other account plays it.
        for probed in report["probed"].as_array().into_iter().flatten() {
            let trace = probed["outcome"]["trace"].to_string();
            let bus = format!(":{}:event-bus/default", probed["account"].as_str().unwrap_or_default());
            if !trace.contains(&bus) || probed["outcome"]["notes"] != json!([]) {
                return Err(format!("{probed:#}"));
            }
        }
        let url = format!("https://sqs.{region}.amazonaws.com/{hub}/acme-root-triage");
        let attributes = json!({"MessageRetentionPeriod": "60"});
        api("sqs", "SetQueueAttributes", json!({"QueueUrl": url, "Attributes": attributes}))?;
        let (code, report, errors) = command(&cloud, hub, region, &arguments)?;
        let expected = json!([{
            "resource": format!("arn:aws:sqs:{region}:{hub}:acme-root-triage"),
            "text": "CreateQueue Attributes.MessageRetentionPeriod: Terraform deploys \"604800\", found \"60\"",
        }]);
        match code == Some(1) && report["drift"] == expected {
            true => Ok(()),
            false => Err(format!("{code:?} {} {errors}", report["drift"])),
        }
    })?;
    Ok(())
}
