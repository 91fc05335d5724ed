//! The names of clients, and the inboxes that take the answers to them.

use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use crate::driver::ClientInbox;

/// The clients that were opened: `c1`, `c2` and so on.
#[derive(Default)]
pub(super) struct ClientNames {
    last: u64,
    /// The inboxes of the clients that are open, by number.
    inboxes: BTreeMap<u64, Weak<dyn ClientInbox>>,
}

impl ClientNames {
    /// Opens a client whose answers go to the inbox. Returns its name, which is none of those that are taken.
    pub(super) fn open(&mut self, inbox: Weak<dyn ClientInbox>, is_taken: impl Fn(&str) -> bool) -> String {
        loop {
            self.last += 1;
            let name = format!("c{}", self.last);
            if !is_taken(&name) {
                self.inboxes.insert(self.last, inbox);
                return name;
            }
        }
    }

    /// Closes a client.
    pub(super) fn close(&mut self, name: &str) {
        if let Some(number) = number(name) {
            self.inboxes.remove(&number);
        }
    }

    /// Returns true if a client of that name was opened, even if it is closed.
    pub(super) fn was_opened(&self, name: &str) -> bool {
        number(name).is_some_and(|number| (1..=self.last).contains(&number))
    }

    /// Returns the inbox of a client that is open.
    pub(super) fn inbox(&self, name: &str) -> Option<Rc<dyn ClientInbox>> {
        self.inboxes.get(&number(name)?)?.upgrade()
    }
}

/// Returns the number in the name of a client.
fn number(name: &str) -> Option<u64> {
    let digits = name.strip_prefix('c')?;
    let number: u64 = digits.parse().ok()?;
    // A client has only one name.
    (digits == number.to_string()).then_some(number)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::*;
    use crate::driver::Answered;

    struct Inbox;

    impl ClientInbox for Inbox {
        fn on_answer(&self, _: &str, _: Map<String, Value>, _: &dyn Fn(String)) -> Answered {
            Answered::Taken
        }
    }

    #[test]
    fn a_name_is_given_once_and_known_for_ever() {
        let inbox: Rc<dyn ClientInbox> = Rc::new(Inbox);
        let mut names = ClientNames::default();
        assert_eq!(names.open(Rc::downgrade(&inbox), |name| name == "c1"), "c2");
        assert_eq!(names.open(Rc::downgrade(&inbox), |_| false), "c3");
        assert!(names.inbox("c2").is_some() && names.was_opened("c2"));
        names.close("c2");
        assert!(names.inbox("c2").is_none() && names.was_opened("c2"));
        for other in ["c4", "c02", "c", "c+2", "n2", "c0", "c-1"] {
            assert!(!names.was_opened(other) && names.inbox(other).is_none(), "{other}");
        }
    }
}
