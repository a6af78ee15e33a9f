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
        ("no connection", Answered::Refused, ALERT, &[GET, HOOK, HOOK, WAIT], &["0"]),
        ("a payload that Slack refuses", with(400, "invalid_blocks"), ALERT, &[GET, HOOK, SEND], &[]),
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
