//! The feed of a running network: every line of its journal, handed to the readers of this moment.
//!
//! The network's own thread writes to the feed and waits for nobody. Each reader has a bounded queue, and
//! takes it in frames: the first line at once, later ones at most [`FRAMES_PER_SECOND`] times a second. Of
//! the changes that one node told within a frame only the last one stays. A reader that is too slow loses
//! its queue, is told so, and begins again from the state of that moment.

mod queue;

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

pub(super) use queue::Frame;
use queue::Queue;

use crate::journal::{JournalEntry, JournalEvent};

/// The most frames that a reader takes in a second, and so the most changes that it hears of one node.
/// Chosen: the eye tells no more apart, and a node that stores thousands of versions a second tells of each.
const FRAMES_PER_SECOND: u32 = 20;
/// The time between two frames of one reader.
const FRAME: Duration = Duration::from_millis(1_000 / FRAMES_PER_SECOND as u64);
/// The most readers at once. Chosen: more than the terminals and browsers of one class, and each holds a
/// descriptor and a queue.
const READERS_MAX: usize = 64;

/// The writing end of the feed. A clone is cheap and writes to the same readers.
#[derive(Debug, Clone, Default)]
pub(super) struct Feed(Arc<Mutex<Readers>>);

#[derive(Debug, Default)]
struct Readers {
    readers: Vec<Weak<Shared>>,
    ended: bool,
}

/// The reading end: one queue.
#[derive(Debug)]
pub(super) struct Reader {
    shared: Arc<Shared>,
    /// The earliest time of the next frame.
    next: Instant,
}

#[derive(Debug, Default)]
struct Shared {
    queue: Mutex<Queue>,
    news: Notify,
}

impl Feed {
    /// Adds a reader, whose first line is `first`. Returns `None` if there are too many already.
    pub(super) fn subscribe(&self, first: Option<Arc<str>>) -> Option<Reader> {
        let mut readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readers.readers.retain(|reader| reader.strong_count() > 0);
        if readers.readers.len() >= READERS_MAX {
            return None;
        }
        let shared = Arc::new(Shared::default());
        if let Some(first) = first {
            shared.write(|queue| queue.push(first));
        }
        if readers.ended {
            shared.write(Queue::end);
        }
        readers.readers.push(Arc::downgrade(&shared));
        Some(Reader { shared, next: Instant::now() })
    }

    /// Adds the reader of the live page, which reads for all browsers: it may fall behind by more.
    pub(super) fn subscribe_for_page(&self) -> Option<Reader> {
        let reader = self.subscribe(None)?;
        reader.shared.write(Queue::widen);
        Some(reader)
    }

    /// Returns true if somebody reads.
    pub(super) fn has_readers(&self) -> bool {
        let readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        readers.readers.iter().any(|reader| reader.strong_count() > 0)
    }

    /// Hands an event to the readers. Without any, the line is not even made.
    pub(super) fn publish(&self, entry: &JournalEntry) {
        let mut line: Option<Arc<str>> = None;
        self.each(|queue| {
            if let JournalEvent::Changed { node, .. } = &entry.event {
                return queue.push_change(node.0, entry);
            }
            let line = line.get_or_insert_with(|| queue::line(entry));
            match &entry.event {
                JournalEvent::Answer { .. } | JournalEvent::Ask { .. } => queue.push(Arc::clone(line)),
                // The node's last change has to come before its end, and after its start.
                _ => queue.push_after_changes(Arc::clone(line)),
            }
        });
    }

    /// Hands a line that is no event to the readers.
    pub(super) fn publish_line(&self, line: &str) {
        let line: Arc<str> = line.into();
        self.each(|queue| queue.push_after_changes(Arc::clone(&line)));
    }

    /// Hands lines that are no events to the readers.
    pub(super) fn publish_lines(&self, lines: &[Arc<str>]) {
        self.each(|queue| {
            for line in lines {
                queue.push(Arc::clone(line));
            }
        });
    }

    /// Ends the feed: readers get what is queued, and then the end.
    pub(super) fn end(&self) {
        self.each(Queue::end);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ended = true;
    }

    fn each(&self, mut act: impl FnMut(&mut Queue)) {
        let readers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for reader in readers.readers.iter().filter_map(Weak::upgrade) {
            reader.write(&mut act);
        }
    }
}

impl Shared {
    fn write(&self, act: impl FnOnce(&mut Queue)) {
        act(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner));
        self.news.notify_one();
    }
}

impl Reader {
    /// Drops the lines that wait.
    pub(super) fn skip(&mut self) {
        self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).skip();
    }

    /// Waits for lines, and returns all that have come. Returns `None` once the feed has ended.
    pub(super) async fn frame(&mut self) -> Option<Frame> {
        tokio::time::sleep_until(self.next).await;
        loop {
            let taken = self.shared.queue.lock().unwrap_or_else(PoisonError::into_inner).take();
            match taken {
                queue::Taken::Frame(frame) => {
                    self.next = Instant::now() + FRAME;
                    return Some(frame);
                }
                queue::Taken::Ended => return None,
                queue::Taken::Nothing => self.shared.news.notified().await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::{Change, ExitStatus, NodeIndex};

    fn changed(node: usize, digest: &str) -> JournalEntry {
        let change = Change { digest: digest.to_owned(), peers: 2 };
        JournalEntry { at_us: Some(1), event: JournalEvent::Changed { node: NodeIndex(node), change } }
    }

    fn exited(node: usize) -> JournalEntry {
        let event = JournalEvent::Exited { node: NodeIndex(node), ending: ExitStatus::Code(0) };
        JournalEntry { at_us: Some(2), event }
    }

    #[tokio::test]
    async fn the_changes_of_a_node_within_a_frame_are_one() {
        let feed = Feed::default();
        let mut reader = feed.subscribe(None).unwrap();
        for digest in 0..1_000 {
            feed.publish(&changed(0, &digest.to_string()));
            feed.publish(&changed(1, &digest.to_string()));
        }
        let frame = reader.frame().await.unwrap();
        assert_eq!(frame.lines.len(), 2);
        assert!(frame.lines.iter().all(|line| line.contains("\"999\"")), "{frame:?}");
    }

    #[tokio::test]
    async fn a_change_comes_before_the_end_that_followed_it() {
        let feed = Feed::default();
        let mut reader = feed.subscribe(Some("first".into())).unwrap();
        feed.publish(&changed(0, "x"));
        feed.publish(&exited(0));
        let lines = reader.frame().await.unwrap().lines;
        assert_eq!(&*lines[0], "first");
        assert!(lines[1].contains("changed") && lines[2].contains("exited"), "{lines:?}");
    }

    #[tokio::test]
    async fn a_reader_that_is_too_slow_loses_its_lines_and_is_told() {
        let feed = Feed::default();
        let mut reader = feed.subscribe(None).unwrap();
        for _ in 0..=queue::LINES_MAX {
            feed.publish(&exited(0));
        }
        let frame = reader.frame().await.unwrap();
        assert!(frame.overrun && frame.lines.is_empty());
        feed.publish(&exited(0));
        assert_eq!(reader.frame().await.unwrap().lines.len(), 1);
    }

    #[tokio::test]
    async fn readers_are_bounded_and_those_that_went_make_room() {
        let feed = Feed::default();
        let readers: Vec<_> = (0..READERS_MAX).map(|_| feed.subscribe(None).unwrap()).collect();
        assert!(feed.subscribe(None).is_none());
        drop(readers);
        assert!(!feed.has_readers());
        let mut reader = feed.subscribe(None).unwrap();
        feed.publish(&exited(0));
        feed.end();
        assert_eq!(reader.frame().await.unwrap().lines.len(), 1);
        assert!(reader.frame().await.is_none());
        assert!(feed.subscribe(None).unwrap().frame().await.is_none());
    }
}
