//! What ends by itself and what can be brought back: time to live, and continuous backups.

use serde_json::{Value, json};

use super::error::{no_table, validation};
use super::tables::existing;
use crate::api::{ApiError, Call, Reply};

pub(super) fn update_time_to_live(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = existing(call, "dynamodb:UpdateTimeToLive")?;
    let wanted = call.params.get("TimeToLiveSpecification").cloned().unwrap_or_default();
    let name = wanted.get("AttributeName").and_then(Value::as_str).unwrap_or_default().to_owned();
    let enabled = wanted.get("Enabled").and_then(Value::as_bool).unwrap_or(false);
    if name.is_empty() {
        return Err(validation("TimeToLiveSpecification: AttributeName must have at least one character"));
    }
    let table = call.state.dynamodb.tables.get_mut(&arn).ok_or_else(no_table)?;
    // [D] API_UpdateTimeToLive; texts [T]
    match (&table.expiry, enabled) {
        (Some(_), true) => return Err(validation("TimeToLive is already enabled")),
        (None, false) => return Err(validation("TimeToLive is already disabled")),
        (Some(other), false) if *other != name => {
            return Err(validation(format!(
                "TimeToLive is active on a different AttributeName: current AttributeName is {other}"
            )));
        }
        _ => {}
    }
    table.expiry = enabled.then(|| name.clone());
    Ok(json!({"TimeToLiveSpecification": {"Enabled": enabled, "AttributeName": name}}).into())
}

pub(super) fn describe_time_to_live(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = existing(call, "dynamodb:DescribeTimeToLive")?;
    let table = call.state.dynamodb.tables.get(&arn).ok_or_else(no_table)?;
    let description = match &table.expiry {
        Some(name) => json!({"TimeToLiveStatus": "ENABLED", "AttributeName": name}),
        None => json!({"TimeToLiveStatus": "DISABLED"}),
    };
    Ok(json!({"TimeToLiveDescription": description}).into())
}

pub(super) fn update_continuous_backups(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = existing(call, "dynamodb:UpdateContinuousBackups")?;
    let enabled = call.params.pointer("/PointInTimeRecoverySpecification/PointInTimeRecoveryEnabled");
    let enabled = enabled.and_then(Value::as_bool).unwrap_or(false);
    let now = call.state.now;
    let table = call.state.dynamodb.tables.get_mut(&arn).ok_or_else(no_table)?;
    table.recovery = enabled.then(|| table.recovery.unwrap_or(now));
    backups(call, &arn)
}

pub(super) fn describe_continuous_backups(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let arn = existing(call, "dynamodb:DescribeContinuousBackups")?;
    backups(call, &arn)
}

fn backups(call: &Call<'_>, arn: &crate::id::Arn) -> Result<Reply, ApiError> {
    let table = call.state.dynamodb.tables.get(arn).ok_or_else(no_table)?;
    let recovery = match table.recovery {
        Some(since) => json!({
            "PointInTimeRecoveryStatus": "ENABLED", "RecoveryPeriodInDays": 35,
            "EarliestRestorableDateTime": since.seconds_f64(), "LatestRestorableDateTime": call.state.now.seconds_f64(),
        }),
        None => json!({"PointInTimeRecoveryStatus": "DISABLED"}),
    };
    Ok(json!({"ContinuousBackupsDescription": {
        "ContinuousBackupsStatus": "ENABLED", "PointInTimeRecoveryDescription": recovery,
    }})
    .into())
}
