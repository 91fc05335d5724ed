//! The health of a node: the sign that it serves again after a disturbance.

use std::cell::RefCell;
use std::rc::Rc;

use regex::Regex;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout_at};

use super::launcher::Launcher;
use super::signs::{self, RETRY_INTERVAL};
use crate::driver::{Contacts, Ready, Secrets};
use crate::text::{duration, io_cause, regex_cause};

/// The sign that a node serves again, and all that is needed to look for it.
pub(super) struct Health {
    pub sign: Ready,
    /// The address at which the node is asked.
    pub address: String,
    pub launcher: Rc<dyn Launcher>,
    pub contacts: Rc<Contacts>,
    /// The values that no message may show.
    pub secrets: Secrets,
}

impl Health {
    /// Waits until the node gives the sign. The error says for people what was seen instead.
    pub(super) async fn returns(&self, deadline: Instant) -> Result<(), String> {
        let (since, last) = (Instant::now(), RefCell::new(None));
        // The harness is no node: what it dials bypasses nothing.
        let _contact = self.contacts.begin();
        if let Ok(found) = timeout_at(deadline, self.look(&last)).await {
            return found;
        }
        let why = last.take().unwrap_or_else(|| "nothing came back".to_owned());
        let (waited, address) = (duration(since.elapsed()), &self.address);
        Err(self.secrets.hide(format!("it was not healthy within {waited}, at {address}: {why}")))
    }

    async fn look(&self, last: &RefCell<Option<String>>) -> Result<(), String> {
        match &self.sign {
            Ready::Page { path, body } => {
                let body = body.as_deref().map(Regex::new).transpose();
                let body = body.map_err(|error| format!("its page: {}", regex_cause(&error)))?;
                signs::serves(&self.address, path, body.as_ref(), last).await;
            }
            Ready::Exec(words) => signs::succeeds(&*self.launcher.sidecars(), words, last).await,
            // What a node says or writes once is no sign later: its port stands for it.
            Ready::Port | Ready::Told | Ready::Spoken | Ready::Log(_) => {
                while let Err(error) = TcpStream::connect(&self.address).await {
                    last.replace(Some(io_cause(&error)));
                    sleep(RETRY_INTERVAL).await;
                }
            }
        }
        Ok(())
    }
}
