//! The reports of the disk about its commits.

use std::rc::Rc;

use tokio::sync::mpsc;

use super::state::{Shell, Storage};
use crate::core::Input;
use crate::net::data::Commit;

impl Shell {
    /// Reports each commit of the disk to the core. Returns when the disk's thread has ended.
    pub(in crate::net) async fn report_commits(
        self: &Rc<Self>,
        commits: &mut mpsc::UnboundedReceiver<Commit>,
    ) {
        while let Some(Commit { up_to, result }) = commits.recv().await {
            self.handle_input(match result {
                Ok(()) => Input::Persisted(up_to),
                Err(error) => Input::PersistFailed { up_to, reason: error.to_string() },
            });
        }
    }

    /// Hands nothing more to the disk. Its thread reports the commits that it has made by then, and ends.
    pub(in crate::net) fn close_disk(&self) {
        let mut state = self.state.borrow_mut();
        if matches!(state.storage, Storage::Disk(_)) {
            state.storage = Storage::Closed;
        }
    }
}
