//! The requests to one node: their values, and the outcomes of their answers.

use super::outcome::{outcome, said};
use super::plan::Plan;
use super::scope;
use super::transport::{Reply, TransportError, Transports};
use crate::driver::service::Asked;
use crate::driver::{AddressError, Declaration, NodeSession, RequestBody, Secrets, Values, Wiring};
use crate::world::{NodeIndex, Outcome};

/// The client of one node.
pub(super) struct Client<'a> {
    plan: &'a Plan,
    declaration: &'static Declaration,
    session: &'a NodeSession,
    transports: Transports,
    secrets: Secrets,
}

impl<'a> Client<'a> {
    pub(super) fn new(plan: &'a Plan, declaration: &'static Declaration, session: &'a NodeSession) -> Self {
        let transports = Transports::new(plan.asked, plan.framing, session);
        Self { plan, declaration, session, transports, secrets: Secrets::of(&plan.variables) }
    }

    /// Starts the adapter that stays, if there is one. The error is for people.
    pub(super) async fn begin(&self) -> Result<(), String> {
        self.transports.start().await.map_err(|error| self.secrets.hide(error))
    }

    /// Returns the values that are filled in for the placeholders of a request.
    fn values<'v>(
        &'v self,
        data: &'v str,
        arguments: &'v [(String, String)],
        peer: Option<scope::Member<'v>>,
    ) -> scope::Values<'v> {
        let session = self.session;
        scope::Values {
            node: scope::member(&session.spec.name, session.node, &session.place, &self.plan.ports),
            folder: &self.plan.folder,
            data,
            arguments,
            peer,
            nodes: Vec::new(),
            is_first_start: false,
            is_typed: self.declaration.values_of(None) == Values::Json,
        }
    }

    /// Asks the node. What stands in the environment and was filled in is in no message.
    pub(super) async fn ask(&self, body: &RequestBody) -> Asked {
        let hide = |text: String| self.secrets.hide(text);
        match self.outcome(body).await {
            Asked::Lost(reason) => Asked::Lost(hide(reason)),
            Asked::Ended(Outcome::Refused { code, message }) => {
                Asked::Ended(Outcome::Refused { code, message: hide(message) })
            }
            Asked::Ended(Outcome::Unknown { reason }) => {
                Asked::Ended(Outcome::Unknown { reason: hide(reason) })
            }
            Asked::Ended(Outcome::Failed { reason }) => {
                Asked::Ended(Outcome::Failed { reason: hide(reason) })
            }
            Asked::Ended(outcome) => Asked::Ended(outcome),
        }
    }

    async fn outcome(&self, body: &RequestBody) -> Asked {
        let words = match body {
            RequestBody::Watch => return Asked::Ended(Outcome::Done),
            // Nodes that are linked by themselves need no request.
            RequestBody::Wire(_) if self.declaration.wiring != Wiring::AddPeer => {
                return Asked::Ended(Outcome::Done);
            }
            RequestBody::Wire(to) => vec!["addPeer".to_owned(), to.clone()],
            RequestBody::Words(words) => words.clone(),
        };
        let unsupported = |name: &str| {
            let message = format!("the driver has no command `{name}`");
            Asked::Ended(Outcome::Refused { code: "unsupported".to_owned(), message })
        };
        let Some((name, arguments)) = words.split_first() else { return Asked::Ended(Outcome::Done) };
        let Some(command) = self.declaration.command(name) else { return unsupported(name) };
        let Some(plan) = self.plan.commands.get(command.name) else { return unsupported(name) };
        let refused = |error: AddressError| {
            Asked::Ended(Outcome::Refused { code: "refused".to_owned(), message: error.to_string() })
        };
        let to =
            command.arguments.iter().zip(arguments).find(|(argument, _)| argument.node).map(|(_, to)| to);
        let peer = match to.map(|to| Peer::of(self.session, to)).transpose() {
            Ok(peer) => peer,
            Err(error) => return refused(error),
        };
        let named = plan.arguments.iter().cloned().zip(arguments.iter().cloned()).collect::<Vec<_>>();
        let data = self.session.place.data.to_string_lossy();
        let values = self.values(&data, &named, peer.as_ref().map(|peer| peer.member(&self.plan.ports)));
        match self.transports.send((&plan.request, command.changes), &values, self.session).await {
            Ok(Reply::Received(received)) => {
                Asked::Ended(outcome(&*self.session.directory, command, plan, received))
            }
            Ok(Reply::Done) => Asked::Ended(Outcome::Done),
            Ok(Reply::Error { word, message }) => Asked::Ended(said(command, plan, &word, &message)),
            Err(TransportError::Failed(reason)) => Asked::Ended(Outcome::Failed { reason }),
            Err(TransportError::Unavailable(message)) => {
                Asked::Ended(Outcome::Refused { code: "unavailable".to_owned(), message })
            }
            Err(TransportError::Refused(message)) => {
                Asked::Ended(Outcome::Refused { code: "refused".to_owned(), message })
            }
            Err(TransportError::Lost(reason)) => Asked::Lost(reason),
        }
    }
}

/// The node that another is to be linked to, as the other dials it.
struct Peer<'a> {
    name: &'a str,
    node: NodeIndex,
    host: String,
    ports: Vec<u16>,
}

impl<'a> Peer<'a> {
    fn of(session: &NodeSession, to: &'a str) -> Result<Self, AddressError> {
        let address = session.directory.address(session.node, to)?;
        let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
        let (node, mut ports) =
            session.directory.ports(to).ok_or_else(|| AddressError::NoNode(to.to_owned()))?;
        // A proxy may stand in front of the first port.
        if let (Some(first), Ok(port)) = (ports.first_mut(), port.parse()) {
            *first = port;
        }
        Ok(Self { name: to, node, host: host.trim_matches(['[', ']']).to_owned(), ports })
    }

    fn member<'m>(&'m self, port_names: &'m [String]) -> scope::Member<'m> {
        let Self { name, node, host, ports } = self;
        scope::Member { name, number: node.0 + 1, host, ports: ports.clone(), port_names }
    }
}
