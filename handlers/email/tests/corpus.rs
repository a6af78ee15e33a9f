//! The fuzz target's corpus, replayed: `handlers/fuzz` fuzzes the same function.

#[path = "../../alert/tests/common/mod.rs"]
mod common;
#[path = "../../alert/tests/common/corpus.rs"]
mod corpus;
#[path = "common/fuzz.rs"]
mod fuzz;
#[path = "common/valid.rs"]
mod valid;

#[test]
fn the_corpus_is_dealt_with() {
    corpus::replay("email", corpus::messages(), fuzz::target);
}
