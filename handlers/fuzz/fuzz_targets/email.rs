#![no_main]

use libfuzzer_sys::fuzz_target;

#[path = "../../email/tests/common/fuzz.rs"]
mod fuzz;
#[path = "../../email/tests/common/valid.rs"]
mod valid;

fuzz_target!(|data: &[u8]| fuzz::target(data));
