//! Ctrl-C in virtual time, in which no world hears it: the runs under way are told, and end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;

use super::exit::Exit;
use crate::world::live::interrupts;
use crate::world::{Declaration, Event, Occurrence, OpId, Operation, World};

/// Whether the person at the terminal, or the system, wants an end. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Listens from now on. A second wish for an end is granted at once. Where signals cannot be
    /// heard, the first one is: it ends the process.
    pub(super) fn listen() -> Self {
        let interrupt = Self::default();
        let told = interrupt.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let Ok(runtime) = runtime else { return interrupt };
        let mut listening = Box::pin(interrupts(move || {
            if told.0.swap(true, Ordering::Relaxed) {
                std::process::exit(Exit::Interrupted.code().into());
            }
        }));
        // Looked at once before anything else happens: from then on signals are heard.
        let entered = runtime.enter();
        let failed = (&mut listening).now_or_never().is_some();
        drop(entered);
        if !failed {
            std::thread::spawn(move || runtime.block_on(listening));
        }
        interrupt
    }

    /// Whether an end is wanted.
    pub(super) fn came(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A world that tells of an interrupt which it could not hear by itself.
pub(super) struct Interruptible<W> {
    world: W,
    interrupt: Interrupt,
    now: Duration,
}

impl<W: World> Interruptible<W> {
    pub(super) fn new(world: W, interrupt: Interrupt) -> Self {
        Self { world, interrupt, now: Duration::ZERO }
    }

    /// The world itself, when the run is over.
    pub(super) fn into_world(self) -> W {
        self.world
    }
}

impl<W: World> World for Interruptible<W> {
    fn declaration(&self) -> &'static Declaration {
        self.world.declaration()
    }

    fn submit(&mut self, id: OpId, operation: Operation) {
        self.world.submit(id, operation);
    }

    fn next(&mut self) -> Occurrence {
        if self.interrupt.came() {
            return Occurrence { at: self.now, event: Event::Interrupted };
        }
        let occurrence = self.world.next();
        self.now = occurrence.at;
        occurrence
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::sim::{Options, Sim};

    #[test]
    fn a_run_in_virtual_time_is_interrupted_at_the_time_it_has_reached() {
        let interrupt = Interrupt::default();
        let mut world = Interruptible::new(Sim::new(Options::default()), interrupt.clone());
        let at = Duration::from_secs(3);
        world.submit(OpId(1), Operation::Timer { at });
        let timer = world.next();
        assert!(matches!(timer.event, Event::Ended { id: OpId(1), .. }), "{timer:?}");
        interrupt.0.store(true, Ordering::Relaxed);
        world.submit(OpId(2), Operation::Timer { at: 2 * at });
        assert_eq!(world.next(), Occurrence { at: timer.at, event: Event::Interrupted });
    }
}
