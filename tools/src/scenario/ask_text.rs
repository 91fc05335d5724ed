//! The text of an ask, as a message proposes it.

use super::token;
use crate::driver;

/// Returns the ask of a subject. Names that stand between the subject and a `:` of the line belong to the
/// subject; a word such as `all` stands for all of them.
pub(super) fn addressed(subject: &str, line: &str) -> String {
    let is_list = |text: &str| text.chars().all(|c| token::is_name_char(c) || matches!(c, ',' | ' ' | '.'));
    let first = line.split(' ').next().unwrap_or_default();
    let Some((more, ask)) = line.split_once(':').filter(|_| driver::DEFAULT.command(first).is_none()) else {
        return format!("{subject}: {line}");
    };
    if matches!(subject, "all" | "random" | "first" | "last") {
        return format!("{subject}:{ask}");
    }
    if !is_list(more) {
        return format!("{subject}: {line}");
    }
    let names = [subject].into_iter().chain(more.split([',', ' ']).filter(|name| !name.is_empty()));
    format!("{}:{ask}", names.collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_before_the_sign_belong_to_the_subject() {
        assert_eq!(addressed("a", "set x 1"), "a: set x 1");
        assert_eq!(addressed("a", "set x y:z"), "a: set x y:z");
        assert_eq!(addressed("a", "b c: get x"), "a, b, c: get x");
        assert_eq!(addressed("all", "a: get x"), "all: get x");
    }
}
