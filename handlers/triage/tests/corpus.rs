//! The fuzz target's corpus, replayed: `handlers/fuzz` fuzzes the same function.

#[path = "../../alert/tests/common/mod.rs"]
mod common;
#[path = "../../alert/tests/common/corpus.rs"]
mod corpus;
#[path = "common/fuzz.rs"]
mod fuzz;

#[test]
fn the_corpus_is_dealt_with() {
    corpus::replay("triage", corpus::events(), fuzz::target);
}
