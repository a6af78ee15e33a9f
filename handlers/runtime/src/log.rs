//! The function's log: one JSON object a line, so that nothing in a record can forge a line. CloudWatch adds the time.

use tracing::level_filters::LevelFilter;

/// Writes what is logged from now on to stderr, which Lambda sends to the function's log group.
pub(crate) fn start() {
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .without_time()
        .with_target(false)
        .with_max_level(LevelFilter::INFO)
        .with_writer(std::io::stderr)
        .init();
}
