//! Which events a rule's state lets pass.

use serde_json::Value;

use super::event::Event;
use super::rule::RuleState;

impl RuleState {
    /// Why the state keeps the event from the rule; `None` when it lets it pass. `drops_read_only`: whether the state
    /// `ENABLED` drops read-only management events on the rule's bus. [D] UG eb-service-event-cloudtrail
    pub(super) fn refuses(self, event: &Event, drops_read_only: bool) -> Option<String> {
        match self {
            RuleState::EnabledWithAllCloudtrailManagementEvents => None,
            RuleState::Disabled => Some("the rule is DISABLED".into()),
            RuleState::Enabled if drops_read_only && is_read_only_management(event) => Some(
                "the rule is ENABLED, which drops read-only CloudTrail management events (detail.readOnly is true); \
                 ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS lets them pass"
                    .into(),
            ),
            RuleState::Enabled => None,
        }
    }
}

/// Calls that only read by name, yet count as changing. [D] UG eb-service-event-cloudtrail
const MUTATING: [&str; 2] = ["GetFederationToken", "GetSessionToken"];

fn is_read_only_management(event: &Event) -> bool {
    if !event.detail_type().ends_with(" via CloudTrail") {
        return false;
    }
    let Some(detail) = event.envelope().get("detail") else { return false };
    let text = |name: &str| detail.get(name).and_then(Value::as_str).unwrap_or_default();
    // Sign-ins are not management API calls that read.
    if text("eventType") == "AwsConsoleSignIn" {
        return false;
    }
    let management = match (detail.get("managementEvent").and_then(Value::as_bool), text("eventCategory")) {
        (Some(management), _) => management,
        (None, category) => matches!(category, "" | "Management"),
    };
    let read_only = detail.get("readOnly").and_then(Value::as_bool).unwrap_or_else(|| {
        let name = text("eventName");
        ["Describe", "Get", "List"].iter().any(|prefix| name.starts_with(prefix)) && !MUTATING.contains(&name)
    });
    management && read_only
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn states() {
        use RuleState::*;
        const ALL: RuleState = EnabledWithAllCloudtrailManagementEvents;
        let api = "AWS API Call via CloudTrail";
        // aws-semantics 1.5, root-events 1 (3) to (5)
        let cases = [
            (Disabled, api, json!({"readOnly": false}), false),
            (Enabled, api, json!({"readOnly": true, "managementEvent": true}), false),
            (ALL, api, json!({"readOnly": true, "managementEvent": true}), true),
            (Enabled, api, json!({"readOnly": false, "managementEvent": true}), true),
            // data and network activity events pass
            (Enabled, api, json!({"readOnly": true, "managementEvent": false, "eventCategory": "Data"}), true),
            (Enabled, api, json!({"readOnly": true, "eventCategory": "NetworkActivity"}), true),
            // older records without the fields: by name
            (Enabled, api, json!({"eventName": "ListBuckets"}), false),
            (Enabled, api, json!({"eventName": "CreateAccessKey"}), true),
            (Enabled, api, json!({"eventName": "GetSessionToken"}), true),
            (
                Enabled,
                "AWS Console Sign In via CloudTrail",
                json!({"readOnly": true, "eventType": "AwsConsoleSignIn"}),
                true,
            ),
            // `aws login` is an API call that reads
            (
                Enabled,
                api,
                json!({"readOnly": true, "managementEvent": true, "eventType": "AwsApiCall", "eventName": "CreateOAuth2Token"}),
                false,
            ),
            (Enabled, "CloudWatch Alarm State Change", json!({"readOnly": true, "managementEvent": true}), true),
        ];
        for (state, detail_type, detail, passes) in cases {
            let event = Event::new(json!({"detail-type": detail_type, "detail": detail}));
            assert_eq!(state.refuses(&event, true).is_none(), passes, "{state:?} {}", event.text());
        }
    }
}
