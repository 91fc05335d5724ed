//! The drawing of the screen: a function of its state and its size.
//!
//! Nothing is told by colour alone. Names, values and logs are text of strangers: their control characters
//! are drawn as `\u{1b}`.

use std::collections::BTreeMap;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Position, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use unicode_width::UnicodeWidthStr as _;

use super::keys::HELP;
use super::view::View;
use crate::cli::condition::{Condition, Conditions, digests, parts, runs};
use crate::cli::control::{NetworkState, NodeState};
use crate::text::readable;

/// The most lines of a reply that are shown. Chosen: an error with its place and help has six.
const REPLY_MAX: usize = 8;
/// The widest name of a node, in columns.
const NAME_MAX: usize = 16;
/// The first characters of a digest that are shown. Chosen: those of 32 bits differ, and a line is short.
const DIGEST: usize = 8;
/// The most neighbours of a node that are looked at for its row. Chosen: no terminal shows more.
const NEIGHBOURS_MAX: usize = 200;

const TITLE: Style = Style::new().add_modifier(Modifier::REVERSED);
const CHOSEN: Style = Style::new().add_modifier(Modifier::BOLD);
const FAINT: Style = Style::new().fg(Color::DarkGray);
const BAD: Style = Style::new().fg(Color::Red);
const ODD: Style = Style::new().fg(Color::Yellow);
const GOOD: Style = Style::new().fg(Color::Green);

/// Draws the screen.
pub(super) fn draw(frame: &mut Frame<'_>, view: &View) {
    let area = frame.area();
    let Some(network) = &view.network else {
        let waiting = "waits for the network: it performs a step (q leaves)";
        return frame.render_widget(Paragraph::new(waiting), area);
    };
    let conditions = Conditions::of(network);
    let reply: Vec<&String> = view.reply.iter().take(REPLY_MAX).collect();
    let faults = faults(network);
    let fixed = 2 + reply.len() + usize::from(faults.is_some());
    let free = usize::from(area.height).saturating_sub(fixed);
    // The nodes get what they need, and the log at least four lines in ten.
    let nodes = (network.nodes.len() + 1).min((free * 6 / 10).max(3)).min(free);
    let length = |lines: usize| Constraint::Length(u16::try_from(lines).unwrap_or(u16::MAX));
    let [title, table, fault, log, said, foot] = Layout::vertical([
        Constraint::Length(1),
        length(nodes),
        length(usize::from(faults.is_some())),
        Constraint::Fill(1),
        length(reply.len()),
        Constraint::Length(1),
    ])
    .areas(area);
    frame.render_widget(Paragraph::new(title_line(view, network)).style(TITLE), title);
    frame.render_widget(Paragraph::new(table_lines(view, network, &conditions, table)), table);
    if let Some(faults) = faults {
        frame.render_widget(Paragraph::new(Line::styled(faults, ODD)), fault);
    }
    let text = if view.help { help_lines() } else { log_lines(view, log) };
    frame.render_widget(Paragraph::new(text), log);
    let style = if view.failed { BAD } else { GOOD };
    let lines: Vec<Line> = reply.iter().map(|line| Line::styled(readable(line), style)).collect();
    frame.render_widget(Paragraph::new(lines), said);
    draw_foot(frame, view, foot);
}

fn title_line(view: &View, network: &NetworkState) -> String {
    let running = network.nodes.iter().filter(|node| runs(&node.state)).count();
    let agreement = match digests(network) {
        0 => String::new(),
        1 => "all alike".to_owned(),
        digests => format!("{digests} DIGESTS"),
    };
    let (nodes, links, at) = (network.nodes.len(), network.links.len(), view.now.as_secs_f64());
    format!(" {running} of {nodes} nodes run · {links} links · {agreement} · {at:.1}s")
}

/// Returns the rows of the nodes around the chosen one, below a header.
fn table_lines<'v>(
    view: &View,
    network: &NetworkState,
    conditions: &Conditions<'_>,
    area: Rect,
) -> Vec<Line<'v>> {
    let rows = usize::from(area.height).saturating_sub(1);
    let first = (view.chosen + 1).saturating_sub(rows).min(network.nodes.len().saturating_sub(rows));
    let shown = network.nodes.iter().enumerate().skip(first).take(rows);
    let widest = network.nodes.iter().map(|node| readable(&node.name).width()).max().unwrap_or(0);
    let width = widest.clamp(4, NAME_MAX);
    let header =
        format!("   {:<width$} {:<9} {:>5}  {:<9} {:>5} LINKS", "NODE", "STATE", "KEYS", "DIGEST", "UP");
    let mut lines = vec![Line::styled(header, FAINT)];
    lines.extend(shown.map(|(index, node)| row(view, index, node, conditions, width)));
    lines
}

fn row<'v>(
    view: &View,
    index: usize,
    node: &NodeState,
    conditions: &Conditions<'_>,
    width: usize,
) -> Line<'v> {
    let chosen = index == view.chosen;
    let marks = format!(
        "{}{} ",
        if chosen { '>' } else { ' ' },
        if view.marked.contains(&node.name) { '*' } else { ' ' }
    );
    let state = match node.state.as_str() {
        "running" => GOOD,
        state if runs(state) || state == "starting" => ODD,
        _ => BAD,
    };
    let (keys, digest, up, differs) = node.told.as_ref().map_or(("-", "-", "-".to_owned(), false), |told| {
        let (keys, digest) = parts(&told.digest);
        let up = format!("{}/{}", told.peers, node.peers.len());
        (keys.unwrap_or("?"), digest, up, conditions.differs(&told.digest))
    });
    let digest: String = readable(digest).chars().take(DIGEST).collect();
    let mut spans = vec![
        Span::raw(format!("{marks}{} ", fitted(&readable(&node.name), width))),
        Span::styled(format!("{} ", fitted(&readable(&node.state), 9)), state),
        Span::raw(format!("{:>5} ", readable(keys))),
        Span::styled(
            format!("{}{} ", if differs { '≠' } else { ' ' }, fitted(&digest, DIGEST + 1)),
            if differs { ODD } else { Style::new() },
        ),
        Span::raw(format!("{up:>5} ")),
    ];
    for peer in node.peers.iter().take(NEIGHBOURS_MAX) {
        let (sign, style) = match conditions.of_link(&node.name, peer) {
            Condition::Open => ("", Style::new()),
            Condition::Shaped(_) => ("~", ODD),
            Condition::Cut => ("×", BAD),
            Condition::Apart => ("|", BAD),
            Condition::Down => (".", FAINT),
        };
        spans.push(Span::styled(format!("{}{sign} ", readable(peer)), style));
    }
    Line::from(spans).style(if chosen { CHOSEN } else { Style::new() })
}

/// Returns the faults in force on one line, or `None` if there is none.
fn faults(network: &NetworkState) -> Option<String> {
    let faults = &network.faults;
    let sides: Vec<String> = faults.sides.iter().map(|side| side.join(", ")).collect();
    let kinds: BTreeMap<&str, String> = [
        ("cut", faults.cuts.join(", ")),
        ("partition", sides.join(" | ")),
        ("link", faults.shapes.join(", ")),
        ("clock", faults.clocks.join(", ")),
    ]
    .into();
    let said: Vec<String> = kinds
        .into_iter()
        .filter(|(_, what)| !what.is_empty())
        .map(|(kind, what)| format!("{kind} {what}"))
        .collect();
    (!said.is_empty()).then(|| readable(&said.join("; ")))
}

/// Returns the last lines of the chosen log that have room, below a rule.
fn log_lines<'v>(view: &View, area: Rect) -> Vec<Line<'v>> {
    let rows = usize::from(area.height).saturating_sub(1);
    let end = view.log.len().saturating_sub(view.scrolled).max(rows.min(view.log.len()));
    let begin = end.saturating_sub(rows);
    let name = view.log_name().unwrap_or_default();
    let back = if view.scrolled > 0 { " (scrolled back)" } else { "" };
    let rule = format!("── {}{back} ", readable(&name));
    let rest = usize::from(area.width).saturating_sub(rule.width());
    let mut lines = vec![Line::styled(rule + &"─".repeat(rest), FAINT)];
    lines.extend(view.log[begin..end].iter().map(|line| Line::raw(readable(line))));
    lines
}

fn help_lines<'v>() -> Vec<Line<'v>> {
    HELP.iter().map(|(keys, effect)| Line::raw(format!("{keys:>6}  {effect}"))).collect()
}

fn draw_foot(frame: &mut Frame<'_>, view: &View, area: Rect) {
    let Some(prompt) = &view.prompt else {
        let text = view.performing.as_ref().map_or_else(
            || "? help  k kill  s start  p pause  u resume  c cut  x partition  h heal  : step  q".to_owned(),
            |step| format!("… {}", readable(step)),
        );
        return frame.render_widget(Paragraph::new(text).style(TITLE), area);
    };
    let (before, after) = (readable(prompt.before()), readable(prompt.after()));
    let cursor = 2 + before.width();
    // A line that is too long is shown around its cursor.
    let hidden = (cursor + 1).saturating_sub(usize::from(area.width));
    let text = format!("> {before}{after}");
    let column = u16::try_from(cursor - hidden).unwrap_or(0);
    let line = Paragraph::new(text).scroll((0, u16::try_from(hidden).unwrap_or(u16::MAX)));
    frame.render_widget(line, area);
    if area.height > 0 && column < area.width {
        frame.set_cursor_position(Position { x: area.x + column, y: area.y });
    }
}

/// Returns a text of exactly this width: cut with `…`, or filled with spaces.
fn fitted(text: &str, width: usize) -> String {
    let mut fitted = String::new();
    if text.width() > width {
        for character in text.chars() {
            if fitted.width() + character.to_string().width() >= width {
                break;
            }
            fitted.push(character);
        }
        fitted.push('…');
    } else {
        fitted.push_str(text);
    }
    let missing = width.saturating_sub(fitted.width());
    fitted + &" ".repeat(missing)
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;

    use super::*;
    use crate::cli::condition::tests::network;
    use crate::cli::top::prompt::Prompt;

    /// Returns the screen as text, without the spaces at the ends of lines.
    fn screen(view: &View, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(frame, view)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let line = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>().trim_end().to_owned();
        (0..height).map(line).collect()
    }

    fn view() -> View {
        let nodes = [("a", "running", "2:0123456789"), ("b", "running", "1:fedcba98"), ("c", "killed", "")];
        let mut state = network(&nodes, &[("a", "b"), ("b", "c"), ("c", "a")]);
        state.nodes[1].state = "paused".to_owned();
        state.faults.cuts = vec!["a-b".to_owned()];
        let mut view = View { log: vec!["first".to_owned(), "last".to_owned()], ..View::default() };
        view.set_network(state);
        view
    }

    #[test]
    fn nodes_links_faults_and_the_log_are_seen() {
        let mut view = view();
        view.choose(1);
        view.mark();
        let expected = [
            " 2 of 3 nodes run · 3 links · 2 DIGESTS · 0.0s",
            "   NODE STATE      KEYS  DIGEST       UP LINKS",
            "   a    running       2  01234567    1/2 b× c.",
            ">* b    paused        1 ≠fedcba98    1/2 a× c.",
            "   c    killed        -  -             - b. a.",
            "cut a-b",
            "── b.log ───────────────────────────────────────────────────",
            "first",
            "last",
            "? help  k kill  s start  p pause  u resume  c cut  x partiti",
        ];
        let drawn: Vec<String> = screen(&view, 60, 12).into_iter().filter(|line| !line.is_empty()).collect();
        assert_eq!(drawn, expected);
    }

    #[test]
    fn text_of_strangers_stays_text() {
        let mut view = view();
        let network = view.network.as_mut().unwrap();
        network.nodes[0].name = "a\u{1b}[2J".to_owned();
        network.nodes[0].told.as_mut().unwrap().digest = "\u{7}\u{9b}".to_owned();
        view.log = vec!["\u{1b}]0;owned\u{7} \u{202e}right to left".to_owned()];
        view.show_reply(&["\r\u{1b}[31mred".to_owned()], Some("\u{8}"));
        let drawn = screen(&view, 80, 20).join("\n");
        assert!(!drawn.contains(|c: char| c != '\n' && (c.is_control() || c == '\u{202e}')), "{drawn}");
        assert!(
            drawn.contains(r"\u{1b}]0;owned\u{7} \u{202e}right") && drawn.contains(r"\u{1b}[31mred"),
            "{drawn}"
        );
    }

    #[test]
    fn every_size_is_drawn() {
        let mut view = view();
        let mut many = network(&[], &[]);
        let names: Vec<String> = (0..1_000).map(|index| format!("node{index}")).collect();
        for name in &names {
            many.nodes.extend(network(&[(name, "running", "1:x")], &[]).nodes);
        }
        let mut large = View::default();
        large.set_network(many);
        large.choose(999);
        view.show_reply(&vec!["line".to_owned(); 100], None);
        for (width, height) in [(1, 1), (10, 5), (10, 24), (3, 2), (80, 24), (300, 100)] {
            for help in [false, true] {
                view.help = help;
                view.prompt = help.then(|| Prompt::with("x".repeat(40), "after"));
                screen(&view, width, height);
                screen(&View::default(), width, height);
                screen(&large, width, height);
            }
        }
        let drawn = screen(&large, 80, 24).join("\n");
        assert!(drawn.contains(">  node999") && !drawn.contains("node0 "), "{drawn}");
    }

    #[test]
    fn a_log_is_scrolled_back() {
        let mut view = view();
        view.log = (0..100).map(|line| format!("line {line}")).collect();
        view.scrolled = 50;
        let drawn = screen(&view, 80, 24).join("\n");
        assert!(
            drawn.contains("line 49\n") && !drawn.contains("line 50") && drawn.contains("(scrolled back)")
        );
        view.scrolled = 100;
        assert!(screen(&view, 80, 24).join("\n").contains("line 0\n"));
    }

    #[test]
    fn a_prompt_is_seen_around_its_cursor() {
        let mut view = view();
        view.prompt = Some(Prompt::with("kill a", ", b"));
        assert_eq!(screen(&view, 80, 24).last().unwrap(), "> kill a, b");
        view.prompt = Some(Prompt::with("0123456789abcdef", ""));
        assert_eq!(screen(&view, 10, 24).last().unwrap(), "789abcdef");
    }
}
