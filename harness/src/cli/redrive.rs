//! `rootwatch redrive`.

use clap::Args;

use super::{Exit, complain, print};
use crate::redrive::redrive;
use crate::runner::clients;

/// Options of `redrive`.
#[derive(Debug, Args)]
#[command(after_help = "\
Credentials and Region come from the environment: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, \
AWS_REGION; AWS_ENDPOINT_URL where it is not AWS.\n\
Needs sqs:ListQueues, sqs:GetQueueAttributes, sqs:ListDeadLetterSourceQueues, sqs:StartMessageMoveTask, sqs:ReceiveMessage, sqs:DeleteMessage and \
sqs:SendMessage on the queues, and the use of their key.\n\n\
Examples:
  rootwatch redrive                              the queues rootwatch…-dlq of the environment's account and Region
  rootwatch redrive --name-prefix acme-root      where Terraform's name_prefix is another")]
pub(super) struct Redrive {
    /// How the names of the monitor's queues begin: Terraform's `name_prefix`
    #[arg(long, default_value = "rootwatch")]
    name_prefix: String,
}

impl Redrive {
    pub(super) async fn execute(self) -> Exit {
        let client = match clients::sqs_of_environment() {
            Ok(client) => client,
            Err(error) => {
                complain(&error);
                return Exit::Environment;
            }
        };
        match redrive(&client, &self.name_prefix).await {
            Ok(moved) if moved.is_empty() => {
                print(&format!("no dead-letter queue `{}…-dlq` holds a message", self.name_prefix));
                Exit::Success
            }
            Ok(moved) => {
                let mut exit = Exit::Success;
                for task in moved {
                    match task.refused {
                        None => print(&format!("{} messages are on their way back from {}", task.messages, task.queue)),
                        Some(reason) => {
                            complain(&format!("{} messages stay in {}: {reason}", task.messages, task.queue));
                            exit = Exit::Failed;
                        }
                    }
                }
                exit
            }
            Err(error) => {
                complain(&error.to_string());
                Exit::Environment
            }
        }
    }
}
