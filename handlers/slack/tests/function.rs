//! The function from a batch to Slack's answer, and back to the queue.
#![allow(clippy::unwrap_used, reason = "a helper of tests may panic")]

use std::sync::atomic::{AtomicUsize, Ordering};

use rootwatch_runtime::testing::{Answered, Asked, World, batch, minute, returned};
use rootwatch_runtime::{ConfigurationError, Function};
use rootwatch_slack::Slack;

const SECRET: &str = "arn:aws:secretsmanager:us-east-1:999988887777:secret:slack-AbCdEf";
const ALERT: &str = r#"{"version": "1", "title": "Root user signed in", "account": "111122223333"}"#;

fn slack(world: &World) -> Function<Slack> {
    world.function(Slack::new, &[("SECRET_ARN", SECRET)]).unwrap()
}

fn secret(path: &str) -> Answered {
    Answered::With(
        200,
        format!(r#"{{"ARN": "{SECRET}", "Name": "slack", "SecretString": "https://slack.example/{path}"}}"#),
    )
}

fn sent() -> Answered {
    Answered::With(200, r#"{"MessageId": "1"}"#.to_owned())
}

/// A world in which everything works but Slack, which answers so.
fn world(slack: Answered) -> World {
    World::new(move |asked| match asked.what.as_str() {
        "secretsmanager:GetSecretValue" => secret("hook"),
        "sqs:SendMessage" | "sqs:ChangeMessageVisibility" => sent(),
        _ => slack.clone(),
    })
}

fn names(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| asked.what.as_str()).collect()
}

const GET: &str = "secretsmanager:GetSecretValue";
const SEND: &str = "sqs:SendMessage";
const WAIT: &str = "sqs:ChangeMessageVisibility";
const HOOK: &str = "slack.example/hook";

#[tokio::test(start_paused = true)]
async fn what_becomes_of_a_message() {
    let with = |status, body: &str| Answered::With(status, body.to_owned());
    type Case<'a> = (&'a str, Answered, &'a str, &'a [&'a str], &'a [&'a str]);
    let cases: &[Case<'_>] = &[
        ("accepted", with(200, "ok"), ALERT, &[GET, HOOK], &[]),
        ("an answer from something in between", with(200, "<html>"), ALERT, &[GET, HOOK, WAIT], &["0"]),
        ("too many", with(429, ""), ALERT, &[GET, HOOK, WAIT], &["0"]),
        ("broken", with(503, ""), ALERT, &[GET, HOOK, HOOK, WAIT], &["0"]),
        ("a redirect", with(302, ""), ALERT, &[GET, HOOK, WAIT], &["0"]),
        ("silence", Answered::Nothing, ALERT, &[GET, HOOK, WAIT], &["0"]),
        ("a proxy", with(407, ""), ALERT, &[GET, HOOK, WAIT], &["0"]),
        ("a firewall", with(403, "<html>"), ALERT, &[GET, HOOK, GET, HOOK, SEND], &[]),
        ("no connection", Answered::Refused, ALERT, &[GET, HOOK, HOOK, WAIT], &["0"]),
        ("a payload that Slack refuses", with(400, "invalid_blocks"), ALERT, &[GET, HOOK, HOOK, SEND], &[]),
        // The secret is read again, and is the same.
        ("a webhook that is gone", with(404, "no_service"), ALERT, &[GET, HOOK, GET, SEND], &[]),
        ("a message that is none", with(200, "ok"), "{}", &[SEND], &[]),
    ];
    for (what, answer, body, wanted, back) in cases {
        let world = world(answer.clone());
        let response = slack(&world).invoke(batch(&[body]), minute(0)).await;
        assert_eq!(names(&world.asked()), *wanted, "{what}");
        assert_eq!(returned(&response), *back, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn one_failure_does_not_hold_back_the_others() {
    let world = World::new(|asked| match asked.what.as_str() {
        GET => secret("hook"),
        SEND | WAIT => sent(),
        _ if asked.body.contains("second") => Answered::With(500, String::new()),
        _ => Answered::With(200, "ok".to_owned()),
    });
    let bodies = [ALERT, r#"{"title": "second"}"#, "not JSON", ALERT];
    let response = slack(&world).invoke(batch(&bodies), minute(0)).await;
    assert_eq!(returned(&response), ["1"]);
    let asked = world.asked();
    assert_eq!(names(&asked).iter().filter(|what| **what == GET).count(), 1, "one secret for the batch");
}

#[tokio::test(start_paused = true)]
async fn a_dead_letter_says_why_and_keeps_the_secret() {
    let world = world(Answered::With(410, "channel_is_archived".to_owned()));
    slack(&world).invoke(batch(&[ALERT]), minute(0)).await;
    let asked = world.asked();
    let letter = &asked.last().unwrap().body;
    for part in ["ErrorCode", "SlackHttp410", "channel_is_archived", "severity", "Root user signed in", "function-dlq"]
    {
        assert!(letter.contains(part), "{part}: {letter}");
    }
    assert!(!letter.contains("slack.example/hook"), "{letter}");
}

#[tokio::test(start_paused = true)]
async fn a_letter_that_cannot_be_posted_stays_in_its_queue() {
    let world = World::new(|asked| match asked.what.as_str() {
        GET => secret("hook"),
        SEND => Answered::With(400, r#"{"__type": "com.amazonaws.sqs#AccessDenied", "message": "no"}"#.to_owned()),
        _ => Answered::With(400, "invalid_blocks".to_owned()),
    });
    let response = slack(&world).invoke(batch(&[ALERT]), minute(0)).await;
    assert_eq!(returned(&response), ["0"]);
}

#[tokio::test(start_paused = true)]
async fn a_replaced_secret_is_used_at_once() {
    let fetched = AtomicUsize::new(0);
    let world = World::new(move |asked| match asked.what.as_str() {
        GET if fetched.fetch_add(1, Ordering::Relaxed) == 0 => secret("old"),
        GET => secret("new"),
        "slack.example/new" => Answered::With(200, "ok".to_owned()),
        _ => Answered::With(404, "no_service".to_owned()),
    });
    let response = slack(&world).invoke(batch(&[ALERT]), minute(0)).await;
    assert_eq!(names(&world.asked()), [GET, "slack.example/old", GET, "slack.example/new"]);
    assert!(returned(&response).is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_secret_is_kept_for_five_minutes() {
    let world = world(Answered::With(200, "ok".to_owned()));
    let slack = slack(&world);
    for (at, wanted) in [(0, &[GET, HOOK][..]), (4, &[HOOK]), (5, &[GET, HOOK]), (6, &[HOOK])] {
        slack.invoke(batch(&[ALERT]), minute(at)).await;
        assert_eq!(names(&world.asked()), wanted, "minute {at}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_secret_nothing_is_lost() {
    let error = |code: &str| Answered::With(400, format!(r#"{{"__type": "{code}", "Message": "…"}}"#));
    for answer in [
        error("ResourceNotFoundException"),
        error("AccessDeniedException"),
        Answered::With(200, r#"{"SecretString": "http://slack.example/"}"#.to_owned()),
        Answered::With(200, "{}".to_owned()),
        Answered::Nothing,
    ] {
        let words = format!("{answer:?}");
        let world = World::new(move |_| answer.clone());
        let response = slack(&world).invoke(batch(&[ALERT, ALERT]), minute(0)).await;
        assert_eq!(returned(&response), ["0", "1"], "{words}");
        assert!(world.asked().iter().all(|asked| [GET, WAIT].contains(&asked.what.as_str())), "{words}");
    }
}

#[test]
fn configuration_errors_name_the_variable() {
    let world = World::new(|_| Answered::Refused);
    let cases = [
        (vec![], ConfigurationError::Missing("SECRET_ARN")),
        (vec![("SECRET_ARN", "")], ConfigurationError::Missing("SECRET_ARN")),
        (vec![("SECRET_ARN", "slack")], ConfigurationError::Malformed { name: "SECRET_ARN", wanted: "an ARN" }),
        (
            vec![("SECRET_ARN", SECRET), ("DEAD_LETTER_QUEUE_URL", "")],
            ConfigurationError::Missing("DEAD_LETTER_QUEUE_URL"),
        ),
        (vec![("SECRET_ARN", SECRET), ("AWS_REGION", "")], ConfigurationError::Missing("AWS_REGION")),
    ];
    for (variables, wanted) in cases {
        assert_eq!(world.function(Slack::new, &variables).err(), Some(wanted), "{variables:?}");
    }
}

/// A store that answers each call with the next of these, and a bot.
fn with_store(answers: &'static [(u16, &'static str)], posted: &'static str) -> World {
    let asked = AtomicUsize::new(0);
    World::new(move |request| match request.what.as_str() {
        GET => {
            Answered::With(200, r#"{"SecretString": "{\"bot_token\": \"xoxb-1\", \"channel\": \"C1\"}"}"#.to_owned())
        }
        "dynamodb:UpdateItem" => match answers.get(asked.fetch_add(1, Ordering::Relaxed)) {
            Some((0, _)) => Answered::Nothing,
            Some((status, body)) => Answered::With(*status, (*body).to_owned()),
            None => Answered::With(200, "{}".to_owned()),
        },
        WAIT | SEND => sent(),
        _ => Answered::With(200, posted.to_owned()),
    })
}

fn bot(world: &World) -> Function<Slack> {
    let variables =
        [("SECRET_ARN", SECRET), ("DEDUPLICATION_TABLE", "claims"), ("AWS_LAMBDA_FUNCTION_NAME", "slack-main")];
    world.function(Slack::new, &variables).unwrap()
}

const UPDATE: &str = "dynamodb:UpdateItem";
const POST: &str = "slack.com/api/chat.postMessage";
const POSTED: &str = r#"{"ok": true, "ts": "17.5"}"#;

/// The condition did not hold, because of this item.
macro_rules! taken {
    ($item:literal) => {
        (
            400,
            concat!(
                r#"{"__type": "com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException", "message": "", "Item": "#,
                $item,
                "}"
            ),
        )
    };
}

#[tokio::test(start_paused = true)]
async fn the_store_says_whose_turn_it_is() {
    type Case = (&'static str, &'static [(u16, &'static str)], &'static [&'static str], &'static [&'static str]);
    let cases: &[Case] = &[
        ("the first of its incident", &[], &[GET, UPDATE, UPDATE, POST, UPDATE, UPDATE], &[]),
        ("sent already", &[taken!(r#"{"sent": {"N": "1"}}"#)], &[GET, UPDATE], &[]),
        ("being sent", &[taken!(r#"{"lease": {"N": "99999999999"}}"#)], &[GET, UPDATE, WAIT], &["0"]),
        (
            "its incident has a thread",
            &[(200, "{}"), taken!(r#"{"thread": {"S": "17.5"}}"#)],
            &[GET, UPDATE, UPDATE, POST, UPDATE],
            &[],
        ),
        (
            "its incident has a thread of lower severity",
            &[(200, "{}"), taken!(r#"{"thread": {"S": "17.5"}, "grade": {"N": "2"}}"#)],
            &[GET, UPDATE, UPDATE, POST, UPDATE, UPDATE],
            &[],
        ),
        (
            "its incident is being opened",
            &[(200, "{}"), taken!(r#"{"lease": {"N": "99999999999"}}"#)],
            &[GET, UPDATE, UPDATE, UPDATE, WAIT],
            &["0"],
        ),
        (
            "throttled",
            &[(400, r#"{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#)],
            &[GET, UPDATE, POST],
            &[],
        ),
        ("broken", &[(500, "")], &[GET, UPDATE, POST], &[]),
        ("silent", &[(0, "")], &[GET, UPDATE, POST], &[]),
        ("silent later", &[(200, "{}"), (0, "")], &[GET, UPDATE, UPDATE, POST], &[]),
        // It may be sent again, and is not lost.
        ("silent in the end", &[(200, "{}"), (200, "{}"), (0, "")], &[GET, UPDATE, UPDATE, POST, UPDATE], &[]),
    ];
    for (what, answers, wanted, back) in cases {
        let world = with_store(answers, POSTED);
        let response = bot(&world).invoke(batch(&[ALERT]), minute(0)).await;
        let asked = world.asked();
        assert_eq!(names(&asked), *wanted, "{what}");
        assert_eq!(returned(&response), *back, "{what}");
        if let Some(post) = asked.iter().find(|asked| asked.what == POST) {
            assert!(post.body.contains(r#""channel":"C1""#), "{what}: {}", post.body);
            assert_eq!(
                post.body.contains(r#""thread_ts":"17.5""#),
                what.starts_with("its incident has a thread"),
                "{what}"
            );
            assert_eq!(post.body.contains("reply_broadcast"), what.ends_with("of lower severity"), "{what}");
            assert!(!post.body.contains("xoxb"), "a token is a secret");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_not_told_is_not_remembered() {
    let world = with_store(&[], r#"{"ok": false, "error": "ratelimited"}"#);
    let response = bot(&world).invoke(batch(&[ALERT]), minute(0)).await;
    assert_eq!(returned(&response), ["0"]);
    assert_eq!(names(&world.asked()), [GET, UPDATE, UPDATE, POST, UPDATE, UPDATE, WAIT], "the claims are released");
}

#[tokio::test(start_paused = true)]
async fn a_thread_that_is_gone_is_left() {
    let posts = AtomicUsize::new(0);
    let world = World::new(move |request| match request.what.as_str() {
        GET => {
            Answered::With(200, r#"{"SecretString": "{\"bot_token\": \"xoxb-1\", \"channel\": \"C1\"}"}"#.to_owned())
        }
        UPDATE if request.body.contains("#incident#") => {
            let (status, body) = taken!(r#"{"thread": {"S": "17.5"}}"#);
            Answered::With(status, body.to_owned())
        }
        UPDATE => Answered::With(200, "{}".to_owned()),
        _ if posts.fetch_add(1, Ordering::Relaxed) == 0 => {
            Answered::With(200, r#"{"ok": false, "error": "thread_not_found"}"#.to_owned())
        }
        _ => Answered::With(200, POSTED.to_owned()),
    });
    let response = bot(&world).invoke(batch(&[ALERT]), minute(0)).await;
    assert!(returned(&response).is_empty());
    let asked = world.asked();
    assert_eq!(names(&asked), [GET, UPDATE, UPDATE, POST, POST, UPDATE]);
    assert!(!asked[4].body.contains("thread_ts"), "{}", asked[4].body);
}

#[tokio::test(start_paused = true)]
async fn health_does_not_wait_for_the_store() {
    let world = with_store(&[(0, "")], POSTED);
    let alarm = r#"{"AlarmName": "a", "NewStateValue": "ALARM"}"#;
    bot(&world).invoke(batch(&[alarm]), minute(0)).await;
    assert_eq!(names(&world.asked()), [GET, POST]);
}
