//! The function's process; what it does is in the library.

fn main() -> std::process::ExitCode {
    rootwatch_runtime::main(rootwatch_coverage::Coverage::new)
}
