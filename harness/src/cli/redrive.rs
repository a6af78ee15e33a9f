//! `rootwatch redrive`.

use aws_sdk_sqs::Client;
use clap::Args;

use super::{Exit, complain, print};
use crate::redrive::{Done, redrive};
use crate::runner::clients;

/// Options of `redrive`.
#[derive(Debug, Args)]
#[command(after_help = "\
Credentials and Region of the hub come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, \
AWS_REGION; AWS_ENDPOINT_URL where it is not AWS.\n\
Needs sqs:ListQueues, sqs:GetQueueAttributes, sqs:ListDeadLetterSourceQueues, sqs:StartMessageMoveTask, sqs:ReceiveMessage, sqs:DeleteMessage and \
sqs:SendMessage on the queues, and the use of their key. A spoke's role needs sqs:ListQueues, sqs:GetQueueAttributes, \
sqs:ListDeadLetterSourceQueues, sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility.\n\n\
What a spoke could not deliver to the hub's bus is handed to triage's queue: nobody may put an event of aws.* on a bus again.\n\n\
Examples:
  rootwatch redrive                              the queues rootwatch…-dlq of the hub
  rootwatch redrive --name-prefix acme-root      where Terraform's name_prefix is another
  rootwatch redrive --spoke-role-arn arn:aws:iam::111122223333:role/rootwatch-operator
                                                 the hub's, and those of a spoke's account
  rootwatch redrive --spoke-region us-west-2     the hub's, and those of the hub's own spoke in another Region")]
pub(super) struct Redrive {
    /// How the names of the monitor's queues begin: Terraform's `name_prefix`
    #[arg(long, default_value = "rootwatch")]
    name_prefix: String,
    /// A role in a spoke's account, which the hub's credentials may assume
    #[arg(long, value_name = "ARN")]
    spoke_role_arn: Option<String>,
    /// The external id that the role asks for
    #[arg(long, value_name = "ID", requires = "spoke_role_arn")]
    spoke_external_id: Option<String>,
    /// Regions of spokes; may be given more than once [default: the environment's, and those where sign-ins appear]
    #[arg(long, value_name = "REGION")]
    spoke_region: Vec<String>,
}

impl Redrive {
    pub(super) async fn execute(self) -> Exit {
        let (hub, spokes) = match self.clients().await {
            Ok(clients) => clients,
            Err(error) => {
                complain(&error);
                return Exit::Environment;
            }
        };
        let mut exit = Exit::Success;
        let mut nothing = true;
        for (place, from) in std::iter::once((None, &hub)).chain(spokes.iter().map(|(place, from)| (Some(place), from)))
        {
            match redrive(from, &hub, &self.name_prefix).await {
                Ok(moved) => {
                    for task in moved {
                        nothing = false;
                        match task.done {
                            Done::MovedBack | Done::Handed { .. } => print(&task.to_string()),
                            Done::Refused { .. } => {
                                complain(&task.to_string());
                                exit = Exit::Failed;
                            }
                        }
                    }
                }
                // The others are not to wait for it.
                Err(error) => {
                    nothing = false;
                    complain(&place.map_or_else(|| error.to_string(), |place| format!("{place}: {error}")));
                    exit = Exit::Environment;
                }
            }
        }
        if nothing {
            print(&format!("no dead-letter queue `{}…-dlq` holds a message", self.name_prefix));
        }
        exit
    }

    /// The hub's client, and one for each place where a spoke may stand, with its name.
    async fn clients(&self) -> Result<(Client, Vec<(String, Client)>), String> {
        let own = clients::region_of_environment()?;
        let hub = clients::sqs_of_environment(&own)?;
        let regions = clients::regions_of_environment(&self.spoke_region)?;
        let spokes = match &self.spoke_role_arn {
            Some(role) => {
                let found = clients::sqs_of_role(role, self.spoke_external_id.as_deref(), &regions).await?;
                regions.iter().map(|region| format!("{role}, {region}")).zip(found).collect()
            }
            // The hub is its own spoke; its own Region has been looked at.
            None => {
                let elsewhere = regions.into_iter().filter(|region| *region != own);
                let client = |region: String| clients::sqs_of_environment(&region).map(|client| (region, client));
                elsewhere.map(client).collect::<Result<_, _>>()?
            }
        };
        Ok((hub, spokes))
    }
}
