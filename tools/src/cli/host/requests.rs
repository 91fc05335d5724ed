//! The requests from other terminals, served until the network ends.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::{Host, ServeEnd};
use crate::cli::control::{Control, Reply, Request, answer};
use crate::cli::exit::Exit;
use crate::cli::recording;
use crate::run::Wakeup;

impl Host {
    /// Serves requests until the network is to end. The socket listens already: a client that knows that the
    /// network is up may ask at once.
    pub(in crate::cli) fn serve(
        &mut self,
        control: &Control,
        ready: Duration,
        lasting: Option<Duration>,
        err: &mut dyn Write,
    ) -> io::Result<ServeEnd> {
        self.ready = ready;
        let until = lasting.map(|lasting| self.session.now() + lasting);
        loop {
            match self.session.idle(&mut self.world, until) {
                Wakeup::Elapsed => return Ok(ServeEnd::Elapsed),
                Wakeup::Interrupted => return Ok(ServeEnd::Interrupted),
                Wakeup::Died(node, ending) => {
                    let name = self.session.network().name(node).to_owned();
                    let now = self.session.now();
                    self.recording.record_steps(now, now, &[recording::death(&name)]);
                    self.tell_state();
                    writeln!(
                        err,
                        "node `{name}` died unasked: {ending} (`tools start {name}` starts it again)"
                    )?;
                }
                Wakeup::Misbehaved(node, how) => {
                    let name = self.session.network().name(node).to_owned();
                    writeln!(err, "{}", how.said_of(&name))?;
                }
                Wakeup::Lacking(reason) => writeln!(err, "warning: {reason}")?,
                Wakeup::Woken => {
                    if let Some(ended) = self.serve_waiting(control, ready) {
                        return Ok(ended);
                    }
                }
            }
        }
    }

    /// Serves the requests that wait. Returns the reason if the network is to end.
    fn serve_waiting(&mut self, control: &Control, ready: Duration) -> Option<ServeEnd> {
        if control.is_unreachable() {
            return Some(ServeEnd::Unreachable);
        }
        if self.watchers.take_lost() {
            self.tell_state();
        }
        while let Some((request, stream)) = control.next() {
            self.recording.count_dropped(control.missed());
            if let Some(ended) = self.serve_request(request, stream, control, ready) {
                return Some(ended);
            }
        }
        None
    }

    /// Serves a request, and sends the reply. Returns the reason if the network is to end.
    fn serve_request(
        &mut self,
        request: Request,
        stream: UnixStream,
        control: &Control,
        ready: Duration,
    ) -> Option<ServeEnd> {
        match request {
            Request::Ps => answer(stream, &Reply::Network(Box::new(self.state(ready)))),
            Request::Steps { text } => {
                let reply = self.run_steps(&text);
                let interrupted = reply.code() == Some(Exit::Interrupted.code());
                answer(stream, &reply);
                return interrupted.then_some(ServeEnd::Interrupted);
            }
            Request::Ask { node, words } => answer(stream, &self.ask(&node, &words)),
            Request::Note { node, words, refused } => self.record_ask(&node, &words, refused),
            Request::Record => answer(stream, &Reply::Recording { text: self.recording.scenario_text() }),
            Request::Attend => control.attend(stream),
            Request::Watch => self.watch(stream, ready),
            Request::Page { port } => answer(stream, &self.page_reply(port)),
            Request::Stop => {
                answer(stream, &Reply::Stopping);
                return Some(ServeEnd::Stopped);
            }
        }
        None
    }
}
