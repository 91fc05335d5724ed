//! The live page of the network, served by the thread of those who look on.

use std::net::TcpListener;

use super::Host;
use crate::cli::control::Reply;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::{journal_file, ui};
use crate::world::World as _;

impl Host {
    /// Keeps the lines from now on for the page that will be opened.
    pub(in crate::cli) fn expect_page(&mut self) {
        self.page_reader = self.feed.subscribe_for_page();
    }

    /// Opens the live page at a listener. Returns its address.
    pub(in crate::cli) fn open_page(&mut self, listener: TcpListener) -> Result<String, Failure> {
        let runtime = self.watchers.runtime()?;
        let (reader, so_far) = if let Some(reader) = self.page_reader.take() {
            (reader, Vec::new())
        } else if let Some(reader) = self.feed.subscribe_for_page() {
            // No event comes between the subscription and this look at the files: both are done by the thread
            // that writes them.
            self.session.flush_journal();
            (reader, journal_file::open_so_far(&self.logs))
        } else {
            return Err(Failure::environment("too many others look on: close one of them"));
        };
        let address = ui::serve(&runtime, listener, &self.logs, so_far, reader)?;
        self.page = Some(address.clone());
        Ok(address)
    }

    /// Returns the reply to a request for the live page, which is opened if it is not open yet.
    pub(super) fn page_reply(&mut self, port: Option<u16>) -> Reply {
        match self.page_address(port) {
            Ok(address) => Reply::Page { address },
            Err(failure) => Reply::Steps {
                output: Vec::new(),
                error: Some(failure.to_string()),
                code: failure.exit().code(),
            },
        }
    }

    fn page_address(&mut self, port: Option<u16>) -> Result<String, Failure> {
        if let Some(address) = &self.page {
            return match port {
                Some(port) if !address.starts_with(&format!("http://127.0.0.1:{port}/")) => {
                    Err(Failure::usage(format!("the page is open already: {address}"))
                        .help("use it, or give no port"))
                }
                _ => Ok(address.clone()),
            };
        }
        if !self.world.declaration().one_host {
            let message = "this network has a loopback of its own, which no browser reaches";
            return Err(Failure::new(Exit::Usage, message).help("start it with its page: tools run … --ui"));
        }
        self.open_page(ui::bind(port.unwrap_or(0))?)
    }
}
