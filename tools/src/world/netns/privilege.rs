//! The privilege that is needed to make networks, and the ways to get it.

use std::io;
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, setns, unshare};
use rustix::process::{getegid, geteuid};
use rustix::thread::{CapabilitySet, capabilities};

use super::error::NetnsError;

/// The folders of programs for administrators, which may not be on the path of others.
const ADMINISTRATORS: [&str; 3] = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

/// The settings of systems that forbid user namespaces, each with the value that does and the remedy.
const FORBIDS: [(&str, &str, &str); 3] = [
    ("kernel.unprivileged_userns_clone", "0", "sysctl kernel.unprivileged_userns_clone=1"),
    (
        "kernel.apparmor_restrict_unprivileged_userns",
        "1",
        "sysctl kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    ("user.max_user_namespaces", "0", "sysctl user.max_user_namespaces=10000"),
];

/// Checks that this process can make networks as it is.
pub fn able() -> Result<(), NetnsError> {
    nft()?;
    if is_able() { Ok(()) } else { Err(NetnsError::NotPrivileged) }
}

/// Makes this process able to make networks: as it is, or in a user namespace of its own. In that namespace
/// it is root over nothing but what it makes. Has to come before there is a second thread.
pub fn prepare() -> Result<(), NetnsError> {
    nft()?;
    if is_able() {
        return Ok(());
    }
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    // The process takes a network of its own as well: from the networks of runs there is no way back to the
    // machine's.
    let own = CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET;
    let entered = unshare(own).map_err(io::Error::from).and_then(|()| {
        // A process that could leave its groups could open files that are closed to them.
        std::fs::write("/proc/self/setgroups", "deny")?;
        std::fs::write("/proc/self/uid_map", format!("0 {user} 1"))?;
        std::fs::write("/proc/self/gid_map", format!("0 {group} 1"))
    });
    match entered {
        Ok(()) if is_able() => Ok(()),
        Ok(()) => Err(NetnsError::Forbidden(forbidden("the user namespace has no power"))),
        Err(error) => Err(NetnsError::Forbidden(forbidden(&error.to_string()))),
    }
}

/// Enters the network of a process, which may live in a user namespace that [`prepare`] made. Has to come
/// before there is a second thread.
pub fn join(process: u32) -> Result<(), NetnsError> {
    let number = process;
    let wrong = |error: io::Error| NetnsError::Join { process: number, error };
    let of = |who: &str, kind: &str| std::fs::File::open(format!("/proc/{who}/ns/{kind}"));
    let process = process.to_string();
    let is_ours = |kind: &str| -> io::Result<bool> {
        let target = |who: &str| std::fs::read_link(format!("/proc/{who}/ns/{kind}"));
        Ok(target("self")? == target(&process)?)
    };
    if !is_ours("user").map_err(wrong)? {
        let user = of(&process, "user").map_err(wrong)?;
        setns(user, CloneFlags::CLONE_NEWUSER).map_err(io::Error::from).map_err(wrong)?;
    }
    let network = of(&process, "net").map_err(wrong)?;
    setns(network, CloneFlags::CLONE_NEWNET).map_err(io::Error::from).map_err(wrong)
}

fn is_able() -> bool {
    let needed = CapabilitySet::SYS_ADMIN | CapabilitySet::NET_ADMIN;
    capabilities(None).is_ok_and(|sets| sets.effective.contains(needed))
}

/// Describes the reason for which networks cannot be made, and the remedy.
fn forbidden(error: &str) -> String {
    let is_set = |name: &str, value: &str| {
        let path = Path::new("/proc/sys").join(name.replace('.', "/"));
        std::fs::read_to_string(path).is_ok_and(|text| text.trim() == value)
    };
    let setting = FORBIDS.iter().find(|(name, value, _)| is_set(name, value));
    let why = setting.map_or_else(String::new, |(name, value, _)| format!(", and {name} is {value}"));
    let remedy = setting.map_or_else(
        || "run as root, or where user namespaces are allowed".to_owned(),
        |(_, _, remedy)| format!("run as root, or allow user namespaces, as root: `{remedy}`"),
    );
    format!(
        "the world `netns` needs a user namespace where it does not run as root: {error}{why}\n  = help: {remedy}; \
         `--world process` needs no privilege"
    )
}

/// Finds the program that controls the packet filter.
pub(super) fn nft() -> Result<PathBuf, NetnsError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(ADMINISTRATORS.map(PathBuf::from));
    find("nft", folders).ok_or(NetnsError::NoNft)
}

fn find(name: &str, folders: impl Iterator<Item = PathBuf>) -> Option<PathBuf> {
    use rustix::fs::{Access, access};
    folders
        .map(|folder| folder.join(name))
        .find(|path| access(path, Access::EXEC_OK).is_ok() && path.is_file())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_program_is_what_may_be_run() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        for folder in [&one, &other] {
            std::fs::create_dir(folder).unwrap();
            std::fs::write(folder.join("nft"), "").unwrap();
        }
        let found = || find("nft", [one.clone(), other.clone()].into_iter());
        assert_eq!(found(), None);
        std::fs::set_permissions(other.join("nft"), std::fs::Permissions::from_mode(0o755)).unwrap();
        assert_eq!(found(), Some(other.join("nft")));
    }

    #[test]
    fn what_forbids_it_is_told_with_the_remedy() {
        let told = forbidden("no");
        assert!(told.contains("needs a user namespace") && told.contains("= help: run as root"), "{told}");
    }
}
