//! The function's log: one JSON object a line, so that nothing in a record can forge a line. CloudWatch adds the time.

use tracing::Subscriber;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

/// Formats log events as Lambda's log group receives them.
pub(crate) fn subscriber<W>(writer: W) -> impl Subscriber + Send + Sync
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .without_time()
        .with_target(false)
        .with_max_level(LevelFilter::INFO)
        .with_writer(writer)
        .finish()
}

/// Sends everything that is logged from now on to stderr, which Lambda forwards to the function's log group.
pub(crate) fn start() {
    // Fails only if a subscriber is installed already; this is the first statement of the process.
    let _ = tracing::subscriber::set_global_default(subscriber(std::io::stderr));
}
