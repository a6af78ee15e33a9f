//! `rootwatch run --keep`: a cloud to look around in, and the commands for it.

use std::time::Duration;

use super::{Exit, complain, print};
use crate::deployment::{Accounts, Deployment};
use crate::report::gist;
use crate::runner::{Message, Session, chain};
use crate::scenario::Loaded;

/// How often is looked for what arrived.
const LOOK: Duration = Duration::from_millis(500);

/// Keeps the deployment running, and says what arrives, until the command is interrupted.
pub(super) async fn look_around(
    session: &Session,
    deployment: &Deployment,
    port: u16,
    injected: Option<&Loaded>,
) -> Exit {
    let mut kept = match session.keep(deployment, port, injected).await {
        Ok(kept) => kept,
        Err(error) => {
            complain(&chain(&error));
            return Exit::Environment;
        }
    };
    print(&commands(kept.endpoint(), kept.accounts(), injected));
    let mut ticks = tokio::time::interval(LOOK);
    loop {
        ticks.tick().await;
        for received in kept.received() {
            let message = Message { to: received.alerter, body: received.body };
            print(&format!("# {} received: {}", message.to, gist(&message)));
        }
    }
}

fn commands(endpoint: &str, accounts: &Accounts, injected: Option<&Loaded>) -> String {
    let Accounts { hub, hub_region, spoke, .. } = accounts;
    let event = injected.map_or_else(
        || "# Nothing has been injected yet.".to_owned(),
        |loaded| format!("# {} was injected once.", loaded.name),
    );
    let example =
        injected.map_or_else(|| "scenarios/login/passkey.json".to_owned(), |loaded| loaded.path.display().to_string());
    format!(
        "
# The deployment stays until Ctrl-C, on the wall clock; then nothing is left of it.
{event}
export AWS_ENDPOINT_URL={endpoint}
export AWS_ACCESS_KEY_ID={hub}     # the hub's administrator; the key of the spoke's is {spoke}
export AWS_SECRET_ACCESS_KEY=any
export AWS_REGION={hub_region}

aws sns list-topics
aws sqs list-queues
aws lambda list-functions --query 'Functions[].FunctionName'
aws cloudwatch describe-alarms --state-value ALARM --query 'MetricAlarms[].AlarmName'
AWS_ACCESS_KEY_ID={spoke} aws events list-rules
cargo run -- inject {example}                 # hands it to CloudTrail, once more
curl -s {endpoint}/_rootwatch/trace           # every hop, with the statement that decided
curl -s {endpoint}/_rootwatch/mailbox         # the e-mails
curl -s {endpoint}/_rootwatch/clock -d '{{\"advance_seconds\": 3600}}'
"
    )
}
