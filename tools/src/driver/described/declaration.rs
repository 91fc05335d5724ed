//! The declaration of a driver that was read from a description.

use std::collections::{BTreeMap, BTreeSet};

use super::description::{Description, Links, ValueKind};
use super::plan::Plan;
use super::signatures::{Signature, kept};
use crate::driver::UNKNOWN;
use crate::driver::command::Command;
use crate::driver::declaration::{Content, Declaration, Readiness, Values, Wiring};

/// Returns the declaration of a driver.
pub(super) fn declaration(
    name: &'static str,
    description: &Description,
    signatures: &BTreeMap<String, Signature>,
    plan: &Plan,
) -> Declaration {
    let commands: Vec<Command> = signatures.values().map(|signature| signature.0).collect();
    let has_program = description.start.as_ref().is_some_and(|start| start.command.is_some());
    let can = |command: &str| signatures.contains_key(command);
    Declaration {
        name,
        about: kept(description.about.clone()),
        install: kept(description.install.trim().to_owned()),
        program: kept(plan.start.command.replace("{folder}", &plan.folder)),
        asked_directly: false,
        simulated: false,
        commands: Vec::leak(commands),
        wiring: match description.links() {
            Links::Request => Wiring::AddPeer,
            Links::Start | Links::Restart | Links::None => Wiring::ByThemselves,
        },
        ours: false,
        is_told_members: true,
        dials_by_itself: &[],
        grows: description.links() != Links::Start,
        restarted_for: match description.links() {
            Links::Restart => Vec::leak(plan.start.names_of_network()),
            Links::Request | Links::Start | Links::None => &[],
        },
        readiness: Readiness::Seen,
        start_within: plan.start.within,
        healthy_within: plan.start.healthy.as_ref().map(|_| plan.start.healthy_within),
        tells: false,
        content: match (can("keys") && can("get"), can("read")) {
            (true, _) => Content::Keys,
            (false, true) => Content::Read { workloads: None },
            (false, false) => Content::Hidden,
        },
        needs: if has_program { &[] } else { &["exec"] },
        takes: &[],
        implied_workloads: &[],
        by_port: false,
        link_policy: None,
        links_to: Vec::leak(vec![name]),
        values: match description.values {
            ValueKind::Text => &[Values::Text],
            ValueKind::Json => &[Values::Json],
        },
        policies: &[],
        codes: Vec::leak(codes(description)),
        bounds: &[],
        ports: Vec::leak(plan.ports.iter().cloned().map(kept).collect()),
        asked: plan.asked,
        further_asked: Vec::leak(further_asked(plan)),
        dial_path: "",
    }
}

/// Returns the ports that requests name, without the one that they go to.
fn further_asked(plan: &Plan) -> Vec<&'static str> {
    let is_named = |index: usize, name: &String| {
        let of_first = if index == 0 { ["port", "peer.port"].as_slice() } else { &[] };
        let by_name = [format!("port.{name}"), format!("peer.port.{name}")];
        by_name.iter().map(String::as_str).chain(of_first.iter().copied()).any(|name| plan.asks_by(name))
    };
    let further = plan.ports.iter().enumerate().filter(|(index, _)| *index != plan.asked);
    further.filter(|(index, name)| is_named(*index, name)).map(|(_, name)| kept(name.clone())).collect()
}

/// Returns the codes of errors: those that the description gives, and those that are given without it.
fn codes(description: &Description) -> Vec<&'static str> {
    let means = description.commands.values().map(|command| &command.means).chain([&description.means]);
    let given = means.flat_map(|means| means.values()).filter_map(|meaning| meaning.get_ref().code());
    let linked = description.links() == Links::Request;
    let usual = ["refused", "unavailable", "unsupported", UNKNOWN].into_iter();
    // Redis answers nil, and an adapter by a word of its own.
    let of_redis = description.commands.values().any(|command| command.redis.is_some()).then_some("absent");
    let of_adapter =
        ["absent", "exists", "precondition_failed"].into_iter().filter(|_| description.stdio.is_some());
    let usual = usual.chain(linked.then_some("neighbor_exists")).chain(of_redis).chain(of_adapter);
    let all: BTreeSet<&str> = usual.chain(given).collect();
    all.into_iter().collect()
}
