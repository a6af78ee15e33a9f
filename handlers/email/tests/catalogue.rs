//! The mail about each kind of the catalogue, but for the event at its end.

#[path = "../../alert/tests/common/mod.rs"]
mod common;
#[path = "../../alert/tests/common/snapshots.rs"]
mod snapshots;

use common::messages;
use rootwatch_email::mail::render;
use snapshots::snapshots;

#[test]
fn every_kind() {
    snapshots(|| {
        for (name, message) in messages() {
            let mail = render(&message);
            let (words, _) = mail.text.split_once("\nThe event:\n").unwrap_or_else(|| panic!("{name}: no event"));
            insta::assert_snapshot!(name, format!("Subject: {}\n\n{words}", mail.subject));
        }
    });
}
