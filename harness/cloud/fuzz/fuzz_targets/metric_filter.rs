#![no_main]

#[allow(dead_code, reason = "each program runs one of the targets")]
#[path = "../../tests/fuzz/mod.rs"]
mod fuzz;

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::metric_filter(data));
