//! The IAM policy engine: may this principal do this to that resource, which statement decided, and if it may not,
//! how nearly it would have.
//!
//! Pure: no state, no clock, no service. A service collects the policies that apply on its edge and the condition keys
//! AWS supplies there, calls [`decide`], and keeps the [`Decision`] in its trace.
//!
//! Reading order: `json` and `document` (what a policy says), `principal` (who asks, and who is named), `context`
//! (condition keys), `matching` (wildcards and ARNs), `variables` (`${…}`), `condition` (operators), `statement` (one
//! statement against one request), `decide` (the order of evaluation), `hint` (the nearest miss), `message` (AWS's
//! words), `simulate` (what IAM's simulator returns in addition to the decision), `validate` and `legacy` (what IAM refuses to store).
//!
//! Sources: `[D]` the IAM user guide's policy evaluation logic (one account, and cross-account), its reference of
//! policy elements, of condition operators and of multivalued keys, and its page on access denied messages. Finer tags
//! stand with the rules, and each rule has a case in `tests/data/policy`.
//!
//! Not modelled: VPC endpoint policies, federated and canonical-user principals (they parse, and match nobody).

mod condition;
mod context;
mod decide;
mod document;
mod error;
mod hint;
mod json;
mod legacy;
mod matching;
mod message;
mod principal;
mod simulate;
mod statement;
mod validate;
mod variables;

#[cfg(test)]
mod tests;

pub use context::Context;
pub use decide::{Decision, Named, Policies, PolicyName, Request, ResourceKind, decide, decide_completed};
pub use document::Policy;
pub use error::PolicyError;
pub use matching::matches_wildcards;
pub use principal::Principal;
pub use simulate::{MatchedStatement, Position, Simulation, Verdict, simulate};
pub use validate::PolicyKind;
