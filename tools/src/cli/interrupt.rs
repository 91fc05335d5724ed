//! The interrupt (Ctrl-C) in virtual time, where no world listens for it: all runs under way end.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;

use super::exit::Exit;
use crate::world::live::interrupts;
use crate::world::{Declaration, Event, Occurrence, OpId, Operation, World};

/// The flag that an interrupt from the terminal or the system sets. A clone is cheap and shares the flag.
#[derive(Clone, Debug, Default)]
pub(super) struct Interrupt(Arc<AtomicBool>);

impl Interrupt {
    /// Starts to listen for interrupts. The first sets the flag, the second ends the process at once. If
    /// signals cannot be listened for, the first one ends the process.
    pub(super) fn listen() -> Self {
        let interrupt = Self::default();
        let flag = interrupt.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        let Ok(runtime) = runtime else { return interrupt };
        let mut listening = Box::pin(interrupts(move || {
            if flag.0.swap(true, Ordering::Relaxed) {
                std::process::exit(Exit::Interrupted.code().into());
            }
        }));
        // The first poll installs the handlers before anything else happens.
        let entered = runtime.enter();
        let failed = (&mut listening).now_or_never().is_some();
        drop(entered);
        if !failed {
            // Without a thread to listen on, a signal ends the process, as by default.
            let _: io::Result<_> = std::thread::Builder::new().spawn(move || runtime.block_on(listening));
        }
        interrupt
    }

    /// Returns true if an interrupt came.
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A world that reports the interrupt in place of a world that does not listen for it.
pub(super) struct Interruptible<W> {
    world: W,
    interrupt: Interrupt,
    now: Duration,
}

impl<W: World> Interruptible<W> {
    pub(super) fn new(world: W, interrupt: Interrupt) -> Self {
        Self { world, interrupt, now: Duration::ZERO }
    }

    /// Returns the inner world, after the run.
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
        if self.interrupt.is_set() {
            return Occurrence { at: self.now, event: Event::Interrupted };
        }
        let occurrence = self.world.next();
        self.now = occurrence.at;
        occurrence
    }

    fn wall_ms(&self) -> u64 {
        self.world.wall_ms()
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
