//! Our own protocol: JSON frames over one WebSocket, requests matched by id, changes told.

mod conversation;
mod language;
mod person;

use futures_util::future::LocalBoxFuture;
use node::net::client::Client;

use super::{CommandLine, Declaration, Driver, Meeting, NATIVE, Place, Ready};
use crate::world::NodeSpec;

pub use language::command;
pub(crate) use language::{changed, outcome};
pub use person::{AskError, Said, ask, watch};

use conversation::Conversation;

/// The native protocol's driver.
#[derive(Debug, Clone, Copy)]
pub struct Native;

impl Driver for Native {
    fn declaration(&self) -> &'static Declaration {
        &NATIVE
    }

    fn command_line(&self, spec: &NodeSpec, place: &Place) -> Result<CommandLine, String> {
        let Some(exec) = &spec.exec else {
            let mut arguments = vec!["node".to_owned(), "--supervised".to_owned()];
            let policy = spec.policy.as_deref().unwrap_or("last");
            for (flag, value) in [
                ("--name", spec.name.as_str()),
                ("--listen", &place.address()),
                ("--network", &place.network),
                ("--policy", policy),
            ] {
                arguments.extend([flag.to_owned(), value.to_owned()]);
            }
            if spec.clock_ms != 0 {
                arguments.extend(["--clock-ahead-ms".to_owned(), spec.clock_ms.to_string()]);
            }
            if spec.disk {
                let data = place.data.to_str().ok_or_else(|| {
                    format!("the data folder {} has a name that is no text", place.data.display())
                })?;
                arguments.extend(["--data".to_owned(), data.to_owned()]);
                if spec.disk_full {
                    arguments.push("--disk-full".to_owned());
                }
            }
            #[cfg(feature = "mutants")]
            if let Some(mutant) = spec.mutant {
                arguments.extend(["--mutant".to_owned(), mutant.to_string()]);
            }
            arguments.extend(spec.args.iter().cloned());
            return Ok(CommandLine { program: place.program.clone(), arguments, ready: Ready::Told });
        };
        super::fill_in(exec, spec, place, Ready::Port)
    }

    fn serve(&self, meeting: Meeting) -> LocalBoxFuture<'static, String> {
        Box::pin(async move {
            let address = meeting.place.address();
            let client = match Client::connect(&address).await {
                Ok(client) => client,
                Err(lost) => return lost.to_string(),
            };
            let (sender, receiver) = client.split();
            // A connection that was lost is followed by one that is told as much.
            let versions = meeting.directory.is_watched(&address);
            let mut conversation = Conversation::new(meeting.directory, meeting.tell);
            let lost = conversation.hold(sender, receiver, &meeting.requests, versions).await;
            conversation.give_up(&lost);
            lost
        })
    }
}
