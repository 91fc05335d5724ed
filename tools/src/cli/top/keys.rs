//! The effects of keys: on the choices of the person, and on the network as steps.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use super::prompt::Prompt;
use super::view::View;

/// The lines that a page of the log has when it is scrolled.
const PAGE: usize = 10;
/// The most typed lines that are kept.
const TYPED_MAX: usize = 100;

/// The keys and their effects, as the help shows them.
pub(super) const HELP: &[(&str, &str)] = &[
    ("↑ ↓", "choose a node; Home and End: the first, the last"),
    ("space", "mark the node: the next fault is for all marked ones"),
    ("k s", "kill, start"),
    ("t r", "stop in an orderly way, restart"),
    ("p u", "pause, resume"),
    ("c j", "cut, join the link between two marked nodes"),
    ("x h", "partition the marked nodes from the rest; heal"),
    ("g w", "get, set a key (write)"),
    (":", "any step, as `tools do` takes it"),
    ("PgUp", "scroll the log back; PgDn: forth"),
    ("e", "the node's standard error, or its log again"),
    ("q", "leave; the network stays"),
    ("links", "b up · b× cut · b| apart · b~ shaped · b. down"),
    ("≠", "the node holds other versions than most"),
];

/// A wish of the person that the screen itself cannot fulfil.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Wish {
    /// To leave.
    Leave,
    /// To leave by Ctrl-C.
    Interrupt,
    /// To perform these steps.
    Perform(String),
}

/// Applies a key.
pub(super) fn press(view: &mut View, key: KeyEvent) -> Option<Wish> {
    if key.kind == KeyEventKind::Release {
        return None;
    }
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    if control && key.code == KeyCode::Char('c') {
        return Some(Wish::Interrupt);
    }
    if view.prompt.is_some() {
        return edit(view, key.code, control);
    }
    if std::mem::take(&mut view.help) {
        return None;
    }
    match key.code {
        KeyCode::Up => view.choose(-1),
        KeyCode::Down => view.choose(1),
        KeyCode::Home => view.choose(isize::MIN),
        KeyCode::End => view.choose(isize::MAX),
        KeyCode::PageUp => view.scrolled = (view.scrolled + PAGE).min(view.log.len()),
        KeyCode::PageDown => view.scrolled = view.scrolled.saturating_sub(PAGE),
        KeyCode::Esc => {
            view.marked.clear();
            view.reply.clear();
        }
        KeyCode::Char(character) if !control => return press_character(view, character),
        _ => {}
    }
    None
}

fn press_character(view: &mut View, character: char) -> Option<Wish> {
    let step = match character {
        'q' => return Some(Wish::Leave),
        ' ' => {
            view.mark();
            return None;
        }
        'e' => {
            (view.problems, view.scrolled) = (!view.problems, 0);
            return None;
        }
        '?' => {
            view.help = true;
            return None;
        }
        'k' => "kill",
        's' => "start",
        't' => "stop",
        'r' => "restart",
        'p' => "pause",
        'u' => "resume",
        'h' => return Some(Wish::Perform("heal".to_owned())),
        _ => return begin_line(view, character),
    };
    let nodes = view.aimed_at();
    (!nodes.is_empty()).then(|| Wish::Perform(format!("{step} {}", nodes.join(", "))))
}

/// Begins a line, or does without one where all is said already.
fn begin_line(view: &mut View, character: char) -> Option<Wish> {
    let nodes = view.aimed_at();
    let prompt = match (character, nodes.as_slice()) {
        ('c' | 'j', [one, other]) => {
            let step = if character == 'c' { "cut" } else { "join" };
            return Some(Wish::Perform(format!("{step} {one}-{other}")));
        }
        ('c', [one, ..]) => Prompt::with(format!("cut {one}-"), ""),
        ('j', [one, ..]) => Prompt::with(format!("join {one}-"), ""),
        ('x', [_, ..]) => Prompt::with(format!("partition {}", nodes.join(", ")), " | rest"),
        ('g', [_, ..]) => Prompt::with(format!("{}: get ", nodes.join(", ")), ""),
        ('w', [_, ..]) => Prompt::with(format!("{}: set ", nodes.join(", ")), ""),
        (':' | '/', _) => Prompt::default(),
        _ => return None,
    };
    view.prompt = Some(prompt);
    None
}

/// Edits the line that is being typed.
fn edit(view: &mut View, key: KeyCode, control: bool) -> Option<Wish> {
    let prompt = view.prompt.as_mut()?;
    match (key, control) {
        (KeyCode::Enter, _) => {
            let text = prompt.text().trim().to_owned();
            view.prompt = None;
            if text.is_empty() {
                return None;
            }
            view.typed.retain(|typed| *typed != text);
            view.typed.push(text.clone());
            let surplus = view.typed.len().saturating_sub(TYPED_MAX);
            view.typed.drain(..surplus);
            return Some(Wish::Perform(text));
        }
        (KeyCode::Esc, _) => view.prompt = None,
        (KeyCode::Up, _) => recall(view, true),
        (KeyCode::Down, _) => recall(view, false),
        (KeyCode::Left, _) => prompt.left(),
        (KeyCode::Right, _) => prompt.right(),
        (KeyCode::Home, _) | (KeyCode::Char('a'), true) => prompt.home(),
        (KeyCode::End, _) | (KeyCode::Char('e'), true) => prompt.end(),
        (KeyCode::Backspace, _) | (KeyCode::Char('h'), true) => prompt.remove_before(),
        (KeyCode::Delete, _) => prompt.remove_at(),
        (KeyCode::Char('w'), true) => prompt.remove_word(),
        (KeyCode::Char('u'), true) => *prompt = Prompt::with("", prompt.after()),
        (KeyCode::Char(character), false) => prompt.insert(character),
        _ => {}
    }
    None
}

/// Puts the typed line before the present one into the prompt, or the one after it.
fn recall(view: &mut View, back: bool) {
    let Some(prompt) = &mut view.prompt else { return };
    let text = prompt.text();
    let at = view.typed.iter().position(|typed| *typed == text);
    let wanted = match (at, back) {
        (Some(at), true) => at.checked_sub(1),
        (Some(at), false) => Some(at + 1),
        (None, true) => view.typed.len().checked_sub(1),
        (None, false) => None,
    };
    if let Some(typed) = wanted.and_then(|wanted| view.typed.get(wanted)) {
        *prompt = Prompt::with(typed.clone(), "");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::condition::tests::network;

    fn view() -> View {
        let mut view = View::default();
        let nodes = [("a", "running", ""), ("b", "running", ""), ("c", "running", "")];
        view.set_network(network(&nodes, &[("a", "b")]));
        view
    }

    /// Presses these keys: a character each, `↓` and `⏎` as such.
    fn pressed(view: &mut View, keys: &str) -> Option<Wish> {
        let mut wish = None;
        for key in keys.chars() {
            let code = match key {
                '↓' => KeyCode::Down,
                '↑' => KeyCode::Up,
                '⏎' => KeyCode::Enter,
                '⎋' => KeyCode::Esc,
                character => KeyCode::Char(character),
            };
            wish = press(view, KeyEvent::new(code, KeyModifiers::NONE));
        }
        wish
    }

    #[track_caller]
    fn check(keys: &str, step: &str) {
        assert_eq!(pressed(&mut view(), keys), Some(Wish::Perform(step.to_owned())), "{keys}");
    }

    #[test]
    fn a_fault_is_for_the_chosen_node_or_for_the_marked_ones() {
        check("k", "kill a");
        check("↓s", "start b");
        check(" ↓↓ t", "stop a, c");
        check("r", "restart a");
        check("↓ ⎋p", "pause b");
        check("u", "resume a");
        check("h", "heal");
    }

    #[test]
    fn a_link_is_that_of_two_marked_nodes_or_is_typed() {
        check(" ↓ c", "cut a-b");
        check(" ↓ j", "join a-b");
        check("cb⏎", "cut a-b");
        check("↓jc⏎", "join b-c");
    }

    #[test]
    fn other_steps_are_typed() {
        check("x⏎", "partition a | rest");
        check(" ↓ x⏎", "partition a, b | rest");
        check("gk⏎", "a: get k");
        check("↓wk v⏎", "b: set k v");
        check(":wait 2s⏎", "wait 2s");
        assert_eq!(pressed(&mut view(), ":q⎋q"), Some(Wish::Leave));
        assert_eq!(pressed(&mut view(), ": ⏎"), None);
    }

    #[test]
    fn typed_lines_come_back() {
        let mut view = view();
        pressed(&mut view, ":one⏎:two⏎");
        assert_eq!(pressed(&mut view, ":↑⏎"), Some(Wish::Perform("two".to_owned())));
        assert_eq!(pressed(&mut view, ":↑↑⏎"), Some(Wish::Perform("one".to_owned())));
    }

    #[test]
    fn keys_without_a_network_or_a_meaning_do_nothing() {
        let mut empty = View::default();
        assert_eq!(pressed(&mut empty, "kstrpucjxgw ↓↑ey?z"), None);
        assert_eq!(empty.prompt, None);
        let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
        assert_eq!(press(&mut empty, interrupt), Some(Wish::Interrupt));
    }
}
