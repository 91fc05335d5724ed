//! The descriptions of drivers that are part of the program.

/// The descriptions, by the name of their driver.
pub(super) const PRESETS: &[(&str, &str)] = &[("etcd", include_str!("../../drivers/etcd.toml"))];

/// Returns the description of the driver with this name.
pub(super) fn text(name: &str) -> Option<&'static str> {
    PRESETS.iter().find(|(preset, _)| *preset == name).map(|(_, text)| *text)
}
