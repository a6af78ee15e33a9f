//! A deployment: a cloud that was seeded as the accounts of a company are, with the Terraform applied to it.
//!
//! It is applied once and saved; every scenario runs on a fork of it.

mod accounts;
mod assume;
mod deploy;
mod inventory;
mod key;
mod lifecycle;
mod own;
mod own_sources;
mod plan;
mod probes;
mod saved;
mod seed;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use rootwatch_cloud::State;
use rootwatch_cloud::runtime::CodeStore;

use crate::functions::Linked;

pub use accounts::{Accounts, Coverage, DEFAULT_REGION, REGIONS, SIGN_IN_REGIONS, is_region, is_region_shaped};
pub use assume::assume;
pub use deploy::{DeployError, deploy, open_code_store};
pub(crate) use deploy::{hub_key, hub_variables, now, serve};
pub use key::hex;
pub use lifecycle::{
    BOUNDARY, Composed, Lifecycle, ROLE_PATH, composed, findings, refusal, root_module, states_of_their_own,
};
pub use own::{OwnRoot, deploy_own};
pub use plan::plan;
pub use probes::Probes;
pub(crate) use probes::{PROBE_PREFIX, probe};
pub(crate) use seed::Secrets;

/// What shall be deployed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Specification {
    /// Whose it is.
    pub accounts: Accounts,
    /// Which Regions of which account.
    pub coverage: Coverage,
    /// Files laid over the Terraform tree.
    pub overlay: BTreeMap<String, Value>,
    /// Variables of the hub module that replace the defaults of the deployment under test.
    pub variables: Map<String, Value>,
    /// True if the spoke has the log alarm in addition to the rules.
    pub log_alarm: bool,
    /// What Terraform is expected to say as it refuses it: such a refusal is remembered as a deployment is.
    pub refusal_expected: Option<String>,
}

/// A deployment, ready to be forked.
#[derive(Clone, Debug)]
pub struct Deployment {
    /// The cloud after the apply.
    pub state: State,
    /// The functions' code.
    pub code: Arc<CodeStore>,
    /// The packages whose functions can run in this process.
    pub linked: Linked,
    /// Facts that its state does not contain.
    pub facts: Facts,
    /// Terraform's state of it: another deployment is made by applying the difference.
    pub terraform_state: Arc<str>,
    /// Whether it was saved by an earlier run.
    pub reused: bool,
    /// How long `init` and `apply` took; zero when reused.
    pub applied_in: Duration,
}

/// What a run needs to know of a deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Whose it is.
    pub accounts: Accounts,
    /// Where it listens.
    pub coverage: Coverage,
    /// The probe queues on the topics.
    pub probes: Probes,
    /// Id of the hub's KMS key, if an output gives it: scenario files contain [`crate::scenario::HUB_KEY`] in its place.
    #[serde(default)]
    pub hub_key: Option<String>,
    /// Name of the table of the last heartbeats, if an output gives it.
    #[serde(default)]
    pub coverage_table: Option<String>,
    /// Secret of the Slack alerter.
    pub slack_secret: String,
    /// Secret of the PagerDuty alerter.
    pub pagerduty_secret: String,
    /// Further secrets, of whichever alerter: those that a root module of the user's own names.
    pub more_secrets: Vec<String>,
}
