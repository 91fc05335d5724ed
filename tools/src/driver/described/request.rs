//! The requests to one node: filled in, sent, and their answers read.

use std::rc::Rc;
use std::str::FromStr as _;

use hyper::body::Bytes;
use hyper::http::{HeaderName, HeaderValue, Uri, header};

use super::exec::{self, ExecError};
use super::http::{HttpClient, HttpError, HttpRequest};
use super::outcome::{Received, outcome};
use super::plan::{CommandPlan, Plan, RequestPlan};
use super::scope::{self, Values};
use super::secrets::Secrets;
use super::template::{Filling as _, Filter, Template};
use crate::driver::service::Asked;
use crate::driver::{
    AddressError, CommandLine, CommandLineError, Declaration, Member, NodeSession, Place, RequestBody, Wiring,
};
use crate::world::{ExitStatus, NodeIndex, NodeSpec, Outcome};

/// The client of one node.
pub(super) struct Client<'a> {
    plan: &'a Plan,
    declaration: &'static Declaration,
    session: &'a NodeSession,
    http: HttpClient,
    secrets: Secrets,
}

/// Returns the command line that starts a node.
pub(super) fn command_line(
    plan: &Plan,
    spec: &NodeSpec,
    place: &Place,
    members: &[Member],
) -> Result<CommandLine, CommandLineError> {
    let data = place.data.to_string_lossy();
    let node = |member: &Member| member.node;
    let own = members.iter().find(|member| member.name == spec.name).map_or(NodeIndex(0), node);
    let values = Values {
        node: scope::member(&spec.name, own, place, &plan.ports),
        folder: &plan.folder,
        data: &data,
        arguments: &[],
        peer: None,
        nodes: members
            .iter()
            .map(|member| {
                let values = scope::member(&member.name, member.node, &member.place, &plan.ports);
                (values, member.is_neighbour)
            })
            .collect(),
    };
    let filled =
        |text: &Template| text.fill(None, &values).map_err(|name| CommandLineError::NoValue { name });
    let variables = plan.environment.iter();
    let environment: Result<Vec<(String, String)>, CommandLineError> =
        variables.map(|(name, value)| Ok((name.clone(), filled(value)?))).collect();
    let environment = environment?;
    if let Some(exec) = &spec.exec {
        let line = crate::driver::fill_in(exec, spec, place, plan.ready.clone())?;
        return Ok(CommandLine { environment, ..line });
    }
    // A request that lacks a value would fail each time.
    if let Some(name) = plan.variables.iter().find(|name| values.text(name).is_none()) {
        return Err(CommandLineError::NoValue { name: name.clone() });
    }
    let text = || plan.command.clone();
    if spec.clock_ms != 0 {
        return Err(CommandLineError::Clock { exec: text() });
    }
    if spec.disk_full {
        return Err(CommandLineError::Disk { exec: text() });
    }
    let uses_data = plan.uses_data();
    if spec.disk && !uses_data {
        return Err(CommandLineError::NoDataFolder { exec: text() });
    }
    let mut words = plan.start.iter().map(filled);
    let program = words.next().ok_or(CommandLineError::NoProgram)??;
    let mut arguments: Vec<String> = words.collect::<Result<_, _>>()?;
    arguments.extend(spec.args.iter().cloned());
    Ok(CommandLine { program: program.into(), arguments, environment, uses_data, ready: plan.ready.clone() })
}

impl<'a> Client<'a> {
    pub(super) fn new(plan: &'a Plan, declaration: &'static Declaration, session: &'a NodeSession) -> Self {
        Self {
            plan,
            declaration,
            session,
            http: HttpClient::new(Rc::clone(&session.contacts)),
            secrets: Secrets::of(&plan.variables),
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
        let session = self.session;
        let values = Values {
            node: scope::member(&session.spec.name, session.node, &session.place, &self.plan.ports),
            folder: &self.plan.folder,
            data: &data,
            arguments: &named,
            peer: peer.as_ref().map(|peer| peer.member(&self.plan.ports)),
            nodes: Vec::new(),
        };
        let fill = |template: &Template, usual: Option<Filter>| template.fill(usual, &values);
        let received = match self.request(plan, fill).await {
            Ok(received) => received,
            Err(asked) => return asked,
        };
        Asked::Ended(outcome(&*self.session.directory, command, plan, received))
    }

    /// Sends the request of a command, with its placeholders filled in.
    async fn request(
        &self,
        plan: &CommandPlan,
        fill: impl Fn(&Template, Option<Filter>) -> Result<String, String>,
    ) -> Result<Received, Asked> {
        let no_value = |name: String| {
            let reason = format!("there is no value for `{{{name}}}`");
            Asked::Ended(Outcome::Failed { reason })
        };
        match &plan.request {
            RequestPlan::Http { method, path, headers, body, port } => {
                let path = fill(path, Some(Filter::Url)).map_err(no_value)?;
                let uri = Uri::from_str(&path).map_err(|error| failed(format!("`{path}`: {error}")))?;
                let place = &self.session.place;
                let port = place.ports().get(*port).copied().unwrap_or(place.port);
                let address = format!("{}:{port}", place.host);
                let host = HeaderValue::from_str(&address).map_err(|error| failed(error.to_string()))?;
                let mut fields: Vec<(HeaderName, HeaderValue)> = vec![(header::HOST, host)];
                for (name, value) in headers {
                    fields.retain(|(other, _)| other != name);
                    let value = fill(value, None).map_err(no_value)?;
                    let value = HeaderValue::from_str(&value)
                        .map_err(|error| failed(format!("the header field `{name}`: {error}")))?;
                    fields.push((name.clone(), value));
                }
                let request = HttpRequest {
                    host: place.host.clone(),
                    port,
                    method: method.clone(),
                    uri,
                    headers: fields,
                    body: Bytes::from(fill(body, None).map_err(no_value)?),
                };
                let answer = self.http.ask(request).await.map_err(|error| match error {
                    HttpError::Connect(_) => unavailable(error.to_string()),
                    HttpError::Broken(_) => Asked::Lost(error.to_string()),
                    HttpError::Long => failed(error.to_string()),
                })?;
                Ok(Received {
                    status: answer.status,
                    is_success: (200..300).contains(&answer.status),
                    may_have_happened: answer.status >= 500,
                    status_text: format!("HTTP {}", answer.status),
                    body: answer.body,
                    problems: String::new(),
                })
            }
            RequestPlan::Exec { words, input } => {
                let words: Vec<String> =
                    words.iter().map(|word| fill(word, None)).collect::<Result<_, _>>().map_err(no_value)?;
                let input = fill(input, None).map_err(no_value)?;
                let (program, arguments) = words.split_first().ok_or_else(|| failed("no program"))?;
                let answer =
                    exec::ask(self.session, program, arguments, &input).await.map_err(
                        |error| match error {
                            ExecError::Start { .. } | ExecError::Long { .. } => failed(error.to_string()),
                            ExecError::Pipe { .. } => Asked::Lost(error.to_string()),
                        },
                    )?;
                let status = match answer.end {
                    ExitStatus::Code(code) => u16::try_from(code).unwrap_or(u16::MAX),
                    ExitStatus::Signal(_) => u16::MAX,
                };
                Ok(Received {
                    status,
                    is_success: status == 0,
                    may_have_happened: status != 0,
                    status_text: format!("`{program}` ended with {}", answer.end),
                    body: answer.output,
                    problems: answer.problems,
                })
            }
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

fn failed(reason: impl Into<String>) -> Asked {
    Asked::Ended(Outcome::Failed { reason: reason.into() })
}

/// Returns the outcome of a request that the node has not seen.
fn unavailable(message: String) -> Asked {
    Asked::Ended(Outcome::Refused { code: "unavailable".to_owned(), message })
}
