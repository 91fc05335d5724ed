//! Steps as text again, in one form, which the tests of the parser compare.

use std::fmt::Write;
use std::time::Duration;

use crate::scenario::ast::*;

/// Renders every step, `;` between them.
pub(crate) fn block(steps: &[Step]) -> String {
    steps.iter().map(step).collect::<Vec<_>>().join("; ")
}

fn step(step: &Step) -> String {
    match &step.kind {
        StepKind::Ask { effort, who: nodes, ask: words } => {
            let asked = format!("{}: {}", who(nodes), ask(words));
            match effort {
                Effort::Once => asked,
                Effort::Try => format!("try {asked}"),
                Effort::Until(time) => format!("until {asked} within {}", crate::text::duration(*time)),
            }
        }
        StepKind::LetAnswer { name, who: nodes, ask: words } => {
            format!("let {name} = {}: {}", who(nodes), ask(words))
        }
        StepKind::LetNodes { name, who: nodes } => format!("let {name} = {}", who(nodes)),
        StepKind::Expect { claim: claimed, bound } => {
            let bound = match bound {
                None => String::new(),
                Some(Bound::Within(time)) => format!(" within {}", duration(*time)),
                Some(Bound::For(time)) => format!(" for {}", duration(*time)),
            };
            format!("expect {}{bound}", claim(claimed))
        }
        StepKind::Network(graph) => {
            let links = graph.links().iter().map(|link| graph.label(link));
            let lone = (0..graph.nodes().len()).filter(|&node| graph.neighbours(node).is_empty());
            let names = lone.map(|node| graph.name(node).to_owned());
            format!("network {}", links.chain(names).collect::<Vec<_>>().join(", "))
        }
        StepKind::Node { who: nodes, options } => {
            let options = options.iter().map(|option| format!(" {}={}", option.name, word(&option.value)));
            format!("node {}{}", who(nodes), options.collect::<String>())
        }
        StepKind::Signal { verb, who: nodes, may_fail } => {
            let lenient = if *may_fail { "try " } else { "" };
            format!("{lenient}{} {}", verb.word(), who(nodes))
        }
        StepKind::Cut(set) => format!("cut {}", links(set)),
        StepKind::Join(set) => format!("join {}", links(set)),
        StepKind::Break(set) => format!("break {}", links(set)),
        StepKind::Partition(sets) => {
            format!("partition {}", sets.iter().map(who).collect::<Vec<_>>().join(" | "))
        }
        StepKind::Heal => "heal".to_owned(),
        StepKind::Link { links: set, shape } => format!("link {}{}", links(set), shapes(shape)),
        StepKind::Clock { who: nodes, offset_ms } => format!("clock {} {offset_ms:+}ms", who(nodes)),
        StepKind::Disk { who: nodes, full } => {
            format!("disk {} {}", who(nodes), if *full { "full" } else { "free" })
        }
        StepKind::Wait(time) => format!("wait {}", duration(*time)),
        StepKind::Together(steps) => format!("together {{ {} }}", block(steps)),
        StepKind::Do(steps) => format!("do {{ {} }}", block(steps)),
        StepKind::Measure { name, block: steps } => format!("measure {name} {{ {} }}", block(steps)),
        StepKind::Workload { load, block: steps } => {
            let unit = if load.rate.unit == RateUnit::Second { "s" } else { "m" };
            let (name, time, count) = (load.kind.name(), duration(load.time), load.rate.count);
            format!("workload {name} {{ {} }} for {time} at {count}/{unit}", block(steps))
        }
        StepKind::Repeat { count, rate, counter, block: steps } => {
            let mut text = "repeat ".to_owned();
            if let Some(count) = count {
                write!(text, "{count} ").unwrap();
            }
            if let Some(rate) = rate {
                let unit = if rate.unit == RateUnit::Second { "s" } else { "m" };
                write!(text, "at {}/{unit} ", rate.count).unwrap();
            }
            if let Some(counter) = counter {
                write!(text, "as {counter} ").unwrap();
            }
            text + &format!("{{ {} }}", block(steps))
        }
        StepKind::Each { name, who: nodes, block: steps } => {
            format!("each {name} in {} {{ {} }}", who(nodes), block(steps))
        }
    }
}

fn duration(time: Duration) -> String {
    if time.subsec_nanos() == 0 { format!("{}s", time.as_secs()) } else { format!("{}us", time.as_micros()) }
}

fn who(who: &Who) -> String {
    let among = |subject: &Subject| match subject {
        Subject::Everyone => String::new(),
        Subject::Of(list) => format!(" of {}", items(list)),
        Subject::But(list) => format!(" but {}", items(list)),
    };
    match &who.pick {
        Pick::All(subject) => format!("all{}", among(subject)),
        Pick::Random(count, subject) => format!("random {count}{}", among(subject)),
        Pick::RandomHalf(subject) => format!("random half{}", among(subject)),
        Pick::Items(list) => items(list),
    }
}

fn items(list: &[Item]) -> String {
    list.iter().map(item).collect::<Vec<_>>().join(", ")
}

fn item(item: &Item) -> String {
    match item {
        Item::Name(name, _) => name.clone(),
        Item::Range(from, to, _) => format!("{from}..{to}"),
        Item::First => "first".to_owned(),
        Item::Last => "last".to_owned(),
        Item::Rest => "rest".to_owned(),
        Item::Leader(_) => "leader".to_owned(),
        Item::Variable(name, _) => format!("${name}"),
    }
}

fn links(set: &LinkSet) -> String {
    match set {
        LinkSet::All => "all".to_owned(),
        LinkSet::Ways(ways) => {
            let way = |way: &Way| {
                format!("{}{}{}", item(&way.from), if way.both { "-" } else { "->" }, item(&way.to))
            };
            ways.iter().map(way).collect::<Vec<_>>().join(", ")
        }
    }
}

fn shapes(shape: &[Shape]) -> String {
    if shape.is_empty() {
        return " clear".to_owned();
    }
    let one = |one: &Shape| match one {
        Shape::Delay(time) => format!(" delay {}", duration(*time)),
        Shape::Jitter(time) => format!(" jitter {}", duration(*time)),
        Shape::Exponential(mean) => format!(" exponential {}", duration(*mean)),
        Shape::Loss(part) => format!(" loss {}%", part * 100.0),
        Shape::Rate(bits) => format!(" rate {bits}bit"),
        Shape::Duplicate(part) => format!(" duplicate {}%", part * 100.0),
    };
    shape.iter().map(one).collect()
}

fn claim(claim: &Claim) -> String {
    match claim {
        Claim::Ask { any, who: nodes, ask: words, predicate: claimed } => {
            let claimed =
                claimed.as_ref().map_or_else(String::new, |claimed| format!(" {}", predicate(claimed)));
            format!("{}{}: {}{claimed}", if *any { "any " } else { "" }, who(nodes), ask(words))
        }
        Claim::Converged { who: nodes, negated } => {
            let word = if *negated { "diverged" } else { "converged" };
            nodes.as_ref().map_or_else(|| word.to_owned(), |nodes| format!("{word} {}", who(nodes)))
        }
        Claim::Figures { left, comparison, right } => {
            format!("{} {} {}", expr(left), comparison.sign(), expr(right))
        }
    }
}

fn predicate(predicate: &Predicate) -> String {
    let negated = |not: bool| if not { "not " } else { "" };
    match predicate {
        Predicate::Compare(comparison, list) => format!("{} {}", comparison.sign(), words(list)),
        Predicate::Fails(None) => "fails".to_owned(),
        Predicate::Fails(Some(code)) => format!("fails {code}"),
        Predicate::Agree => "agree".to_owned(),
        Predicate::In { not, words: list } => format!("{}in {}", negated(*not), words(list)),
        Predicate::Contains { not, word: one } => format!("{}contains {}", negated(*not), word(one)),
        Predicate::Matches { not, regex } => format!("{}matches /{regex}/", negated(*not)),
        Predicate::Empty { not } => format!("{}is empty", negated(*not)),
    }
}

fn ask(ask: &Ask) -> String {
    words(&ask.words)
}

fn words(list: &[Word]) -> String {
    list.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Renders a word between bars, so that its ends can be seen; an expression between `<` and `>`.
fn word(word: &Word) -> String {
    let part = |part: &Part| match part {
        Part::Text(text) => text.clone(),
        Part::Expr(filled) => format!("<{}>", expr(filled)),
    };
    format!("|{}|", word.parts.iter().map(part).collect::<String>())
}

/// Renders every operation between parentheses, so that its order can be seen.
fn expr(expr_: &Expr) -> String {
    match expr_ {
        Expr::Fact(Fact::Number(number), _) => number.to_string(),
        Expr::Fact(Fact::Text(text), _) => format!("{text:?}"),
        Expr::Fact(Fact::Variable(name), _) => format!("${name}"),
        Expr::Fact(Fact::Named(name), _) => name.clone(),
        Expr::Fact(Fact::Measured(measure, figure), _) => format!("{measure}.{figure}"),
        Expr::Binary(left, operator, right) => {
            let sign = match operator {
                Operator::Add => '+',
                Operator::Subtract => '-',
                Operator::Multiply => '*',
                Operator::Divide => '/',
                Operator::Remainder => '%',
            };
            format!("({} {sign} {})", expr(left), expr(right))
        }
    }
}
