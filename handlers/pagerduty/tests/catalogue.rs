//! What PagerDuty gets about each kind of the catalogue, but for the event among the details.

#[path = "../../alert/tests/common/mod.rs"]
mod common;
#[path = "../../alert/tests/common/snapshots.rs"]
mod snapshots;

use common::messages;
use rootwatch_pagerduty::event::render;
use snapshots::snapshots;

#[test]
fn every_kind() {
    snapshots(|| {
        for (name, message) in messages() {
            let Some(mut event) = render(&message) else { panic!("{name}: no event") };
            let original = event["payload"]["custom_details"]["Event"].take();
            assert!(original.as_str().is_some_and(|text| text.contains("\"detail\"")), "{name}: no event");
            event["payload"]["custom_details"]["Event"] = "…".into();
            insta::assert_json_snapshot!(name, event);
        }
    });
}
