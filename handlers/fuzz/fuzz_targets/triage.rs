#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../triage/tests/common/fuzz.rs"]
mod fuzz;

fuzz_target!(|data: &[u8]| fuzz::target(data));
