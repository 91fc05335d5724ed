//! The catalogue of drivers, by name.

use std::rc::Rc;
use std::sync::{Mutex, PoisonError};

use super::Driver;
use super::ask::{ASK, Ask};
use super::byc::{BYC, Byc};
use super::declaration::Declaration;
use super::described::{self, Described, LoadError};
use super::maelstrom::{MAELSTROM, Maelstrom};
use super::native::{NATIVE, Native};
use super::presets;
use crate::world::NodeSpec;

/// The driver of nodes for which no other is named.
pub const DEFAULT: &Declaration = &NATIVE;

/// The drivers that are part of the program.
pub const BUILT_IN: &[&Declaration] = &[&NATIVE, &BYC, &MAELSTROM, &ASK];

/// The drivers that were read from descriptions, and all drivers with them. They stay for as long as the program
/// runs, as those of the program do.
static KNOWN: Mutex<(Vec<Described>, &[&Declaration])> = Mutex::new((Vec::new(), BUILT_IN));

/// The end of the path of a description, by which it is told from the name of a driver.
pub const EXTENSION: &str = ".toml";

/// Returns the driver with this name: one of the program, one that it has a description of, or the one that the file
/// of this path describes. A description is read once. None if there is no driver of this name, and it is no path.
pub fn find(name: &str) -> Result<Option<&'static Declaration>, LoadError> {
    if let Some(known) = declaration_of(name) {
        return Ok(Some(known));
    }
    let read = match presets::preset(name) {
        Some(preset) => described::read(preset)?,
        None if name.ends_with(EXTENSION) => described::load(name)?,
        None => return Ok(None),
    };
    let declaration = read.declaration;
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.1 = Vec::leak([known.1, &[declaration]].concat());
    known.0.push(read);
    Ok(Some(declaration))
}

/// Returns the names of all drivers of the program, those that it has descriptions of among them.
pub fn names() -> impl Iterator<Item = &'static str> + Clone {
    BUILT_IN.iter().map(|driver| driver.name).chain(presets::PRESETS.iter().map(|preset| preset.name))
}

/// Returns the description of a driver that the program has, by the driver's name.
#[must_use]
pub fn description(name: &str) -> Option<&'static str> {
    presets::preset(name).map(|preset| preset.text)
}

/// Returns the files of a driver that the program has, by the driver's name: its description, and those that it names.
#[must_use]
pub fn description_files(name: &str) -> Option<Vec<(String, &'static str)>> {
    let preset = presets::preset(name)?;
    let description = (format!("{name}.toml"), preset.text);
    let named = preset.files.iter().map(|(name, text)| ((*name).to_owned(), *text));
    Some(std::iter::once(description).chain(named).collect())
}

/// Returns all drivers: those of the program, and those that were read.
#[must_use]
pub fn all() -> &'static [&'static Declaration] {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner).1
}

fn described(name: &str) -> Option<Described> {
    let known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    known.0.iter().find(|driver| driver.declaration.name == name).cloned()
}

/// Returns the driver with this name.
#[must_use]
pub fn by_name(name: &str) -> Option<Rc<dyn Driver>> {
    match name {
        _ if name == NATIVE.name => Some(Rc::new(Native)),
        _ if name == MAELSTROM.name => Some(Rc::new(Maelstrom)),
        _ if name == ASK.name => Some(Rc::new(Ask)),
        _ if name == BYC.name => Some(Rc::new(Byc)),
        _ => described(name).map(|driver| Rc::new(driver) as Rc<dyn Driver>),
    }
}

/// Returns the declaration of the driver with this name.
#[must_use]
pub fn declaration_of(name: &str) -> Option<&'static Declaration> {
    all().iter().copied().find(|driver| driver.name == name)
}

/// Returns the policy of a node if its driver knows one: the option, else the driver's default.
pub(crate) fn policy_of(spec: &NodeSpec) -> Option<&str> {
    let of_its_kind = || declaration_of(&spec.driver)?.policies.first().copied();
    spec.policy.as_deref().or_else(of_its_kind)
}

/// Returns a driver whose nodes use an option that only some kinds of nodes use, or `None`.
#[must_use]
pub fn user_of(option: &str) -> Option<&'static str> {
    BUILT_IN.iter().find(|driver| driver.takes.contains(&option)).map(|driver| driver.name)
}

impl Declaration {
    /// Returns the driver whose nodes use an option that this one's do not use, or `None`.
    #[must_use]
    pub fn has_no_use_for(&self, option: &str) -> Option<&'static str> {
        user_of(option).filter(|_| !self.takes.contains(&option))
    }
}
