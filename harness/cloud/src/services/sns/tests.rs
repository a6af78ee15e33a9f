//! SNS through its API and the whole way to a subscription, on a state of its own.

use std::time::Duration;

use serde_json::{Value, json};

use super::{Publish, confirm_email, mailbox, posted, publish};
use crate::api::{ApiError, Protocol, Service, testing};
use crate::id::{Arn, Region};
use crate::runtime::{Effect, Post};
use crate::services::{DeliveryError, sqs};
use crate::state::State;
use crate::time::Time;
use crate::trace::{Entry, Hop, Outcome};
use rootwatch_policy::{Context, Principal};

const HUB: &str = "999988887777";
const SPOKE: &str = "111122223333";
const TOPIC: &str = "arn:aws:sns:us-east-1:999988887777:t";

fn state() -> State {
    State::new(Time::parse("2026-03-02T09:14:07Z").unwrap(), 1)
}

fn call_as(
    state: &mut State,
    account: &str,
    service: Service,
    operation: &str,
    params: Value,
) -> Result<Value, ApiError> {
    let protocol = if service == Service::Sqs { Protocol::Json10 } else { Protocol::Query };
    testing::call(
        state,
        testing::administrator(account),
        (account, "us-east-1"),
        (service, protocol),
        operation,
        params,
    )
}

fn sns(state: &mut State, operation: &str, params: Value) -> Result<Value, ApiError> {
    call_as(state, HUB, Service::Sns, operation, params)
}

fn topic(state: &mut State) {
    sns(state, "CreateTopic", json!({"Name": "t"})).unwrap();
}

/// A queue that admits the topic, or nobody.
fn queue(state: &mut State, name: &str, admits: bool) -> Arn {
    let arn = Arn::of("sqs", &"us-east-1".into(), &HUB.into(), name);
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": TOPIC}},
    }]});
    let attributes = if admits { json!({"Policy": policy.to_string()}) } else { json!({}) };
    call_as(state, HUB, Service::Sqs, "CreateQueue", json!({"QueueName": name, "Attributes": attributes})).unwrap();
    arn
}

fn subscribe(state: &mut State, protocol: &str, endpoint: &str, attributes: Value) -> String {
    let params = json!({"TopicArn": TOPIC, "Protocol": protocol, "Endpoint": endpoint, "Attributes": attributes, "ReturnSubscriptionArn": "true"});
    sns(state, "Subscribe", params).unwrap()["SubscriptionArn"].as_str().unwrap().to_owned()
}

fn settle(state: &mut State, seconds: u64) {
    let until = state.now + Duration::from_secs(seconds);
    while let Some(due) = state.next_due().filter(|due| *due <= until) {
        state.now = state.now.max(due);
        while state.step() {}
        answer(state, Err("no answer"));
    }
    state.now = until;
}

/// Answers every HTTP request that is under way; what was asked.
fn answer(state: &mut State, answer: Result<u16, &str>) -> Vec<Post> {
    let posts = state.take_effects().into_iter().filter_map(|effect| match effect {
        Effect::Post(post) => Some(*post),
        _ => None,
    });
    let posts: Vec<Post> = posts.collect();
    for post in &posts {
        posted(state, post.purpose.clone(), answer.map_err(str::to_owned));
    }
    posts
}

fn bodies(state: &mut State, queue: &Arn) -> Vec<String> {
    sqs::receive(state, queue, 10, None).into_iter().map(|message| message.body).collect()
}

fn outcomes(state: &State, hop: Hop) -> Vec<Outcome> {
    state.entries().filter(|entry| entry.hop == hop).map(|entry| entry.outcome).collect()
}

fn as_service(state: &mut State, service: &str, context: Context) -> Result<String, DeliveryError> {
    let principal = Principal::Service { name: service.into() };
    let (region, topic) = (Region::new("us-east-1"), Arn::new(TOPIC));
    let publish_ = Publish {
        principal: &principal,
        region: &region,
        topic: &topic,
        subject: None,
        message: "m".into(),
        attributes: vec![],
        context,
    };
    publish(state, Hop::Target, publish_)
}

#[test]
fn a_message_reaches_a_queue_in_its_envelope_or_raw() {
    // [V] LS:sns/test_publish_sqs_from_sns, ::test_attribute_raw_subscribe
    let mut state = state();
    topic(&mut state);
    let enveloped = queue(&mut state, "enveloped", true);
    let raw = queue(&mut state, "raw", true);
    subscribe(&mut state, "sqs", enveloped.as_str(), json!({}));
    subscribe(&mut state, "sqs", raw.as_str(), json!({"RawMessageDelivery": "true"}));
    let attributes = json!({"attr1": {"DataType": "Number", "StringValue": "99.12"}});
    let published = json!({"TopicArn": TOPIC, "Message": "Test msg", "Subject": "s", "MessageAttributes": attributes});
    let id = sns(&mut state, "Publish", published).unwrap()["MessageId"].clone();
    settle(&mut state, 0);
    let envelope: Value = serde_json::from_str(&bodies(&mut state, &enveloped)[0]).unwrap();
    assert_eq!(
        (&envelope["MessageId"], &envelope["Message"], &envelope["Subject"]),
        (&id, &json!("Test msg"), &json!("s"))
    );
    assert_eq!(envelope["MessageAttributes"], json!({"attr1": {"Type": "Number", "Value": "99.12"}}));
    let received = sqs::receive(&mut state, &raw, 1, None);
    assert_eq!(received[0].body, "Test msg");
    assert_eq!(received[0].message_attributes[0].1.string_value.as_deref(), Some("99.12"));
    assert_eq!(outcomes(&state, Hop::Topic), [Outcome::Delivered]);
    assert_eq!(outcomes(&state, Hop::Subscription), [Outcome::Delivered, Outcome::Delivered]);
    assert!(state.entries().find(|entry| entry.hop == Hop::Topic).is_some_and(|entry| entry.decision.is_some()));
}

#[test]
fn a_filter_policy_lets_through_what_it_names() {
    // [D] sns-subscription-filter-policies
    let mut state = state();
    topic(&mut state);
    let q = queue(&mut state, "q", true);
    let attributes = json!({"FilterPolicy": "{\"alert_type\":[\"login\"]}", "RawMessageDelivery": "true"});
    let subscription = subscribe(&mut state, "sqs", q.as_str(), attributes);
    for kind in ["login", "activity"] {
        let attributes = json!({"alert_type": {"DataType": "String", "StringValue": kind}});
        sns(&mut state, "Publish", json!({"TopicArn": TOPIC, "Message": kind, "MessageAttributes": attributes}))
            .unwrap();
    }
    settle(&mut state, 0);
    assert_eq!(bodies(&mut state, &q), ["login"]);
    let entry = state.entries().find(|entry| entry.outcome == Outcome::NotMatched).unwrap();
    assert_eq!(entry.resource, subscription);
    assert!(entry.detail.contains("`alert_type`") && entry.detail.contains("activity"), "{}", entry.detail);
}

#[test]
fn services_need_the_topic_policy() {
    // [D] sns-access-policy-use-cases: CloudWatch sets SourceOwner, which the default policy asks for, EventBridge does not
    let owner = Context::new().with("aws:SourceOwner", HUB);
    let events = |condition: Value| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Sid": "events", "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sns:Publish", "Resource": TOPIC, "Condition": condition,
        }]})
        .to_string()
    };
    let bare = events(json!({}));
    let conditioned = events(json!({"ArnEquals": {"aws:SourceArn": "arn:aws:events:us-east-1:999988887777:rule/r"}}));
    let (cloudwatch, eventbridge) = ("cloudwatch.amazonaws.com", "events.amazonaws.com");
    for (policy, service, context, allowed) in [
        (None, cloudwatch, owner.clone(), true),
        (None, eventbridge, Context::new(), false),
        (Some(&bare), eventbridge, Context::new(), true),
        // the documented surprise: EventBridge supplies no source on this edge
        (Some(&conditioned), eventbridge, Context::new(), false),
        // a policy of one's own replaces the default
        (Some(&bare), cloudwatch, owner, false),
    ] {
        let mut state = state();
        topic(&mut state);
        if let Some(policy) = policy {
            let set = json!({"TopicArn": TOPIC, "AttributeName": "Policy", "AttributeValue": policy});
            sns(&mut state, "SetTopicAttributes", set).unwrap();
        }
        let result = as_service(&mut state, service, context);
        assert_eq!(result.is_ok(), allowed, "{policy:?} {service}: {result:?}");
        if !allowed {
            assert_eq!(result.unwrap_err().code, "AuthorizationError");
            assert_eq!(outcomes(&state, Hop::Target), [Outcome::Denied]);
        }
    }
}

#[test]
fn another_account_is_refused_in_aws_words() {
    let mut state = state();
    topic(&mut state);
    let error =
        call_as(&mut state, SPOKE, Service::Sns, "Publish", json!({"TopicArn": TOPIC, "Message": "m"})).unwrap_err();
    assert_eq!((error.status, error.code.as_str()), (403, "AuthorizationError"));
    // [T] public traces: upper-case SNS
    assert_eq!(
        error.message,
        "User: arn:aws:iam::111122223333:user/administrator is not authorized to perform: SNS:Publish on resource: \
         arn:aws:sns:us-east-1:999988887777:t because no resource-based policy allows the SNS:Publish action"
    );
}

#[test]
fn a_refusing_queue_sends_the_message_to_the_dead_letter_queue_at_once() {
    // [D] sns-dead-letter-queues: client-side errors are not retried
    let dlq = "arn:aws:sqs:us-east-1:999988887777:dlq";
    for (raw, admits, expected) in
        [(false, true, Outcome::DeadLettered), (true, true, Outcome::DeadLettered), (false, false, Outcome::Lost)]
    {
        let mut state = state();
        topic(&mut state);
        let refusing = queue(&mut state, "refusing", false);
        let dead = queue(&mut state, "dlq", admits);
        let attributes = json!({"RawMessageDelivery": raw.to_string(), "RedrivePolicy": json!({"deadLetterTargetArn": dlq}).to_string()});
        subscribe(&mut state, "sqs", refusing.as_str(), attributes);
        let attributes = json!({"attr1": {"DataType": "Number", "StringValue": "111"}});
        sns(&mut state, "Publish", json!({"TopicArn": TOPIC, "Message": "m", "MessageAttributes": attributes}))
            .unwrap();
        settle(&mut state, 0);
        let tried = outcomes(&state, Hop::Subscription);
        let last = tried.iter().rev().find(|outcome| **outcome != Outcome::Denied);
        assert_eq!((tried.contains(&Outcome::Failed), last), (true, Some(&expected)), "raw {raw}: {tried:?}");
        let dead = sqs::receive(&mut state, &dead, 10, None);
        match (admits, raw) {
            (false, _) => assert_eq!(dead.len(), 0),
            // [V] LS:sns/test_redrive_policy_sqs_queue_subscription
            (true, true) => assert_eq!((dead[0].body.as_str(), dead[0].message_attributes.len()), ("m", 1)),
            (true, false) => {
                assert!(dead[0].body.contains("\"Type\":\"Notification\"") && dead[0].message_attributes.is_empty())
            }
        }
    }
}

#[test]
fn an_endpoint_that_does_not_answer_is_tried_again() {
    // [D] sns-message-delivery-retries: HTTP 3 retries 20 s apart
    let mut state = state();
    topic(&mut state);
    let dlq = queue(&mut state, "dlq", true);
    let redrive = json!({"deadLetterTargetArn": dlq}).to_string();
    let arn = subscribe(&mut state, "https", "https://example.com/hook", json!({"RedrivePolicy": redrive}));
    state.sns.subscriptions.get_mut(arn.as_str()).unwrap().pending = false;
    let start = state.now;
    sns(&mut state, "Publish", json!({"TopicArn": TOPIC, "Message": "m"})).unwrap();
    settle(&mut state, 3600);
    let tried: Vec<&Entry> = state.entries().filter(|e| e.resource == arn && e.detail.starts_with("message")).collect();
    let seen: Vec<_> = tried.iter().map(|entry| (entry.outcome, (entry.at - start).as_secs())).collect();
    assert_eq!(
        seen,
        [
            (Outcome::Retried, 0),
            (Outcome::Retried, 20),
            (Outcome::Retried, 40),
            (Outcome::Failed, 60),
            (Outcome::DeadLettered, 60)
        ]
    );
    assert_eq!(bodies(&mut state, &dlq).len(), 1);
}

/// [V] LS:sns/test_subscribe_external_http_endpoint; [D] sns-message-and-json-formats, SendMessageToHttp.prepare
#[test]
fn an_http_endpoint_confirms_and_receives() {
    let mut state = state();
    topic(&mut state);
    let arn = subscribe(&mut state, "http", "http://127.0.0.1:9/hook", json!({}));
    while state.step() {}
    let asked = answer(&mut state, Ok(200)).remove(0);
    let header = |post: &Post, name: &str| post.headers.iter().find(|(key, _)| key == name).map(|(_, it)| it.clone());
    assert_eq!(asked.url, "http://127.0.0.1:9/hook");
    assert_eq!(header(&asked, "x-amz-sns-message-type").as_deref(), Some("SubscriptionConfirmation"));
    assert_eq!(header(&asked, "x-amz-sns-subscription-arn"), None, "it has none before it is confirmed");
    let body: Value = serde_json::from_str(&asked.body).unwrap();
    for member in ["MessageId", "SubscribeURL", "Signature", "SigningCertURL", "SignatureVersion", "Timestamp"] {
        assert!(body[member].is_string(), "{member}");
    }
    let published = json!({"TopicArn": TOPIC, "Message": "m", "Subject": "s"});
    sns(&mut state, "Publish", published.clone()).unwrap();
    while state.step() {}
    assert_eq!(answer(&mut state, Ok(200)).len(), 0, "nothing before it is confirmed");
    assert!(state.entries().any(|entry| entry.resource == arn && entry.detail.contains("not confirmed")));
    let confirmed = sns(&mut state, "ConfirmSubscription", json!({"TopicArn": TOPIC, "Token": body["Token"]})).unwrap();
    assert_eq!(confirmed["SubscriptionArn"], json!(arn));
    sns(&mut state, "Publish", published.clone()).unwrap();
    while state.step() {}
    let told = answer(&mut state, Ok(200)).remove(0);
    assert_eq!(header(&told, "x-amz-sns-message-type").as_deref(), Some("Notification"));
    assert_eq!(header(&told, "x-amz-sns-subscription-arn"), Some(arn.clone()));
    assert_eq!(header(&told, "content-type").as_deref(), Some("text/plain; charset=UTF-8"));
    assert_eq!(header(&told, "x-amz-sns-rawdelivery"), None);
    let body: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!((&body["Type"], &body["Message"], &body["Subject"]), (&json!("Notification"), &json!("m"), &json!("s")));
    // Raw: the bare message, and a header that says so. The content type is the policy's.
    let policy = json!({"requestPolicy": {"headerContentType": "application/json"}}).to_string();
    for (name, value) in [("RawMessageDelivery", "true"), ("DeliveryPolicy", policy.as_str())] {
        let params = json!({"SubscriptionArn": arn, "AttributeName": name, "AttributeValue": value});
        sns(&mut state, "SetSubscriptionAttributes", params).unwrap();
    }
    sns(&mut state, "Publish", published).unwrap();
    while state.step() {}
    let told = answer(&mut state, Ok(404)).remove(0);
    assert_eq!((told.body.as_str(), header(&told, "x-amz-sns-rawdelivery").as_deref()), ("m", Some("true")));
    assert_eq!(header(&told, "content-type").as_deref(), Some("application/json"));
    // A client's error is final.
    assert_eq!(state.next_delivery_due(), None);
    assert!(
        state.entries().any(|e| e.resource == arn && e.outcome == Outcome::Lost && e.detail.contains("dead-letter"))
    );
    // Unsubscribed, the endpoint is told, again where it does not answer, and may take it back by the link.
    sns(&mut state, "Unsubscribe", json!({"SubscriptionArn": arn})).unwrap();
    while state.step() {}
    assert_eq!(answer(&mut state, Ok(503)).len(), 1);
    state.now = state.next_due().unwrap();
    while state.step() {}
    let told = answer(&mut state, Ok(200)).remove(0);
    assert_eq!(header(&told, "x-amz-sns-message-type").as_deref(), Some("UnsubscribeConfirmation"));
    let body: Value = serde_json::from_str(&told.body).unwrap();
    assert_eq!(body["Type"], "UnsubscribeConfirmation");
    assert!(
        body["Message"].as_str().unwrap().starts_with(&format!("You have chosen to deactivate subscription {arn}."))
    );
    assert_eq!(state.next_delivery_due(), None);
    let listed = |state: &mut State| sns(state, "ListSubscriptions", json!({})).unwrap()["Subscriptions"].clone();
    assert_eq!(listed(&mut state), json!([]));
    let restored = sns(&mut state, "ConfirmSubscription", json!({"TopicArn": TOPIC, "Token": body["Token"]})).unwrap();
    assert_eq!(restored["SubscriptionArn"], json!(arn));
    assert_eq!(listed(&mut state)[0]["SubscriptionArn"], json!(arn));
}

#[test]
fn mail_waits_for_its_confirmation() {
    // [D] API_Subscribe; [V] LS:sns/test_publish_no_confirm_subscription
    let mut state = state();
    topic(&mut state);
    let (arn, address) = (Arn::new(TOPIC), "security@example.com");
    let subscription = subscribe(&mut state, "email", address, json!({}));
    assert_eq!(
        sns(&mut state, "ListSubscriptions", json!({})).unwrap()["Subscriptions"][0]["SubscriptionArn"],
        "PendingConfirmation"
    );
    let published = json!({"TopicArn": TOPIC, "Message": "hello", "Subject": "subject"});
    sns(&mut state, "Publish", published.clone()).unwrap();
    settle(&mut state, 0);
    assert_eq!(mailbox(&state).len(), 0);
    assert!(state.entries().any(|entry| entry.resource == subscription && entry.detail.contains("not confirmed")));
    let error = sns(&mut state, "Unsubscribe", json!({"SubscriptionArn": subscription})).unwrap_err();
    assert!(error.message.contains("Cannot unsubscribe a subscription that is pending confirmation"));
    assert!(!confirm_email(&mut state, &arn, "other@example.com"));
    assert!(confirm_email(&mut state, &arn, address));
    sns(&mut state, "Publish", published).unwrap();
    settle(&mut state, 0);
    let mail = &mailbox(&state)[0];
    assert_eq!((mail.address.as_str(), mail.subject.as_str(), &mail.topic), (address, "subject", &arn));
    assert!(mail.body.starts_with("hello\n\n--\n"));
}

#[test]
fn a_queue_of_another_account_is_asked_to_confirm() {
    // [D] sns-send-message-to-sqs-cross-account
    let mut state = state();
    topic(&mut state);
    let queue = "arn:aws:sqs:us-east-1:111122223333:theirs";
    let policy = json!({"Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*",
        "Condition": {"StringEquals": {"aws:SourceAccount": HUB}},
    }]});
    let create = json!({"QueueName": "theirs", "Attributes": {"Policy": policy.to_string()}});
    call_as(&mut state, SPOKE, Service::Sqs, "CreateQueue", create).unwrap();
    let subscription = subscribe(&mut state, "sqs", queue, json!({}));
    settle(&mut state, 0);
    let body = bodies(&mut state, &Arn::new(queue)).remove(0);
    let request: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(request["Type"], "SubscriptionConfirmation");
    let confirm = json!({"TopicArn": TOPIC, "Token": request["Token"]});
    let confirmed = call_as(&mut state, SPOKE, Service::Sns, "ConfirmSubscription", confirm).unwrap();
    assert_eq!(confirmed["SubscriptionArn"], subscription.as_str());
    sns(&mut state, "Publish", json!({"TopicArn": TOPIC, "Message": "m"})).unwrap();
    settle(&mut state, 0);
    assert_eq!(bodies(&mut state, &Arn::new(queue)).len(), 1);
}

/// [V] LS:sns/test_sns_filter_policy, exists conditions: a policy judges messages as they are published
#[test]
fn a_replaced_filter_policy_judges_later_messages_only() {
    let mut state = state();
    topic(&mut state);
    let queue = queue(&mut state, "q", true);
    let raw = json!({"RawMessageDelivery": "true", "FilterPolicy": r#"{"store":[{"exists":true}]}"#});
    let subscription = subscribe(&mut state, "sqs", queue.as_str(), raw);
    let mut published = |message: &str, policy: Option<&str>| {
        if let Some(policy) = policy {
            let set =
                json!({"SubscriptionArn": subscription, "AttributeName": "FilterPolicy", "AttributeValue": policy});
            sns(&mut state, "SetSubscriptionAttributes", set).unwrap();
        }
        let attributes = json!({"store": {"DataType": "String", "StringValue": "a"}});
        for (text, attributes) in [(format!("{message} with"), attributes), (format!("{message} without"), json!({}))] {
            let publish = json!({"TopicArn": TOPIC, "Message": text, "MessageAttributes": attributes});
            sns(&mut state, "Publish", publish).unwrap();
        }
        settle(&mut state, 1);
        let found = sqs::receive(&mut state, &queue, 10, None);
        for message in &found {
            sqs::delete(&mut state, &queue, &message.receipt_handle);
        }
        found.into_iter().map(|message| message.body).collect::<Vec<_>>()
    };
    assert_eq!(published("1", None), ["1 with"]);
    assert_eq!(published("2", Some(r#"{"store":[{"exists":false}]}"#)), ["2 without"]);
    assert_eq!(published("3", Some(r#"{"store":[null,{"anything-but":"a"}]}"#)), [""; 0]);
    assert_eq!(published("4", Some("{}")), ["4 with", "4 without"]);
}

/// [V] LS:sns/test_sns_filter_policy: the body of a subscription's protocol is judged; many keys cost nothing that the
/// policy does not name
#[test]
fn body_filters_judge_structured_and_large_messages() {
    let mut state = state();
    topic(&mut state);
    let policy = json!({"$or": [
        {"detail": {"kind": ["login"], "actor": {"account": [{"prefix": "1"}]}}},
        {"detail": {"amount": [{"numeric": [">", 100]}]}},
    ]});
    let queue = queue(&mut state, "q", true);
    let attributes =
        json!({"RawMessageDelivery": "true", "FilterPolicyScope": "MessageBody", "FilterPolicy": policy.to_string()});
    subscribe(&mut state, "sqs", queue.as_str(), attributes);
    let mut large = json!({"detail": {"kind": "login", "actor": {"account": "111122223333"}}});
    for n in 0..60 {
        let items: Vec<Value> =
            (0..40).map(|m| json!({"name": format!("n{m}"), "of": [m, m + 1, {"deep": [n, m]}]})).collect();
        large[format!("list{n}")] = json!(items);
    }
    let (small, other) =
        (json!({"detail": {"amount": 101}}), json!({"detail": {"kind": "login", "actor": {"account": "2"}}}));
    let structured = |sqs: &Value| json!({"default": other.to_string(), "sqs": sqs.to_string()}).to_string();
    let cases = [
        (json!({"Message": small.to_string()}), true),
        (json!({"Message": other.to_string()}), false),
        (json!({"Message": "not JSON"}), false),
        (json!({"Message": large.to_string()}), true),
        (json!({"Message": structured(&small), "MessageStructure": "json"}), true),
        (json!({"Message": structured(&other), "MessageStructure": "json"}), false),
        (json!({"Message": json!({"default": small.to_string()}).to_string(), "MessageStructure": "json"}), true),
    ];
    for (mut params, delivered) in cases {
        params["TopicArn"] = json!(TOPIC);
        sns(&mut state, "Publish", params.clone()).unwrap();
        settle(&mut state, 1);
        let found = sqs::receive(&mut state, &queue, 10, None);
        for message in &found {
            sqs::delete(&mut state, &queue, &message.receipt_handle);
        }
        assert_eq!(found.len(), usize::from(delivered), "{}", params.to_string().chars().take(200).collect::<String>());
    }
}

#[test]
fn refusals() {
    let mut state = state();
    topic(&mut state);
    let other = "arn:aws:sns:eu-west-1:999988887777:t";
    let none = "arn:aws:sns:us-east-1:999988887777:none";
    let long = "x".repeat(262_145);
    let subject = "x".repeat(100);
    let token = "5".repeat(288);
    let publish = |extra: Value| {
        let mut params = json!({"TopicArn": TOPIC, "Message": "m"});
        params.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        params
    };
    // [V] LS:sns/test_sns.snapshot.json, the tests named on the right
    for (operation, params, code, text) in [
        // ::test_publish_wrong_arn_format
        (
            "Publish",
            publish(json!({"TopicArn": "randomstring"})),
            "InvalidParameter",
            "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1",
        ),
        (
            "Publish",
            publish(json!({"TopicArn": "randomstring:1"})),
            "InvalidParameter",
            "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 2",
        ),
        // ::test_unknown_topic_publish
        ("Publish", publish(json!({"TopicArn": none})), "NotFound", "Topic does not exist"),
        // ::test_topic_publish_another_region
        ("Publish", publish(json!({"TopicArn": other})), "InvalidParameter", "Invalid parameter: TopicArn"),
        // ::test_empty_sns_message
        ("Publish", publish(json!({"Message": ""})), "InvalidParameter", "Invalid parameter: Empty message"),
        // ::test_publish_too_long_message
        ("Publish", publish(json!({"Message": long})), "InvalidParameter", "Invalid parameter: Message too long"),
        // ::test_publish_with_empty_subject; the length [D] API_Publish
        ("Publish", publish(json!({"Subject": ""})), "InvalidParameter", "Invalid parameter: Subject"),
        ("Publish", publish(json!({"Subject": subject})), "InvalidParameter", "Invalid parameter: Subject"),
        ("Publish", publish(json!({"Subject": "two\nlines"})), "InvalidParameter", "Invalid parameter: Subject"),
        // ::test_publish_non_existent_target
        (
            "Publish",
            json!({"TargetArn": "arn:aws:sns:us-east-1:999988887777:endpoint/APNS/abcdef/0", "Message": "m"}),
            "InvalidParameter",
            "Invalid parameter: TargetArn Reason: No endpoint found for the target arn specified",
        ),
        // ::test_subscribe_unknown_topic
        (
            "Subscribe",
            json!({"TopicArn": none, "Protocol": "email", "Endpoint": "a@b"}),
            "NotFound",
            "Topic does not exist",
        ),
        // ::test_create_subscriptions_with_attributes
        (
            "Subscribe",
            json!({"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": "arn:aws:sqs:us-east-1:999988887777:q", "Attributes": {"RawMessageDelivery": "wrongvalue"}}),
            "InvalidParameter",
            "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [wrongvalue]. Must be true or false.",
        ),
        // ::test_unsubscribe_wrong_arn_format
        (
            "Unsubscribe",
            json!({"SubscriptionArn": "randomstring"}),
            "InvalidParameter",
            "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 1",
        ),
        (
            "Unsubscribe",
            json!({"SubscriptionArn": "arn:aws:sns:us-east-1:random"}),
            "InvalidParameter",
            "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, not 5",
        ),
        (
            "Unsubscribe",
            json!({"SubscriptionArn": "arn:aws:sns:us-east-1:111111111111:random"}),
            "InvalidParameter",
            "Invalid parameter: SubscriptionId",
        ),
        (
            "Unsubscribe",
            json!({}),
            "InvalidParameter",
            "Invalid parameter: SubscriptionArn Reason: no value for required parameter",
        ),
        // ::test_sns_confirm_subscription_wrong_token
        (
            "ConfirmSubscription",
            json!({"TopicArn": none, "Token": token}),
            "InvalidParameter",
            "Invalid parameter: Token",
        ),
        (
            "ConfirmSubscription",
            json!({"TopicArn": TOPIC, "Token": "randomtoken"}),
            "InvalidParameter",
            "Invalid token",
        ),
        (
            "ConfirmSubscription",
            json!({"TopicArn": other, "Token": token}),
            "InvalidParameter",
            "Invalid parameter: Topic",
        ),
        // ::test_get_subscription_attributes_error_not_exists
        (
            "GetSubscriptionAttributes",
            json!({"SubscriptionArn": format!("{TOPIC}:0")}),
            "NotFound",
            "Subscription does not exist",
        ),
        // [D] API_Publish; the text [T]
        (
            "Publish",
            json!({"TopicArn": TOPIC, "Message": "m", "MessageDeduplicationId": "d"}),
            "InvalidParameter",
            "Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter \
             that is not valid for this topic type",
        ),
        // ::test_create_topic_name_constraints
        ("CreateTopic", json!({"Name": "a.fifo"}), "InvalidParameter", "Invalid parameter: Topic Name"),
        (
            "CreateTopic",
            json!({"Name": "a", "Attributes": {"FifoTopic": "true"}}),
            "InvalidParameter",
            "Invalid parameter: Topic Name",
        ),
        ("CreateTopic", json!({"Name": "no blanks"}), "InvalidParameter", "Invalid parameter: Topic Name"),
        // ::test_create_topic_different_attrs
        (
            "CreateTopic",
            json!({"Name": "t", "Attributes": {"DisplayName": "other"}}),
            "InvalidParameter",
            "Invalid parameter: Attributes Reason: Topic already exists with different attributes",
        ),
        // ::test_create_duplicate_topic_with_more_tags
        (
            "CreateTopic",
            json!({"Name": "t", "Tags": [{"Key": "k", "Value": "v"}]}),
            "InvalidParameter",
            "Invalid parameter: Tags Reason: Topic already exists with different tags",
        ),
        // ::test_tags
        (
            "TagResource",
            json!({"ResourceArn": TOPIC, "Tags": [{"Key": "k", "Value": "v"}, {"Key": "k", "Value": "v"}]}),
            "InvalidParameter",
            "Invalid parameter: Duplicated keys are not allowed.",
        ),
        // ::test_add_permission_errors
        (
            "AddPermission",
            json!({"TopicArn": TOPIC, "Label": "l", "AWSAccountId": [HUB], "ActionName": ["InvalidAction"]}),
            "InvalidParameter",
            "Invalid parameter: Policy statement action out of service scope!",
        ),
    ] {
        let error = sns(&mut state, operation, params.clone()).unwrap_err();
        assert_eq!((error.code.as_str(), error.message.as_str()), (code, text), "{operation} {params}");
        assert_eq!(error.status, if code == "NotFound" { 404 } else { 400 }, "{operation}");
    }
    let fifo =
        sns(&mut state, "CreateTopic", json!({"Name": "a.fifo", "Attributes": {"FifoTopic": "true"}})).unwrap_err();
    assert_eq!((fifo.status, fifo.message.contains("CreateTopic with FifoTopic")), (501, true));
}

#[test]
fn a_topic_is_created_again_with_some_of_its_tags() {
    // [V] LS:sns/test_create_duplicate_topic_check_idempotency; others: ::test_create_duplicate_topic_with_more_tags
    let mut state = state();
    let (a, b, c) =
        (json!({"Key": "a", "Value": "1"}), json!({"Key": "b", "Value": "2"}), json!({"Key": "a", "Value": "2"}));
    for (tags, accepted) in [
        (json!([a, b]), true),
        (json!([a, b]), true),
        (json!([a]), true),
        (json!([]), true),
        (json!([c]), false),
        (json!([{"Key": "new", "Value": ""}]), false),
    ] {
        let created = sns(&mut state, "CreateTopic", json!({"Name": "tagged", "Tags": tags}));
        assert_eq!(created.is_ok(), accepted, "{tags}: {created:?}");
    }
}

#[test]
fn attributes_that_terraform_reads_back() {
    // [V] LS:sns/test_create_topic_test_arn, ::test_delete_topic_idempotency
    let mut state = state();
    topic(&mut state);
    let get = json!({"TopicArn": TOPIC});
    let attributes = sns(&mut state, "GetTopicAttributes", get.clone()).unwrap()["Attributes"]["$map"].clone();
    for (name, value) in [
        ("DisplayName", ""),
        ("Owner", HUB),
        ("TopicArn", TOPIC),
        ("SubscriptionsConfirmed", "0"),
        ("SubscriptionsPending", "0"),
        ("SubscriptionsDeleted", "0"),
    ] {
        assert_eq!(attributes[name], value, "{name}");
    }
    assert_eq!(attributes["Policy"], super::topic::default_policy(&TOPIC.into(), &HUB.into()));
    assert_eq!(attributes.get("KmsMasterKeyId"), None);
    for (name, value) in [("KmsMasterKeyId", "alias/aws/sns"), ("DisplayName", "d"), ("SignatureVersion", "2")] {
        sns(
            &mut state,
            "SetTopicAttributes",
            json!({"TopicArn": TOPIC, "AttributeName": name, "AttributeValue": value}),
        )
        .unwrap();
        assert_eq!(sns(&mut state, "GetTopicAttributes", get.clone()).unwrap()["Attributes"]["$map"][name], value);
    }
    for _ in 0..2 {
        sns(&mut state, "DeleteTopic", get.clone()).unwrap();
    }
    assert_eq!(sns(&mut state, "GetTopicAttributes", get).unwrap_err().code, "NotFound");
}

#[test]
fn lists_have_pages_of_a_hundred() {
    // [D] API_ListSubscriptionsByTopic
    let mut state = state();
    topic(&mut state);
    for n in 0..101 {
        subscribe(&mut state, "email", &format!("{n}@example.com"), json!({}));
    }
    let first = sns(&mut state, "ListSubscriptionsByTopic", json!({"TopicArn": TOPIC})).unwrap();
    assert_eq!(first["Subscriptions"].as_array().map(Vec::len), Some(100));
    let next = json!({"TopicArn": TOPIC, "NextToken": first["NextToken"]});
    let second = sns(&mut state, "ListSubscriptionsByTopic", next).unwrap();
    assert_eq!((second["Subscriptions"].as_array().map(Vec::len), second.get("NextToken")), (Some(1), None));
}
