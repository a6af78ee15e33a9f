//! The operations' answers and refusals, as AWS words them.

use super::*;

#[test]
fn put_events_answers_entry_by_entry() {
    // [V] LS:events/test_events.snapshot.json::test_put_events_without_source and its siblings; the source rule is
    // aws-semantics 1.1
    let good = json!({"Source": "s", "DetailType": "t", "Detail": "{}"});
    let with = |member: &str, value: Value| {
        let mut entry = good.clone();
        entry[member] = value;
        entry
    };
    let without = |member: &str| {
        let mut entry = good.clone();
        entry.as_object_mut().unwrap().remove(member);
        entry
    };
    let required = |name: &str| format!("Parameter {name} is not valid. Reason: {name} is a required argument.");
    let malformed = "Detail is malformed.".to_owned();
    let cases = [
        (without("Source"), "InvalidArgument", required("Source")),
        (without("Detail"), "InvalidArgument", required("Detail")),
        (without("DetailType"), "InvalidArgument", required("DetailType")),
        (with("Detail", json!("\"text\"")), "MalformedDetail", malformed.clone()),
        (with("Detail", json!("[1]")), "MalformedDetail", malformed.clone()),
        (with("Detail", json!("{")), "MalformedDetail", malformed),
        (
            with("Source", json!("aws.signin")),
            "NotAuthorizedForSourceException",
            "Not authorized for the source.".into(),
        ),
    ];
    for (entry, code, message) in cases {
        let mut state = state();
        let answer = events(&mut state, "PutEvents", json!({"Entries": [entry, good]})).unwrap();
        assert_eq!(answer["FailedEntryCount"], 1, "{answer}");
        assert_eq!(answer["Entries"][0], json!({"ErrorCode": code, "ErrorMessage": message}));
        assert!(answer["Entries"][1]["EventId"].is_string(), "the other entry proceeds: {answer}");
    }
    let answer = events(&mut state(), "PutEvents", json!({"Entries": [with("Source", json!("aws"))]})).unwrap();
    assert_eq!(answer["FailedEntryCount"], 0, "a bare `aws` passes [?]: {answer}");
}

#[test]
fn put_events_refuses_too_much() {
    // [V] LS:events/test_events::test_put_events_exceed_limit_ten_entries, ::test_put_event_with_too_big_detail
    let entry = json!({"Source": "s", "DetailType": "t", "Detail": "{}", "EventBusName": "b"});
    let (code, message) = error(events(&mut state(), "PutEvents", json!({"Entries": vec![entry; 11]})));
    assert_eq!(code, "ValidationException");
    let one = "PutEventsRequestEntry(time=null, source=s, resources=null, detailType=t, detail={}, eventBusName=b, traceHeader=null, kmsKeyIdentifier=null, internalMetadata=null)";
    assert!(message.starts_with(&format!("1 validation error detected: Value '[{one}, {one}")), "{message}");
    assert!(
        message
            .ends_with("at 'entries' failed to satisfy constraint: Member must have length less than or equal to 10")
    );
    // [D] API_PutEvents for the limit; [V] ::test_put_event_with_too_big_detail for the text
    let put = |bytes: usize| {
        let envelope = r#"{"p":""}"#.len() + "st".len();
        let detail = json!({"p": "p".repeat(bytes - envelope)}).to_string();
        let entries = json!({"Entries": [{"Source": "s", "DetailType": "t", "Detail": detail}]});
        events(&mut state(), "PutEvents", entries)
    };
    assert!(put(1024 * 1024).is_ok());
    assert_eq!(error(put(1024 * 1024 + 1)).1, "Total size of the entries in the request is over the limit.");
}

#[test]
fn unknown_buses_and_missing_permissions() {
    // [V] LS:events/test_events::test_put_events_nonexistent_event_bus
    let mut state = state();
    put_event(&mut state, At(HUB, HERE), "nowhere");
    assert_eq!(outcomes(&state, Hop::Bus), [Outcome::Lost]);
    // aws-semantics 6.4: another account's bus without a policy
    let entry = json!({"Source": "s", "DetailType": "t", "Detail": "{}",
        "EventBusName": format!("arn:aws:events:{HERE}:{SPOKE}:event-bus/default")});
    let (code, message) = error(events(&mut state, "PutEvents", json!({"Entries": [entry]})));
    assert_eq!(code, "AccessDeniedException");
    assert!(message.contains("is not authorized to perform: events:PutEvents on resource"), "{message}");
    // [T] an ARN of another Region
    let entry = json!({"Source": "s", "DetailType": "t", "Detail": "{}",
        "EventBusName": format!("arn:aws:events:eu-west-1:{HUB}:event-bus/default")});
    assert_eq!(
        error(events(&mut state, "PutEvents", json!({"Entries": [entry]}))).1,
        "Cross-region API call is not allowed"
    );
}

#[test]
fn buses_are_made_described_listed_and_deleted() {
    // [V] LS:events/test_events::TestEventBus
    let mut state = state();
    let arn = format!("arn:aws:events:{HERE}:{HUB}:event-bus/b");
    let made = events(&mut state, "CreateEventBus", json!({"Name": "b", "Description": "d"})).unwrap();
    assert_eq!(made, json!({"EventBusArn": arn, "Description": "d"}));
    let cases = [
        ("CreateEventBus", json!({"Name": "b"}), "ResourceAlreadyExistsException", "Event bus b already exists."),
        ("DescribeEventBus", json!({"Name": "c"}), "ResourceNotFoundException", "Event bus c does not exist."),
        ("DeleteEventBus", json!({"Name": "default"}), "ValidationException", "Cannot delete event bus default."),
        (
            "PutPermission",
            json!({"EventBusName": "c", "Action": "events:PutEvents", "Principal": "*", "StatementId": "s"}),
            "ResourceNotFoundException",
            "Event bus c does not exist.",
        ),
        (
            "RemovePermission",
            json!({"EventBusName": "b", "StatementId": "s"}),
            "ResourceNotFoundException",
            "Statement with the provided id does not exist.",
        ),
        (
            "ListTagsForResource",
            json!({"ResourceARN": format!("arn:aws:events:{HERE}:{HUB}:rule/x")}),
            "ResourceNotFoundException",
            "Rule x does not exist on EventBus default.",
        ),
        (
            "DescribeRule",
            json!({"Name": "x"}),
            "ResourceNotFoundException",
            "Rule x does not exist on EventBus default.",
        ),
        (
            "PutRule",
            json!({"Name": "x", "ScheduleExpression": "rate(1 minutes)"}),
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
    ];
    for (operation, params, code, message) in cases {
        assert_eq!(error(events(&mut state, operation, params)), (code.to_owned(), message.to_owned()), "{operation}");
    }
    let listed = events(&mut state, "ListEventBuses", json!({})).unwrap();
    let names: Vec<_> = listed["EventBuses"].as_array().unwrap().iter().map(|bus| bus["Name"].clone()).collect();
    assert_eq!(names, ["b", "default"]);
    // The second time there is none. [V] LS:events/test_events::test_describe_delete_not_existing_event_bus
    for _ in 0..2 {
        events(&mut state, "DeleteEventBus", json!({"Name": "b"})).unwrap();
    }
    let listed = events(&mut state, "ListEventBuses", json!({"NamePrefix": "b"})).unwrap();
    assert_eq!(listed, json!({"EventBuses": []}));
}

#[test]
fn permissions_become_a_policy() {
    // [V] LS:events/test_events::test_put_permission, ::test_remove_permission
    let mut state = state();
    let bus = format!("arn:aws:events:{HERE}:{HUB}:event-bus/default");
    let put = |state: &mut State, sid: &str, principal: &str| {
        events(
            state,
            "PutPermission",
            json!({"Action": "events:PutEvents", "Principal": principal, "StatementId": sid}),
        )
        .unwrap();
    };
    put(&mut state, "one", SPOKE);
    put(&mut state, "two", HUB);
    put(&mut state, "two", "*");
    let policy = |state: &mut State| {
        let answer = events(state, "DescribeEventBus", json!({})).unwrap();
        answer["Policy"].as_str().map(|text| serde_json::from_str::<Value>(text).unwrap())
    };
    let statement = |sid: &str, principal: Value| json!({"Sid": sid, "Effect": "Allow", "Principal": principal, "Action": "events:PutEvents", "Resource": bus});
    let one = statement("one", json!({"AWS": format!("arn:aws:iam::{SPOKE}:root")}));
    assert_eq!(
        policy(&mut state),
        Some(json!({"Version": "2012-10-17", "Statement": [one, statement("two", json!("*"))]}))
    );
    events(&mut state, "RemovePermission", json!({"StatementId": "one"})).unwrap();
    events(&mut state, "RemovePermission", json!({"StatementId": "two"})).unwrap();
    assert_eq!(policy(&mut state), None);
}

#[test]
fn rules_and_targets_have_awss_answers() {
    // [V] LS:events/test_events::TestEventRule, ::TestEventTarget
    let mut state = state();
    events(&mut state, "CreateEventBus", json!({"Name": "b"})).unwrap();
    let arn = format!("arn:aws:events:{HERE}:{HUB}:rule/b/r");
    let pattern = "{\"source\":[\"s\"]}";
    let put =
        events(&mut state, "PutRule", json!({"Name": "r", "EventBusName": "b", "EventPattern": pattern})).unwrap();
    assert_eq!(put, json!({"RuleArn": arn}));
    let mut expected =
        json!({"Name": "r", "Arn": arn, "EventPattern": pattern, "State": "ENABLED", "EventBusName": "b"});
    assert_eq!(events(&mut state, "ListRules", json!({"EventBusName": "b"})).unwrap(), json!({"Rules": [expected]}));
    expected["CreatedBy"] = HUB.into();
    assert_eq!(events(&mut state, "DescribeRule", json!({"Name": "r", "EventBusName": "b"})).unwrap(), expected);
    let queue = Arn::of("sqs", &HERE.into(), &HUB.into(), "q");
    let put = |state: &mut State, targets: Value| {
        events(state, "PutTargets", json!({"Rule": "r", "EventBusName": "b", "Targets": targets}))
    };
    let many: Vec<Value> = (0..7).map(|n| json!({"Id": format!("t{n}"), "Arn": queue})).collect();
    assert_eq!(error(put(&mut state, json!(many))).0, "LimitExceededException");
    let id = |id: &str| json!([{"Id": id, "Arn": queue}]);
    let long = "x".repeat(65);
    let at = "at 'targets.1.member.id' failed to satisfy constraint: Member must";
    let cases = [
        (
            id("!@#$@!#$"),
            format!(
                r"1 validation error detected: Value '!@#$@!#$' {at} satisfy regular expression pattern: [\.\-_A-Za-z0-9]+"
            ),
        ),
        (id(&long), format!("1 validation error detected: Value '{long}' {at} have length less than or equal to 64")),
        (
            json!([{"Id": "t", "Arn": queue, "Input": "{}", "InputPath": "$"}]),
            "Only one of Input, InputPath, or InputTransformer must be provided for target t.".into(),
        ),
        (
            json!([{"Id": "t", "Arn": queue, "InputTransformer": {"InputTemplate": "\"<x>\""}}]),
            "InputTemplate for target t contains invalid placeholder x.".into(),
        ),
        (
            json!([{"Id": "t", "Arn": format!("arn:aws:events:{HERE}:{HUB}:event-bus/default"), "InputPath": "$"}]),
            "Modifying the input for target t is not supported".into(),
        ),
        (
            json!([{"Id": "t", "Arn": format!("arn:aws:events:eu-west-1:{HUB}:event-bus/default")}]),
            "RoleArn is required".into(),
        ),
    ];
    for (targets, message) in cases {
        assert_eq!(error(put(&mut state, targets)), ("ValidationException".into(), message));
    }
    let answer = put(&mut state, json!([{"Id": "t", "Arn": queue, "InputPath": "$.detail"}])).unwrap();
    assert_eq!(answer, json!({"FailedEntryCount": 0, "FailedEntries": []}));
    put(&mut state, json!([{"Id": "t", "Arn": queue}])).unwrap();
    let on = json!({"Rule": "r", "EventBusName": "b"});
    assert_eq!(
        events(&mut state, "ListTargetsByRule", on.clone()).unwrap(),
        json!({"Targets": [{"Id": "t", "Arn": queue}]})
    );
    let by_target = json!({"TargetArn": queue, "EventBusName": "b"});
    assert_eq!(events(&mut state, "ListRuleNamesByTarget", by_target).unwrap(), json!({"RuleNames": ["r"]}));
    let delete = json!({"Name": "r", "EventBusName": "b"});
    assert_eq!(
        error(events(&mut state, "DeleteRule", delete.clone())).1,
        "Rule can't be deleted since it has targets."
    );
    let remove = json!({"Rule": "r", "EventBusName": "b", "Ids": ["t"]});
    assert_eq!(
        events(&mut state, "RemoveTargets", remove).unwrap(),
        json!({"FailedEntryCount": 0, "FailedEntries": []})
    );
    events(&mut state, "DeleteRule", delete).unwrap();
}

#[test]
fn lists_come_in_pages() {
    // [V] LS:events/test_events::test_list_rule_with_limit
    let mut state = state();
    for n in 0..5 {
        events(&mut state, "PutRule", json!({"Name": format!("r{n}"), "EventPattern": "{\"source\":[\"s\"]}"}))
            .unwrap();
    }
    let mut names = Vec::new();
    let mut token = Value::Null;
    for size in [2, 2, 1] {
        let mut params = json!({"Limit": 2, "NamePrefix": "r"});
        if token.is_string() {
            params["NextToken"] = token.take();
        }
        let page = events(&mut state, "ListRules", params).unwrap();
        assert_eq!(page["Rules"].as_array().unwrap().len(), size);
        names.extend(page["Rules"].as_array().unwrap().iter().map(|rule| rule["Name"].as_str().unwrap().to_owned()));
        token = page["NextToken"].clone();
    }
    assert_eq!(names, ["r0", "r1", "r2", "r3", "r4"]);
    assert!(token.is_null());
    assert_eq!(error(events(&mut state, "ListRules", json!({"NextToken": "x"}))).0, "ValidationException");
}

#[test]
fn tags_belong_to_buses_and_rules() {
    // [V] LS:events/test_events_tags.snapshot.json
    let mut state = state();
    let pattern = "{\"source\":[\"s\"]}";
    let tags = json!([{"Key": "a", "Value": "1"}]);
    events(&mut state, "PutRule", json!({"Name": "r", "EventPattern": pattern, "Tags": tags})).unwrap();
    for (resource, before) in [("rule/r", 1), ("event-bus/default", 0)] {
        let arn = format!("arn:aws:events:{HERE}:{HUB}:{resource}");
        let list = |state: &mut State| {
            let answer = events(state, "ListTagsForResource", json!({"ResourceARN": arn})).unwrap();
            answer["Tags"].as_array().unwrap().clone()
        };
        assert_eq!(list(&mut state).len(), before, "{resource}");
        let two = json!([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]);
        events(&mut state, "TagResource", json!({"ResourceARN": arn, "Tags": two})).unwrap();
        assert_eq!(json!(list(&mut state)), two);
        events(&mut state, "UntagResource", json!({"ResourceARN": arn, "TagKeys": ["b", "none"]})).unwrap();
        assert_eq!(json!(list(&mut state)), json!([{"Key": "a", "Value": "1"}]));
    }
}

#[test]
fn test_event_pattern_wants_an_event() {
    // [V] LS:events/test_events_patterns::test_invalid_event_payload, ::test_plain_string_payload, ::test_array_event_payload
    let event = json!({"id": "i", "account": HUB, "source": "s", "time": "t", "region": HERE, "detail-type": "d"});
    let ask = |pattern: Value, event: &str| {
        events(&mut state(), "TestEventPattern", json!({"EventPattern": pattern.to_string(), "Event": event}))
    };
    assert_eq!(ask(json!({"source": ["s"]}), &event.to_string()).unwrap(), json!({"Result": true}));
    assert_eq!(ask(json!({"source": ["x"]}), &event.to_string()).unwrap(), json!({"Result": false}));
    let mut lacking = event.clone();
    lacking.as_object_mut().unwrap().remove("region");
    for bad in ["\"text\"", "text", "[]", &lacking.to_string()] {
        let expected = ("ValidationException".to_owned(), "Parameter Event is not valid.".to_owned());
        assert_eq!(error(ask(json!({"source": ["s"]}), bad)), expected, "{bad}");
    }
    let (code, message) = error(ask(json!({"source": "s"}), &event.to_string()));
    assert_eq!(code, "InvalidEventPatternException");
    assert_eq!(message, "Event pattern is not valid. Reason: \"source\" must be an object or an array");
}

/// [D] UG eb-scheduled-rule-pattern, eb-run-lambda-schedule: on virtual time, the default bus only, off while disabled
#[test]
fn a_scheduled_rule_sends_scheduled_events() {
    let mut state = state();
    let queue = queue(&mut state, At(HUB, HERE), "q", Some(json!({})));
    let put = json!({"Name": "beat", "ScheduleExpression": "rate(5 minutes)"});
    events(&mut state, "PutRule", put.clone()).unwrap();
    let targets = json!({"Rule": "beat", "Targets": [{"Id": "t", "Arn": queue}]});
    events(&mut state, "PutTargets", targets).unwrap();
    let bodies = |state: &mut State, queue: &Arn| -> Vec<Value> {
        let received = sqs::receive(state, queue, 10, None);
        for message in &received {
            sqs::delete(state, queue, &message.receipt_handle);
        }
        received.into_iter().map(|message| serde_json::from_str(&message.body).unwrap()).collect()
    };
    let shown = events(&mut state, "DescribeRule", json!({"Name": "beat"})).unwrap();
    assert_eq!((&shown["ScheduleExpression"], shown.get("EventPattern")), (&json!("rate(5 minutes)"), None));
    settle(&mut state, 299);
    assert_eq!(bodies(&mut state, &queue), Vec::<Value>::new());
    // The same rule once more does not start its schedule anew.
    events(&mut state, "PutRule", put).unwrap();
    settle(&mut state, 302);
    let sent = bodies(&mut state, &queue);
    let times: Vec<_> = sent.iter().map(|event| event["time"].as_str().unwrap()).collect();
    assert_eq!(times, ["2026-03-02T09:19:07Z", "2026-03-02T09:24:07Z"]);
    assert_eq!((&sent[0]["source"], &sent[0]["detail-type"]), (&json!("aws.events"), &json!("Scheduled Event")));
    assert_eq!(sent[0]["resources"], json!([shown["Arn"]]));
    events(&mut state, "DisableRule", json!({"Name": "beat"})).unwrap();
    settle(&mut state, 600);
    assert_eq!(bodies(&mut state, &queue), Vec::<Value>::new());
    events(&mut state, "EnableRule", json!({"Name": "beat"})).unwrap();
    settle(&mut state, 300);
    assert_eq!(bodies(&mut state, &queue).len(), 1);
    // In another time a rate keeps its distance, and a cron expression its time of day.
    let daily = json!({"Name": "daily", "ScheduleExpression": "cron(0 10 * * ? *)"});
    let daily = events(&mut state, "PutRule", daily).unwrap();
    events(&mut state, "PutTargets", json!({"Rule": "daily", "Targets": [{"Id": "t", "Arn": queue}]})).unwrap();
    state.rebase(Time::parse("2026-05-01T09:58:00Z").unwrap());
    settle(&mut state, 300);
    let sent = bodies(&mut state, &queue);
    let times: Vec<_> = sent.iter().map(|event| (event["time"].as_str().unwrap(), &event["resources"][0])).collect();
    assert_eq!(times, [("2026-05-01T10:00:00Z", &daily["RuleArn"]), ("2026-05-01T10:02:59Z", &shown["Arn"])]);
    events(&mut state, "CreateEventBus", json!({"Name": "own"})).unwrap();
    let custom = json!({"Name": "beat", "EventBusName": "own", "ScheduleExpression": "rate(5 minutes)"});
    let error = events(&mut state, "PutRule", custom).unwrap_err();
    assert_eq!(error.message, "ScheduleExpression is supported only on the default event bus.");
}
