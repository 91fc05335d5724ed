//! The catalogue of drivers, by name.

use std::rc::Rc;

use super::Driver;
use super::ask::{ASK, Ask};
use super::byc::{BYC, Byc};
use super::declaration::Declaration;
use super::maelstrom::{MAELSTROM, Maelstrom};
use super::native::{NATIVE, Native};
use crate::world::NodeSpec;

/// The driver of nodes for which no other is named.
pub const DEFAULT: &Declaration = &NATIVE;

/// All drivers.
pub const ALL: &[&Declaration] = &[&NATIVE, &BYC, &MAELSTROM, &ASK];

/// Returns the driver with this name.
#[must_use]
pub fn by_name(name: &str) -> Option<Rc<dyn Driver>> {
    match name {
        _ if name == NATIVE.name => Some(Rc::new(Native)),
        _ if name == MAELSTROM.name => Some(Rc::new(Maelstrom)),
        _ if name == ASK.name => Some(Rc::new(Ask)),
        _ if name == BYC.name => Some(Rc::new(Byc)),
        _ => None,
    }
}

/// Returns the declaration of the driver with this name.
#[must_use]
pub fn declaration_of(name: &str) -> Option<&'static Declaration> {
    ALL.iter().copied().find(|driver| driver.name == name)
}

/// Returns the policy of a node if its driver knows one: the option, else the driver's default.
pub(crate) fn policy_of(spec: &NodeSpec) -> Option<&str> {
    let of_its_kind = || declaration_of(&spec.driver)?.policies.first().copied();
    spec.policy.as_deref().or_else(of_its_kind)
}

/// Returns a driver whose nodes use an option that only some kinds of nodes use, or `None`.
#[must_use]
pub fn user_of(option: &str) -> Option<&'static str> {
    ALL.iter().find(|driver| driver.takes.contains(&option)).map(|driver| driver.name)
}

impl Declaration {
    /// Returns the driver whose nodes use an option that this one's do not use, or `None`.
    #[must_use]
    pub fn has_no_use_for(&self, option: &str) -> Option<&'static str> {
        user_of(option).filter(|_| !self.takes.contains(&option))
    }
}
