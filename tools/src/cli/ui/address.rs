//! The address of the live page: its port, its token, and the ways to open it.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use crate::cli::failure::Failure;
use crate::cli::folder::create_file;
use crate::text::io_cause;

/// The file in the folder of logs that leads a browser to the page. The address itself, with its token, must
/// not stand on a command line, which every user of the machine can read.
const DOOR: &str = "page.html";

/// Opens the port of a page, on loopback alone; 0 is a port that the system chooses.
pub(in crate::cli) fn bind(port: u16) -> Result<TcpListener, Failure> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(|error| {
        let remedy = if error.kind() == io::ErrorKind::AddrInUse {
            "choose another port, or give none: then the system chooses a free one"
        } else {
            "choose another port above 1023, or give none"
        };
        Failure::environment(format!("cannot open the page at 127.0.0.1:{port}: {}", io_cause(&error)))
            .help(remedy)
    })
}

/// Returns a token of 128 random bits.
pub(super) fn token() -> io::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(io::Error::other)?;
    let mut token = String::with_capacity(32);
    for byte in bytes {
        // Writing to a string cannot fail.
        let _ = write!(token, "{byte:02x}");
    }
    Ok(token)
}

/// Returns the address of the page.
pub(super) fn address(port: u16, token: &str) -> String {
    format!("http://127.0.0.1:{port}/?token={token}")
}

/// Returns the port in an address of a page.
fn port(address: &str) -> Option<u16> {
    address.strip_prefix("http://127.0.0.1:")?.split('/').next()?.parse().ok()
}

/// Opens the page in a browser if there is a display. Returns the text about the page for a person.
pub(in crate::cli) fn announce(address: &str, logs: &Path) -> String {
    let mut text = format!("page: {address}\n");
    if has_display() && open(address, logs).is_ok() {
        return text;
    }
    let port = port(address).unwrap_or_default();
    let _ = writeln!(
        text,
        "from another machine: ssh -L {port}:127.0.0.1:{port} {}, then the same address there",
        this_machine()
    );
    text
}

fn has_display() -> bool {
    ["DISPLAY", "WAYLAND_DISPLAY"]
        .iter()
        .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// Opens the page in the person's browser.
fn open(address: &str, logs: &Path) -> io::Result<()> {
    // The address has no character with a meaning in HTML.
    let door = format!("<!doctype html><meta http-equiv=\"refresh\" content=\"0; url={address}\">\n");
    let mut file = create_file(logs, DOOR)?;
    io::Write::write_all(&mut file, door.as_bytes())?;
    let path = fs::canonicalize(logs.join(DOOR))?;
    let null = Stdio::null;
    let mut browser =
        Command::new("xdg-open").arg(path).stdin(null()).stdout(null()).stderr(null()).spawn()?;
    // The browser may live as long as it wants; its end is taken note of, so that it leaves no entry behind.
    thread::Builder::new().name("browser".to_owned()).spawn(move || browser.wait())?;
    Ok(())
}

/// Returns the name by which another machine reaches this one: the address of the ssh session if this is
/// one, else the host's name.
fn this_machine() -> String {
    let of_session = std::env::var("SSH_CONNECTION").ok();
    let of_session = of_session.as_deref().and_then(|connection| connection.split_whitespace().nth(2));
    let of_host = || rustix::system::uname().nodename().to_string_lossy().into_owned();
    let host = of_session.map_or_else(of_host, str::to_owned);
    match std::env::var("USER") {
        Ok(user) if !user.is_empty() => format!("{user}@{host}"),
        _ => host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_new_each_time_and_has_128_bits() {
        let (one, other) = (token().unwrap(), token().unwrap());
        assert!(one != other && one.len() == 32 && one.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }

    #[test]
    fn a_taken_port_is_told_with_a_remedy() {
        let taken = bind(0).unwrap();
        let port = taken.local_addr().unwrap().port();
        let said = bind(port).unwrap_err().to_string();
        assert!(said.contains(&format!("cannot open the page at 127.0.0.1:{port}: ")), "{said}");
        assert!(said.contains("help: choose another port, or give none"), "{said}");
    }

    #[test]
    fn the_port_stands_in_the_address() {
        assert_eq!(port(&address(4100, "00ff")), Some(4100));
        assert_eq!(port("http://example.org/"), None);
    }
}
