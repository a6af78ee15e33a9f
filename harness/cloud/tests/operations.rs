//! OPERATIONS.md is written from the table that drives the dispatch, so it cannot say what is not so.
//! `ROOTWATCH_UPDATE=1 cargo test -p rootwatch-cloud --test operations` writes it anew.

#![allow(missing_docs, reason = "a test target")]

use std::fmt::Write;
use std::path::Path;

use rootwatch_cloud::api::{Service, operations};

fn generated() -> String {
    let mut text = String::from(
        "# Operations of the embedded cloud\n\nGenerated from the table of operations. Whatever is not here is refused by \
         name, with HTTP status 501.\n",
    );
    for service in Service::ALL {
        let operations = operations(service);
        if operations.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {}\n\n| operation | since | notes |\n|---|---|---|\n", service.name());
        let mut operations: Vec<_> = operations.iter().collect();
        operations.sort_by_key(|operation| operation.name);
        for operation in operations {
            let _ = writeln!(text, "| {} | 0.1.0 | {} |", operation.name, operation.notes.replace('|', "\\|"));
        }
    }
    text
}

#[test]
fn operations_are_documented() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("OPERATIONS.md");
    let generated = generated();
    if std::env::var_os("ROOTWATCH_UPDATE").is_some() {
        std::fs::write(&path, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        committed, generated,
        "OPERATIONS.md is out of date: ROOTWATCH_UPDATE=1 cargo test -p rootwatch-cloud --test operations"
    );
}
