//! Making an event fit: what is dropped first is what can be looked up elsewhere and says least about who and what.

use serde_json::Value;

/// Dropped in this order while the event is too large; CloudTrail itself lets the first four grow to 100 KB.
const DROPPED_FIRST: [&[&str]; 7] = [
    &["detail", "responseElements"],
    &["detail", "requestParameters"],
    &["detail", "additionalEventData"],
    &["detail", "serviceEventDetails"],
    &["detail", "resources"],
    &["detail", "tlsDetails"],
    &["resources"],
];

/// Kept while anything else can go. After these come the rest of the record's fields, the largest first.
const KEPT: [&str; 16] = [
    "userIdentity",
    "eventVersion",
    "eventTime",
    "eventSource",
    "eventName",
    "eventType",
    "awsRegion",
    "sourceIPAddress",
    "userAgent",
    "errorCode",
    "errorMessage",
    "eventID",
    "sharedEventID",
    "addendum",
    "recipientAccountId",
    "readOnly",
];

/// Makes `event` at most `limit` bytes of compact JSON. Answers the paths that were dropped, in the order in which
/// they were; the last resort drops everything (`event`), and leaves null.
pub fn fit(event: &mut Value, limit: usize) -> Vec<String> {
    let mut dropped = Vec::new();
    let mut size = size(event);
    for path in DROPPED_FIRST {
        if size <= limit {
            return dropped;
        }
        if let Some(freed) = remove(event, path) {
            size = size.saturating_sub(freed);
            dropped.push(format!("event.{}", path.join(".")));
        }
    }
    for (key, _) in largest(event.get("detail"), &KEPT) {
        if size <= limit {
            return dropped;
        }
        if let Some(freed) = remove(event, &["detail", &key]) {
            size = size.saturating_sub(freed);
            dropped.push(format!("event.detail.{key}"));
        }
    }
    if size > limit {
        *event = Value::Null;
        dropped.push("event".to_owned());
    }
    dropped
}

/// Bytes of compact JSON.
pub fn size(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        Err(_) => usize::MAX,
    }
}

/// Takes a field away. Answers how many bytes that frees at least.
fn remove(event: &mut Value, path: &[&str]) -> Option<usize> {
    let (key, parents) = path.split_last()?;
    let parent = parents.iter().try_fold(event, |value, key| value.get_mut(*key))?;
    let value = parent.as_object_mut()?.shift_remove(*key)?;
    Some(size(&value) + size(&Value::from(*key)) + 1)
}

/// The fields that may go, the largest first; of equal ones the first by name, so that the result is a function of
/// the event and not of the order of its fields.
fn largest(fields: Option<&Value>, kept: &[&str]) -> Vec<(String, usize)> {
    let fields = fields.and_then(Value::as_object);
    let mut sizes: Vec<(String, usize)> = fields
        .into_iter()
        .flatten()
        .filter(|(key, _)| !kept.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), size(value)))
        .collect();
    sizes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    sizes
}
