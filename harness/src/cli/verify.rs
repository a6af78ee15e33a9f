//! `rootwatch verify`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, ValueEnum};
use futures_util::future::{BoxFuture, FutureExt};
use futures_util::stream::{self, StreamExt, TryStreamExt};
use rootwatch_cloud::Arn;

use super::mutants::watch;
use super::run::{leave_out_variants, wrong_root};
use super::{Exit, complain, print, readable};
use crate::cores;
use crate::deployment::{Deployment, OwnRoot, PROBE_PREFIX, serve};
use crate::layout::Layout;
use crate::mutants::{self, Declarations, Selection, Sources};
use crate::report::Progress;
use crate::report::verify::{self as report, Verification};
use crate::runner::{Session, chain, clients};
use crate::scenario::{Account, Loaded, find, read_text};
use crate::verify::{Client, Packages, Snapshot, Topics, bus, drift, policy, probe, read, twin};

/// How many roles are assumed at the same time.
const ROLES: usize = 8;

/// Options of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Credentials and Region of the hub come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, \
AWS_REGION; AWS_ENDPOINT_URL where it is not AWS. Only Get, List and Describe calls are made, in addition to AssumeRole. \
--policy prints the permissions. No secret is read, and no event is sent.\n\n\
The exit code is 1 if an account or a Region is not monitored, a scenario fails, or something was found or has drifted. Mutants \
that are missed do not change it.\n\n\
Examples:
  rootwatch verify --spoke 111122223333 --spoke 444455556666
                                        the hub and two accounts, in the Regions of sign-ins and the hub's own
  rootwatch verify --spoke 111122223333 --role security/rootwatch-verify --region eu-west-1
                                        through a role of another name, in one Region
  rootwatch verify --spoke 111122223333 --terraform live/prod --var-file live/prod/prod.tfvars
                                        and what differs from what Terraform would deploy
  rootwatch verify --spoke 111122223333 --mutants
                                        and which changes of it the scenarios would notice
  aws organizations list-accounts --query 'Accounts[?State==`ACTIVE`].Id' --output text | rootwatch verify --accounts -
                                        every account of an organization
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
    /// A file with further such accounts, separated by blanks, tabs or line breaks; `#` starts a comment, `-` is standard input
    #[arg(long, value_name = "FILE")]
    accounts: Option<PathBuf>,
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
    /// Test mutants of the hub and the first spoke of the copy as well, with the given scenarios [default: scenarios/]
    #[arg(long)]
    mutants: bool,
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
    /// JUnit XML.
    Junit,
    /// Annotations of GitHub Actions.
    Github,
    /// One self-contained HTML page.
    Html,
}

/// Tests mutants of what these accounts have.
async fn mutate(
    session: Arc<Session>,
    scenarios: Vec<Loaded>,
    twin: Deployment,
    accounts: Vec<String>,
    progress: &Progress,
) -> Result<mutants::Report, mutants::MutantsError> {
    let selection = Selection { addresses: accounts, ..Selection::default() };
    let (own, watch) = (Arc::new(twin), watch(progress));
    let (sources, declarations) = (Sources::default(), Declarations::default());
    mutants::run(session, scenarios, Some(&own), &[], &sources, &selection, &declarations, cores(), watch).await
}

/// The accounts of a file.
fn listed(file: &Path) -> Result<Vec<String>, String> {
    let name = file.display();
    let text = read_text(file).map_err(|reason| format!("could not read {name}: {reason}"))?;
    let mut accounts = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        for word in line.split_whitespace() {
            accounts.push(account(word).map_err(|error| format!("{name}:{}: {error}", number + 1))?);
        }
    }
    match accounts.is_empty() {
        true => Err(format!("{name} has no account; write the 12 digits of one on each line")),
        false => Ok(accounts),
    }
}

fn account(text: &str) -> Result<String, String> {
    Account::try_from(text.to_owned()).map(|account| account.as_str().to_owned())
}

impl Verify {
    pub(super) fn is_json(&self) -> bool {
        self.format == Format::Json
    }

    pub(super) async fn execute(mut self, layout: Layout) -> Exit {
        if self.policy {
            print(&serde_json::to_string_pretty(&policy()).unwrap_or_default());
            return Exit::Success;
        }
        if let Some(wrong) = self.terraform.as_deref().and_then(|folder| wrong_root(folder).err()) {
            complain(&wrong);
            return Exit::Usage;
        }
        match self.accounts.as_deref().map(listed).transpose() {
            Ok(accounts) => self.spoke.extend(accounts.into_iter().flatten()),
            Err(error) => {
                complain(&error);
                return Exit::Usage;
            }
        }
        let mut known = BTreeSet::new();
        self.spoke.retain(|spoke| known.insert(spoke.clone()));
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
            Format::Junit => report::junit(&verification),
            Format::Github => report::github(&verification),
            Format::Html => report::page(&verification),
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
        let assumed: Vec<BoxFuture<'_, Result<Client, String>>> = self
            .spoke
            .iter()
            .filter(|spoke| **spoke != hub.account)
            .map(|spoke| self.assume(&hub, &bus, spoke).boxed())
            .collect();
        accounts.extend(stream::iter(assumed).buffered(ROLES).try_collect::<Vec<Client>>().await?);
        let killers = self.killers(&layout, scenarios, progress)?;
        let session = Session::start(layout, scenarios, progress.clone()).await.map_err(|error| chain(&error))?;
        let session = Arc::new(session);
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
            verification.scenarios.push(session.run_on(scenario, &twin.deployment).await);
        }
        if let Some(killers) = killers {
            let mutated = names.iter().take(2).map(|account| format!(":{account}:")).collect();
            let mutants = mutate(session, killers, twin.deployment, mutated, progress).await;
            verification.mutants = Some(mutants.map_err(|error| error.to_string())?);
        }
        Ok(verification)
    }

    /// The credentials of the role in a spoke.
    async fn assume(&self, hub: &Client, bus: &Arn, spoke: &str) -> Result<Client, String> {
        let role = format!("arn:{}:iam::{spoke}:role/{}", bus.partition(), self.role);
        let client = hub.assume(&role, self.external_id.as_deref(), bus.region().as_str()).await;
        client.map_err(|error| format!("{role}: {error}"))
    }

    /// The scenarios that mutants are tested with, if they are.
    fn killers(
        &self,
        layout: &Layout,
        scenarios: &[Loaded],
        progress: &Progress,
    ) -> Result<Option<Vec<Loaded>>, String> {
        if !self.mutants {
            return Ok(None);
        }
        let mut killers = match scenarios {
            [] => find(&layout.scenarios()).map_err(|error| error.to_string())?,
            given => given.to_vec(),
        };
        leave_out_variants(&mut killers, progress);
        Ok(Some(killers))
    }

    /// What Terraform deploys to the embedded cloud, read in the same way.
    async fn expected(
        &self,
        session: &Session,
        directory: &Path,
        accounts: &[Client],
        bus: &Arn,
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
