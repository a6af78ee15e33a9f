//! Over accounts and Regions: forwarding, and everything that it needs.

use super::*;

#[test]
fn an_event_is_forwarded_once_and_its_id_stays_within_the_region() {
    // [V] dataGriff: THIRD_ACCOUNT_HOP_DETECTED in one account
    let mut state = state();
    let at = At(HUB, HERE);
    for bus in ["one", "two"] {
        events(&mut state, "CreateEventBus", json!({"Name": bus})).unwrap();
    }
    let bus = |name: &str| format!("arn:aws:events:{HERE}:{HUB}:event-bus/{name}");
    let seen = queue(&mut state, at, "seen", Some(json!({})));
    let dead = queue(&mut state, at, "dead", Some(json!({})));
    let pattern = json!({"source": ["s"]});
    rule(&mut state, at, "default", "to-one", pattern.clone(), json!({"Id": "t", "Arn": bus("one")})).unwrap();
    rule(&mut state, at, "one", "seen", pattern.clone(), json!({"Id": "t", "Arn": seen})).unwrap();
    let target = json!({"Id": "t", "Arn": bus("two"), "DeadLetterConfig": {"Arn": dead}});
    rule(&mut state, at, "one", "to-two", pattern, target).unwrap();
    let id = put_event(&mut state, at, "default");
    settle(&mut state, 0);
    assert_eq!(bodies(&mut state, &seen)[0]["id"], id);
    let received = sqs::receive(&mut state, &dead, 1, None);
    let text: Vec<_> =
        received[0].message_attributes.iter().filter_map(|(_, value)| value.string_value.clone()).collect();
    assert!(text.contains(&"THIRD_ACCOUNT_HOP_DETECTED".to_owned()), "{text:?}");
    assert!(text.iter().any(|text| text.contains("sent to an event bus target only once")), "{text:?}");
}

#[test]
fn targets_of_another_region_fail_at_delivery() {
    // [T] ministack: accepted at PutTargets, then FailedInvocations
    let mut state = state();
    let target = json!({"Id": "t", "Arn": format!("arn:aws:sqs:eu-west-1:{HUB}:q")});
    rule(&mut state, At(HUB, HERE), "default", "r", json!({"source": ["s"]}), target).unwrap();
    put_event(&mut state, At(HUB, HERE), "default");
    settle(&mut state, 0);
    let found = entries(&state, Hop::Target);
    assert_eq!(found[0].outcome, Outcome::Lost);
    assert!(found[0].detail.contains("must be in the same Region"), "{}", found[0]);
}

#[test]
fn ids_are_new_across_regions_and_account_and_region_stay() {
    // [V] LS:events/test_events_cross_account_region::test_event_bus_to_event_bus_cross_account_region
    let event = Event::new(json!({"id": "old", "account": SPOKE, "region": HERE}));
    let there = event.forwarded(Some("new".into()));
    assert_eq!(*there.envelope(), json!({"id": "new", "account": SPOKE, "region": HERE}));
    assert!(there.forwarded && event.forwarded(None).id() == "old" && !event.forwarded);
}

const ORGANIZATION: &str = "o-rootwatch01";

/// A spoke's rule that forwards to the hub's bus, as a deployment has it, with each part as given.
struct Forwarding {
    trust: Value,
    permission: Value,
    bus_policy: Value,
    region: &'static str,
}

impl Forwarding {
    fn good() -> Self {
        Self {
            trust: json!({"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole",
                "Condition": {"StringEquals": {"aws:SourceAccount": SPOKE},
                    "ArnLike": {"aws:SourceArn": format!("arn:aws:events:*:{SPOKE}:rule/forward")}}}),
            permission: json!({"Effect": "Allow", "Action": "events:PutEvents", "Resource": Self::bus()}),
            bus_policy: json!({"Effect": "Allow", "Principal": "*", "Action": "events:PutEvents", "Resource": Self::bus(),
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}, "StringLike": {"events:source": "aws.*"},
                    "Bool": {"events:eventBusInvocation": "true"},
                    "ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/forward", "aws:SourceArn": "arn:aws:events:*:*:rule/forward"}}}),
            region: HERE,
        }
    }

    fn bus() -> Arn {
        Arn::of("events", &HERE.into(), &HUB.into(), "event-bus/hub")
    }

    /// Deploys it. The answer is that of the spoke's PutTargets.
    fn deploy(&self, state: &mut State) -> Result<Value, ApiError> {
        let document = |statement: &Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let spoke = At(SPOKE, self.region);
        let members = [(HUB, "hub"), (SPOKE, "spoke")];
        state.organizations.create(ORGANIZATION, "999900001111", &members);
        let role = json!({"RoleName": "forward", "AssumeRolePolicyDocument": document(&self.trust)});
        call(state, spoke, Service::Iam, "CreateRole", role).unwrap();
        let inline = json!({"RoleName": "forward", "PolicyName": "p", "PolicyDocument": document(&self.permission)});
        call(state, spoke, Service::Iam, "PutRolePolicy", inline).unwrap();
        events(state, "CreateEventBus", json!({"Name": "hub"})).unwrap();
        if !self.bus_policy.is_null() {
            let put = json!({"EventBusName": "hub", "Policy": document(&self.bus_policy)});
            events(state, "PutPermission", put).unwrap();
        }
        let seen = queue(state, At(HUB, HERE), "seen", Some(json!({})));
        let pattern = json!({"source": [{"prefix": "aws."}]});
        rule(state, At(HUB, HERE), "hub", "seen", pattern.clone(), json!({"Id": "t", "Arn": seen})).unwrap();
        queue(state, spoke, "dead", Some(json!({})));
        let dead = Arn::of("sqs", &self.region.into(), &SPOKE.into(), "dead");
        let role = format!("arn:aws:iam::{SPOKE}:role/forward");
        let target = json!({"Id": "t", "Arn": Self::bus(), "RoleArn": role, "DeadLetterConfig": {"Arn": dead}});
        rule(state, spoke, "default", "forward", pattern, target)
    }

    /// Puts an event of a service on the spoke's default bus; what the hub saw, and the code in the dead-letter queue.
    fn send(&self, state: &mut State) -> (Vec<Value>, Option<String>) {
        let event = json!({"id": "the-id", "source": "aws.signin", "detail-type": "t", "detail": {}});
        put_service_event(state, &SPOKE.into(), &self.region.into(), event);
        settle(state, 0);
        let seen = bodies(state, &Arn::of("sqs", &HERE.into(), &HUB.into(), "seen"));
        let dead = sqs::receive(state, &Arn::of("sqs", &self.region.into(), &SPOKE.into(), "dead"), 1, None);
        let attributes = dead.into_iter().flat_map(|message| message.message_attributes);
        let code =
            attributes.into_iter().find(|(name, _)| name == "ERROR_CODE").and_then(|(_, value)| value.string_value);
        (seen, code)
    }
}

#[test]
fn a_spoke_forwards_to_the_hub() {
    // [V] LS:events/test_events_cross_account_region: account and Region stay, the id only within the Region
    for (region, same_id) in [(HERE, true), ("eu-west-1", false)] {
        let mut state = state();
        let forwarding = Forwarding { region, ..Forwarding::good() };
        forwarding.deploy(&mut state).unwrap();
        let (seen, dead) = forwarding.send(&mut state);
        assert_eq!((seen.len(), dead), (1, None), "{region}");
        assert_eq!((&seen[0]["account"], &seen[0]["region"]), (&json!(SPOKE), &json!(region)));
        assert_eq!(seen[0]["id"] == "the-id", same_id, "{region}: {}", seen[0]["id"]);
    }
}

#[test]
fn each_missing_part_of_forwarding_is_named() {
    // [D] UG eb-cross-account; each case breaks one part after PutTargets has succeeded
    let document = |statement: Value| json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
    let bus_with = |operator: &str, key: &str, value: &str| {
        let mut policy = Forwarding::good().bus_policy;
        policy["Condition"][operator][key] = value.into();
        policy
    };
    let hub = At(HUB, HERE);
    let put_policy = |policy: Value| {
        (hub, Service::EventBridge, "PutPermission", json!({"EventBusName": "hub", "Policy": document(policy)}))
    };
    let spoke = At(SPOKE, HERE);
    let cases = [
        (
            (spoke, Service::Iam, "DeleteRolePolicy", json!({"RoleName": "forward", "PolicyName": "p"})),
            "NO_PERMISSIONS",
            "no identity-based policy allows the events:PutEvents action",
        ),
        (
            (
                spoke,
                Service::Iam,
                "UpdateAssumeRolePolicy",
                json!({"RoleName": "forward", "PolicyDocument": document(
            json!({"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}))}),
            ),
            "FAILED_TO_ASSUME_ROLE",
            "sts:AssumeRole",
        ),
        (
            (
                hub,
                Service::EventBridge,
                "RemovePermission",
                json!({"EventBusName": "hub", "RemoveAllPermissions": true}),
            ),
            "NO_PERMISSIONS",
            "no resource-based policy allows the events:PutEvents action",
        ),
        (
            put_policy(bus_with("StringEquals", "aws:PrincipalOrgID", "o-other")),
            "NO_PERMISSIONS",
            "no resource-based policy",
        ),
        (put_policy(bus_with("StringLike", "events:source", "custom.*")), "NO_PERMISSIONS", "no resource-based policy"),
        (
            put_policy(bus_with("Bool", "events:eventBusInvocation", "false")),
            "NO_PERMISSIONS",
            "no resource-based policy",
        ),
        (
            put_policy(bus_with("ArnLike", "aws:SourceArn", "arn:aws:events:*:*:rule/other")),
            "NO_PERMISSIONS",
            "no resource-based policy",
        ),
    ];
    for ((at, service, operation, params), code, why) in cases {
        let mut state = state();
        let forwarding = Forwarding::good();
        forwarding.deploy(&mut state).unwrap();
        call(&mut state, at, service, operation, params.clone()).unwrap();
        let (seen, dead) = forwarding.send(&mut state);
        assert_eq!((seen.len(), dead.as_deref()), (0, Some(code)), "{operation} {params}");
        let found = entries(&state, Hop::Target);
        assert_eq!(found.last().map(|entry| entry.outcome), Some(Outcome::DeadLettered));
        assert!(found.iter().any(|entry| entry.to_string().contains(why)), "{operation} {params}: {found:#?}");
    }
}

#[test]
fn put_targets_asks_the_destination() {
    // [T] modernisation-platform-environments PR 19002; conditions on the event itself cannot be asked yet
    let with = |operator: &str, key: &str, value: &str| {
        let mut policy = Forwarding::good().bus_policy;
        policy["Condition"][operator][key] = value.into();
        policy
    };
    let cases = [
        (HERE, Forwarding::good().bus_policy, true),
        ("eu-west-1", Forwarding::good().bus_policy, true),
        (HERE, Value::Null, false),
        (HERE, with("StringEquals", "aws:PrincipalOrgID", "o-other"), false),
        (HERE, with("Bool", "events:eventBusInvocation", "false"), false),
        (HERE, with("StringLike", "events:source", "something"), true),
    ];
    for (region, bus_policy, taken) in cases {
        let forwarding = Forwarding { region, bus_policy: bus_policy.clone(), ..Forwarding::good() };
        let answer = forwarding.deploy(&mut state());
        assert_eq!(answer.is_ok(), taken, "{region} {bus_policy}: {answer:?}");
        if !taken {
            let (code, message) = error(answer);
            assert_eq!(code, "AccessDeniedException");
            assert!(
                message.contains("because no resource-based policy allows the events:PutEvents action"),
                "{message}"
            );
        }
    }
}

#[test]
fn another_account_cannot_forge_an_event() {
    // [D] UG eb-use-conditions: a PutEvents call of another account is no invocation by a rule (eventBusInvocation)
    let mut state = state();
    Forwarding::good().deploy(&mut state).unwrap();
    let entry = json!({"Source": "signin", "DetailType": "t", "Detail": "{}", "EventBusName": Forwarding::bus()});
    let answer = call(&mut state, At(SPOKE, HERE), Service::EventBridge, "PutEvents", json!({"Entries": [entry]}));
    assert_eq!(error(answer).0, "AccessDeniedException");
}
