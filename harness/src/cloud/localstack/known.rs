//! What LocalStack 4.14.0 is known to do otherwise than AWS, scenario by scenario.

use serde_json::json;

use crate::cloud::difference::{Difference, Known};

/// The list. Each entry is checked by its scenario: it must occur.
pub(in crate::cloud) fn known() -> Vec<Known> {
    let known = |scenario, difference, instead| Known { scenario, difference, instead };
    vec![
        known("forged/source-of-aws", Difference::AwsSources, json!({"refused": null, "login": 2, "stopped_at": null})),
        known("forged/source-of-aws", Difference::Policies, json!({"refused": null})),
        known("forged/straight-to-the-hub", Difference::Policies, json!({"refused": null})),
        known("activity/other-partition", Difference::OtherPartitions, json!({"activity": 1, "stopped_at": null})),
        known(
            "defects/read-only-not-delivered",
            Difference::ReadOnlyState,
            json!({"activity": 1, "stopped_at": null, "broken_hop": []}),
        ),
        known(
            "variants/account-not-listed",
            Difference::Policies,
            json!({"login": 1, "stopped_at": null, "dead_letters": 0, "broken_hop": []}),
        ),
    ]
}

/// Scenarios with a deployment of their own that are worth their two applies in every run: what they are about is on the
/// list above.
pub(in crate::cloud) const WITH_DEPLOYMENT: [&str; 2] =
    ["variants/account-not-listed", "defects/read-only-not-delivered"];
