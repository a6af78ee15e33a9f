//! `rootwatch verify`.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::run::wrong_root;
use super::{Exit, complain, print, readable};
use crate::deployment::{OwnRoot, PROBE_PREFIX, serve};
use crate::layout::Layout;
use crate::report::Progress;
use crate::report::verify::{self as report, Verification};
use crate::runner::{Session, Status, chain, clients};
use crate::scenario::{Account, Loaded};
use crate::verify::{Client, Packages, Snapshot, Topics, bus, drift, policy, probe, read, twin};

/// Options of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Credentials and Region of the hub come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, \
AWS_REGION; AWS_ENDPOINT_URL where it is not AWS. Only Get, List and Describe calls are made, in addition to AssumeRole. \
--policy prints the permissions. No secret is read, and no event is sent.\n\n\
The exit code is 1 if an account or a Region is not monitored, a scenario fails, or something was found or has drifted.\n\n\
Examples:
  rootwatch verify --spoke 111122223333 --spoke 444455556666
                                        the hub and two accounts, in the Regions of sign-ins and the hub's own
  rootwatch verify --spoke 111122223333 --role security/rootwatch-verify --region eu-west-1
                                        through a role of another name, in one Region
  rootwatch verify --spoke 111122223333 --terraform live/prod --var-file live/prod/prod.tfvars
                                        and what differs from what Terraform would deploy
  rootwatch verify --policy             the permissions that it needs")]
pub(super) struct Verify {
    /// Scenarios to run on a copy of the deployment as well: files or folders
    paths: Vec<PathBuf>,
    /// The hub's event bus: a name in the Region of the environment, or an ARN
    #[arg(long, value_name = "NAME|ARN", default_value = "hub-root-activity")]
    bus: String,
    /// An account that must be monitored in addition to the hub's; may be given more than once
    #[arg(long, value_name = "ACCOUNT", value_parser = account)]
    spoke: Vec<String>,
    /// The role to assume in each of these accounts, with its path
    #[arg(long, value_name = "NAME", default_value = "rootwatch-verify")]
    role: String,
    /// The external id that the role asks for
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// A Region that must be monitored; may be given more than once [default: the environment's, and those where sign-ins appear]
    #[arg(long)]
    region: Vec<String>,
    /// Read-only calls need not raise an alert: the monitor was deployed with `read_only_events = false`
    #[arg(long)]
    no_read_only: bool,
    /// The topic of root logins, if no triage function of Rootwatch names it
    #[arg(long, value_name = "ARN")]
    login_topic: Option<String>,
    /// The topic of root activity, if no triage function of Rootwatch names it
    #[arg(long, value_name = "ARN")]
    activity_topic: Option<String>,
    /// The topic of the monitor's health, if no alarm notifies it
    #[arg(long, value_name = "ARN")]
    health_topic: Option<String>,
    /// The root module that was deployed: what differs from it is reported
    #[arg(long, value_name = "DIR")]
    terraform: Option<PathBuf>,
    /// Values of its variables, as for `terraform apply`; may be given more than once
    #[arg(long, value_name = "FILE", requires = "terraform")]
    var_file: Vec<PathBuf>,
    /// How the result is written to stdout
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// Print the IAM policy of a role that may verify, and end
    #[arg(long)]
    policy: bool,
}

/// How the result is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Human,
    /// One JSON object.
    Json,
    /// Annotations of GitHub Actions.
    Github,
}

fn account(text: &str) -> Result<String, String> {
    Account::try_from(text.to_owned()).map(|account| account.as_str().to_owned())
}

impl Verify {
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(super) async fn execute(self, layout: Layout) -> Exit {
        if self.policy {
            print(&serde_json::to_string_pretty(&policy()).unwrap_or_default());
            return Exit::Success;
        }
        if let Some(wrong) = self.terraform.as_deref().and_then(|folder| wrong_root(folder).err()) {
            complain(&wrong);
            return Exit::Usage;
        }
        let scenarios = match readable(&self.paths) {
            Ok(scenarios) => scenarios,
            Err(exit) => return exit,
        };
        let progress = Progress::stderr();
        let verified = self.verify(layout, &scenarios, &progress).await;
        progress.finish();
        let verification = match verified {
            Ok(verified) => verified,
            Err(error) => {
                complain(&error);
                return Exit::Environment;
            }
        };
        let text = match self.format {
            Format::Human => report::human(&verification),
            Format::Json => report::json(&verification),
            Format::Github => report::github(&verification),
        };
        print(&text);
        if verification.is_clean() { Exit::Success } else { Exit::Failed }
    }

    async fn verify(&self, layout: Layout, scenarios: &[Loaded], progress: &Progress) -> Result<Verification, String> {
        let region = clients::region_of_environment()?;
        let regions = clients::regions_of_environment(&self.region)?;
        let (credentials, endpoint) = clients::credentials_of_environment()?;
        progress.stage("assuming the roles");
        let hub = Client::of(credentials, endpoint, &region).await.map_err(|error| error.to_string())?;
        let bus = bus(&self.bus, &hub.account, &region)?;
        if bus.account().as_str() != hub.account {
            return Err(format!("{bus} is not in account {}, whose credentials are in the environment", hub.account));
        }
        let mut accounts = vec![hub.clone()];
        for spoke in self.spoke.iter().filter(|spoke| **spoke != hub.account) {
            let role = format!("arn:{}:iam::{spoke}:role/{}", bus.partition(), self.role);
            let client = hub.assume(&role, self.external_id.as_deref(), &region).await;
            accounts.push(client.map_err(|error| format!("{role}: {error}"))?);
        }
        let session = Session::start(layout, scenarios, progress.clone()).await.map_err(|error| chain(&error))?;
        let packages = Packages::of(&session).map_err(|error| chain(&error))?;
        let digests: BTreeSet<String> = packages.digests().collect();
        progress.stage(&format!("reading {} accounts in {} Regions", accounts.len(), regions.len()));
        let mut snapshot = read::read(&accounts, &bus, &regions, &digests).await;
        if !snapshot.items.contains_key(bus.as_str()) {
            let reason = snapshot.not_verified.iter().find(|remark| remark.resource == bus.as_str());
            let reason = reason.map(|remark| remark.text.clone()).unwrap_or_default();
            return Err(format!(
                "the bus {bus} cannot be read: {reason}; name it with --bus, and its Region with AWS_REGION"
            ));
        }
        let drift = match &self.terraform {
            None => None,
            Some(directory) => {
                let expected = self.expected(&session, directory, &accounts, &bus, &regions, &digests).await?;
                Some(drift::drift(&snapshot, &expected))
            }
        };
        progress.stage("injecting root events into a copy of the deployment");
        let topics = Topics {
            login: self.login_topic.clone(),
            activity: self.activity_topic.clone(),
            health: self.health_topic.clone(),
        };
        let names: Vec<String> = accounts.iter().map(|client| client.account.clone()).collect();
        let twin = twin(&session, &mut snapshot, &packages, &bus, &names[1..], &topics).await;
        let twin = twin.map_err(|error| chain(&error))?;
        let probed = probe(&session, &snapshot, &packages, &twin, &names, &regions, !self.no_read_only).await;
        let mut verification = Verification::new(bus.to_string(), &snapshot, probed);
        verification.drift = drift;
        for scenario in scenarios {
            let outcome = session.run_on(scenario, &twin.deployment).await;
            if matches!(outcome.status, Status::Failed | Status::Error) {
                verification.failed.push(outcome);
            }
        }
        Ok(verification)
    }

    /// What Terraform deploys to the embedded cloud, read in the same way.
    async fn expected(
        &self,
        session: &Session,
        directory: &std::path::Path,
        accounts: &[Client],
        bus: &rootwatch_cloud::Arn,
        regions: &[String],
        packages: &BTreeSet<String>,
    ) -> Result<Snapshot, String> {
        let own = OwnRoot { directory: directory.to_path_buf(), var_files: self.var_file.clone() };
        let deployment = session.deploy_own(&own).await.map_err(|error| chain(&error))?;
        let cloud = serve(deployment.state, &deployment.code).await.map_err(|error| chain(&error))?;
        let mut clients = Vec::new();
        for account in accounts {
            let credentials = clients::administrator(&account.account);
            let endpoint = Some(cloud.endpoint().to_owned());
            let client = Client::of(credentials, endpoint, bus.region().as_str()).await;
            clients.push(client.map_err(|error| error.to_string())?);
        }
        let mut expected = read::read(&clients, bus, regions, packages).await;
        expected.items.retain(|key, _| !key.contains(&format!(":{PROBE_PREFIX}")));
        Ok(expected)
    }
}
