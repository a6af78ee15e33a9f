//! `rootwatch serve`.

use clap::Args;
use rootwatch_cloud::{Clock, Cloud, Options, State};

use super::{Exit, complain, print};
use crate::deployment::open_code_store;
use crate::layout::Layout;

/// Options of `serve`.
#[derive(Debug, Args)]
#[command(after_help = "\
It is empty: no trail, no organization. `rootwatch run --keep` leaves one running with the monitor deployed.\n\n\
Examples:
  rootwatch serve                 on port 4566, until Ctrl-C
  rootwatch serve --port 0        on a free port; the first lines say which")]
pub(super) struct Serve {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 4566)]
    port: u16,
    /// A certificate authority that the functions trust instead of the system's (`SSL_CERT_FILE`), for sinks of one's own
    #[arg(long)]
    trust: Option<std::path::PathBuf>,
}

impl Serve {
    pub(super) async fn execute(self) -> Exit {
        let layout = Layout::discover();
        // Functions have a working directory of their own.
        let trusted = self.trust.iter().filter_map(|path| std::path::absolute(path).ok());
        let trusted = trusted.map(|path| ("SSL_CERT_FILE".to_owned(), path.to_string_lossy().into_owned()));
        let options = Options {
            clock: Clock::Wall,
            port: self.port,
            code: open_code_store(&layout),
            host_variables: trusted.collect(),
        };
        let cloud = match Cloud::start(State::new(crate::deployment::now(), 1), options).await {
            Ok(cloud) => cloud,
            Err(error) => {
                complain(&crate::runner::chain(&error));
                return Exit::Environment;
            }
        };
        print(&format!(
            "# The embedded cloud listens. The access key is the account, and its administrator.\n\
             export AWS_ENDPOINT_URL={}\nexport AWS_ACCESS_KEY_ID=111122223333\nexport AWS_SECRET_ACCESS_KEY=any\n\
             export AWS_REGION=us-east-1\n# Ctrl-C ends it; nothing is kept.",
            cloud.endpoint()
        ));
        std::future::pending().await
    }
}
