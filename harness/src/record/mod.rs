//! Root's events of a real account, from CloudTrail's event history, as scenarios.
//!
//! Reading order: `pace` (how often may be asked), `lookup` (asking), `shape` (what is covered already), `write`.

mod lookup;
mod pace;
mod shape;
mod write;

pub use lookup::{Range, RecordError, concerns_root, lookup};
pub use pace::{Pace, Wait, WallClock};
pub use shape::{Shape, covered};
pub use write::{Written, write};
