//! PutEventSelectors and GetEventSelectors.

use serde::Deserialize;
use serde_json::{Value, json};

use super::selectors::{AdvancedEventSelector, EventSelector, Selectors};
use super::trail::Trail;
use crate::api::{ApiError, Call, Reply};

/// [D] API_PutEventSelectors
const MOST_BASIC: usize = 5;

pub(super) fn put(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        #[serde(default)]
        event_selectors: Vec<EventSelector>,
        #[serde(default)]
        advanced_event_selectors: Vec<AdvancedEventSelector>,
    }
    let Input { event_selectors: basic, advanced_event_selectors: advanced } = call.input()?;
    let trail = call.home_trail_mut("cloudtrail:PutEventSelectors", "TrailName")?;
    let invalid = |text: String| Err(ApiError::new("InvalidEventSelectorsException", text));
    match (basic.is_empty(), advanced.is_empty()) {
        (true, true) => return invalid("EventSelectors or AdvancedEventSelectors must be specified.".into()),
        (false, false) => {
            return invalid("EventSelectors and AdvancedEventSelectors cannot both be specified.".into());
        }
        _ => {}
    }
    if basic.len() > MOST_BASIC {
        return invalid(format!("A trail can have at most {MOST_BASIC} event selectors."));
    }
    if let Some(reason) = advanced.iter().find_map(fault) {
        return invalid(reason);
    }
    let (insights, insight_types) = (trail.selectors.insights, trail.selectors.insight_types.clone());
    trail.selectors = Selectors { basic, advanced, insights, insight_types };
    Ok(answer(trail).into())
}

pub(super) fn get(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    Ok(answer(call.trail_mut("cloudtrail:GetEventSelectors", "TrailName")?).into())
}

/// [D] API_PutInsightSelectors: an empty list ends Insights events
pub(super) fn put_insights(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Selector {
        insight_type: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Input {
        #[serde(default)]
        insight_selectors: Vec<Selector>,
    }
    let Input { insight_selectors } = call.input()?;
    let trail = call.home_trail_mut("cloudtrail:PutInsightSelectors", "TrailName")?;
    let types: Vec<String> = insight_selectors.into_iter().map(|selector| selector.insight_type).collect();
    if let Some(other) =
        types.iter().find(|kind| !matches!(kind.as_str(), "ApiCallRateInsight" | "ApiErrorRateInsight"))
    {
        let text = format!("The insight type {other} is not ApiCallRateInsight or ApiErrorRateInsight.");
        return Err(ApiError::new("InvalidInsightSelectorsException", text));
    }
    trail.selectors.insights = !types.is_empty();
    trail.selectors.insight_types = types;
    Ok(insights(trail).into())
}

/// [D] API_GetInsightSelectors: a trail without them has an error of its own
pub(super) fn get_insights(call: &mut Call<'_>) -> Result<Reply, ApiError> {
    let trail = call.trail_mut("cloudtrail:GetInsightSelectors", "TrailName")?;
    if !trail.selectors.insights {
        let text = format!("Trail {} does not have Insight selectors.", trail.arn.name());
        return Err(ApiError::new("InsightNotEnabledException", text));
    }
    Ok(insights(trail).into())
}

fn insights(trail: &Trail) -> Value {
    let selectors: Vec<Value> = trail.selectors.insight_types.iter().map(|kind| json!({"InsightType": kind})).collect();
    json!({"TrailARN": trail.arn, "InsightSelectors": selectors})
}

/// What AWS demands of an advanced selector, in our words. [D] API_AdvancedFieldSelector
fn fault(selector: &AdvancedEventSelector) -> Option<String> {
    let field = |name: &str| selector.field_selectors.iter().find(|field| field.field == name);
    let Some(category) = field("eventCategory") else {
        return Some("An advanced event selector needs a field selector for eventCategory.".into());
    };
    let [category] = category.equals.as_slice() else {
        return Some("eventCategory needs exactly one value of Equals.".into());
    };
    match category.as_str() {
        "Management" => None,
        "Data" => match field("resources.type").map(|field| field.equals.len()) {
            Some(1) => None,
            _ => Some("A selector of data events needs resources.type with exactly one value of Equals.".into()),
        },
        "NetworkActivity" => match field("eventSource").map(|field| field.equals.len()) {
            Some(1) => None,
            _ => Some("A selector of network activity needs eventSource with exactly one value of Equals.".into()),
        },
        other => Some(format!("eventCategory {other} is not Management, Data or NetworkActivity.")),
    }
}

fn answer(trail: &Trail) -> Value {
    match trail.selectors.advanced.is_empty() {
        true => json!({ "TrailARN": trail.arn, "EventSelectors": trail.selectors.basic }),
        false => json!({ "TrailARN": trail.arn, "AdvancedEventSelectors": trail.selectors.advanced }),
    }
}
