//! StartLogging, StopLogging, GetTrailStatus.

use serde_json::json;

use crate::api::{ApiError, Call, Reply};

pub(super) fn start(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let now = call.state.now;
    let trail = call.home_trail_mut("cloudtrail:StartLogging", "Name")?;
    trail.logging = true;
    trail.started = Some(now);
    Ok(Reply::empty())
}

pub(super) fn stop(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let now = call.state.now;
    let trail = call.home_trail_mut("cloudtrail:StopLogging", "Name")?;
    trail.logging = false;
    trail.stopped = Some(now);
    Ok(Reply::empty())
}

/// [D] API_GetTrailStatus; what concerns log files in S3 is left out.
pub(super) fn status(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let trail = call.trail_mut("cloudtrail:GetTrailStatus", "Name")?;
    let mut answer = json!({ "IsLogging": trail.logging });
    let times = [
        ("StartLoggingTime", "TimeLoggingStarted", trail.started),
        ("StopLoggingTime", "TimeLoggingStopped", trail.stopped),
    ];
    for (member, text, time) in times {
        answer[text] = time.map_or_else(String::new, crate::time::Time::iso_seconds).into();
        if let Some(time) = time {
            answer[member] = time.seconds_f64().into();
        }
    }
    if let Some(time) = trail.latest_log_group_delivery {
        answer["LatestCloudWatchLogsDeliveryTime"] = time.seconds_f64().into();
    }
    if let Some(error) = &trail.latest_log_group_error {
        answer["LatestCloudWatchLogsDeliveryError"] = error.as_str().into();
    }
    Ok(answer.into())
}
