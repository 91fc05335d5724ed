//! The descriptions of drivers that are part of the program.

/// A description that is part of the program.
#[derive(Debug)]
pub(super) struct Preset {
    /// The name of the driver.
    pub(super) name: &'static str,
    /// The description.
    pub(super) text: &'static str,
    /// The files that it names, each with its text.
    pub(super) files: &'static [(&'static str, &'static str)],
}

/// All of them, in the order of their names.
pub(super) const PRESETS: &[Preset] =
    &[Preset { name: "etcd", text: include_str!("../../drivers/etcd.toml"), files: &[] }];

/// Returns the description of the driver with this name.
pub(super) fn preset(name: &str) -> Option<&'static Preset> {
    PRESETS.iter().find(|preset| preset.name == name)
}
