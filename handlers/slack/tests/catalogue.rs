//! What the channel shows of each kind of the catalogue, as lines.

#[path = "../../alert/tests/common/mod.rs"]
mod common;
#[path = "../../../harness/src/report/slack_text.rs"]
mod slack_text;
#[path = "../../alert/tests/common/snapshots.rs"]
mod snapshots;

use common::messages;
use rootwatch_slack::message::render;
use slack_text::shown;
use snapshots::snapshots;

#[test]
fn every_kind() {
    snapshots(|| {
        for (name, message) in messages() {
            insta::assert_snapshot!(name, shown(&render(&message)));
        }
    });
}
