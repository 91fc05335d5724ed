//! The declaration of a driver that was read from a description.

use std::collections::BTreeMap;

use super::description::{Description, Links, ValueKind};
use super::signatures::{Signature, kept};
use crate::driver::UNKNOWN;
use crate::driver::command::Command;
use crate::driver::declaration::{Content, Declaration, Readiness, Values, Wiring};

/// Returns the declaration of a driver.
pub(super) fn declaration(
    name: &'static str,
    description: &Description,
    signatures: &BTreeMap<String, Signature>,
) -> Declaration {
    let commands: Vec<Command> = signatures.values().map(|signature| signature.0).collect();
    let can = |command: &str| signatures.contains_key(command);
    Declaration {
        name,
        about: kept(description.about.clone()),
        asked_directly: false,
        simulated: false,
        commands: Vec::leak(commands),
        wiring: match description.links() {
            Links::Request => Wiring::AddPeer,
            Links::Start | Links::None => Wiring::ByThemselves,
        },
        dials_by_itself: &[],
        grows: description.links() != Links::Start,
        readiness: Readiness::Seen,
        tells: false,
        content: match (can("keys") && can("get"), can("read")) {
            (true, _) => Content::Keys,
            (false, true) => Content::Read { workloads: None },
            (false, false) => Content::Hidden,
        },
        needs: if description.start.is_some() { &[] } else { &["exec"] },
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
        codes: &["absent", "exists", "neighbor_exists", "refused", "unavailable", "unsupported", UNKNOWN],
        bounds: &[],
        dial_path: "",
    }
}
