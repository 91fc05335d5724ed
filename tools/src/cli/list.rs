//! `tools list`: lists scenarios.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::exit::Exit;
use super::failure::Failure;
use super::load::{self, Loaded};
use super::reach::Reach;
use super::screen;
use super::setting::{driver_named, world_named};
use super::tags;
use crate::driver;
use crate::scenario::{self, Fit, Headers, Setting};
use crate::text::{Diagnostic, Source, readable};
use crate::world::process::clock;
use crate::world::{self, Ability};

/// List scenarios: name, parameters with the number of their combinations, tags and purpose
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The scenarios, or folders with scenarios
    #[arg(default_value = load::DEFAULT, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// List only scenarios for this world
    #[arg(long, value_name = "NAME", value_parser = world_named)]
    pub world: Option<&'static world::Declaration>,

    /// List the scenarios that nodes of this driver can run, and why they cannot run the others
    #[arg(long, value_name = "NAME|FILE", value_parser = driver_named)]
    pub driver: Option<&'static driver::Declaration>,

    /// List only scenarios with this tag; given several times, those that have one of them
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,

    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// A scenario, as a program reads it.
#[derive(Debug, Serialize)]
struct Entry {
    name: String,
    file: String,
    about: String,
    params: Vec<EntryParam>,
    combinations: usize,
    tags: Vec<String>,
    worlds: Vec<String>,
    timeout_ms: u128,
    settle_ms: u128,
    /// The first ability that nodes of `--driver` lack for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unfit: Option<String>,
}

#[derive(Debug, Serialize)]
struct EntryParam {
    name: String,
    values: Vec<String>,
}

impl Entry {
    fn new(source: &Source, headers: &Headers, unfit: Option<String>) -> Self {
        let param =
            |param: &scenario::Param| EntryParam { name: param.name.clone(), values: param.values.clone() };
        Self {
            name: scenario::name(source),
            file: source.name().to_owned(),
            about: scenario::about(source),
            params: headers.params.iter().map(param).collect(),
            combinations: headers
                .params
                .iter()
                .fold(1, |count, param| count.saturating_mul(param.values.len())),
            tags: headers.tags.clone(),
            worlds: headers.worlds.clone(),
            timeout_ms: headers.timeout.as_millis(),
            settle_ms: headers.settle.as_millis(),
            unfit,
        }
    }

    /// Returns the columns for a person.
    fn columns(&self) -> [String; 4] {
        let params = self.params.iter().map(|param| param.name.as_str()).collect::<Vec<_>>().join(", ");
        let params =
            if params.is_empty() { "-".to_owned() } else { format!("{params} ({})", self.combinations) };
        let tags = if self.tags.is_empty() { "-".to_owned() } else { self.tags.join(", ") };
        [self.name.clone(), params, tags, self.about.clone()]
    }
}

/// Lists the scenarios. Files with wrong headers are reported after the others.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let paths = load::find(&arguments.paths)?;
    let reach = Reach::of_paths(&arguments.paths);
    let (mut read, mut wrong): (Vec<(Source, Headers)>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for path in &paths {
        match load::read_headers(path, &reach) {
            (source, Ok(headers)) => read.push((source, headers)),
            (_, Err(diagnostic)) => wrong.push(diagnostic),
        }
    }
    if wrong.is_empty() {
        tags::check(&arguments.tag, read.iter().map(|(_, headers)| headers))?;
    }
    let selected =
        |headers: &Headers| tags::fits(&arguments.tag, headers) && applies(headers, arguments.world);
    let mut entries: Vec<Entry> = Vec::new();
    for (source, headers) in read.iter().filter(|(_, headers)| selected(headers)) {
        let unfit = arguments.driver.map_or(Ok(None), |driver| {
            let file = Loaded::new(source.clone(), Ok(headers.clone()), &BTreeMap::new(), &reach);
            unfit(&file, driver, arguments.world)
        });
        match unfit {
            Ok(unfit) => entries.push(Entry::new(source, headers, unfit)),
            Err(mistakes) => wrong.extend(mistakes),
        }
    }
    if arguments.json {
        serde_json::to_writer_pretty(&mut *out, &entries)?;
        writeln!(out)?;
    } else {
        let (unfit, fitting): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| entry.unfit.is_some());
        let rows: Vec<_> = fitting.iter().map(Entry::columns).collect();
        table(&rows, screen::width(), out)?;
        print_unfit(&unfit, arguments.driver, out)?;
    }
    for diagnostic in &wrong {
        writeln!(err, "{diagnostic}\n")?;
    }
    Ok(if wrong.is_empty() { Exit::Held } else { Exit::Usage })
}

/// Prints the scenarios that nodes of a driver cannot run, each with the reason.
fn print_unfit(unfit: &[Entry], driver: Option<&driver::Declaration>, out: &mut dyn Write) -> io::Result<()> {
    let Some(driver) = driver.filter(|_| !unfit.is_empty()) else { return Ok(()) };
    let verb = if unfit.len() == 1 { "scenario does" } else { "scenarios do" };
    writeln!(out, "\n{} {verb} not fit the driver `{}`:", unfit.len(), readable(driver.name))?;
    let row = |entry: &Entry| [entry.name.clone(), entry.unfit.clone().unwrap_or_default()];
    table(&unfit.iter().map(row).collect::<Vec<_>>(), screen::width(), out)
}

/// Returns true if scenarios of a file are not skipped in a world. Without a world, none is skipped.
fn applies(headers: &Headers, world: Option<&world::Declaration>) -> bool {
    let worlds = &headers.worlds;
    worlds.is_empty() || world.is_none_or(|world| worlds.iter().any(|name| name == world.name))
}

/// Returns the reason why nodes of a driver can run none of a file's scenarios, in that world or in one of the file's
/// worlds; none if they can. Fails with the mistakes of a file that fits no nodes.
fn unfit(
    file: &Loaded,
    driver: &driver::Declaration,
    world: Option<&'static world::Declaration>,
) -> Result<Option<String>, Vec<Diagnostic>> {
    let options = BTreeMap::from([("driver".to_owned(), driver.name.to_owned())]);
    let worlds = world::HERE.iter().copied().filter(|here| world.is_none_or(|world| world.name == here.name));
    let (mut misfit, mut mistakes) = (None, None);
    let mut worlds: Vec<_> = worlds.filter(|world| applies(&file.headers, Some(world))).collect();
    // The reason is more of the nodes in a world that can run them.
    worlds.sort_by_key(|world| !(driver.simulated || world.can(Ability::Exec)));
    for world in worlds {
        match file.fit(&Setting {
            drivers: driver::all(),
            clock_reach: clock::reach,
            options: &options,
            ..Setting::of(world)
        }) {
            Fit::Fits => return Ok(None),
            Fit::Misfit(lacking) => misfit = misfit.or_else(|| lacking.into_iter().next()),
            Fit::Wrong(wrong) => mistakes = mistakes.or(Some(wrong)),
        }
    }
    // A file that some nodes can run in some world has no mistake.
    match (misfit, mistakes) {
        (None, Some(mistakes)) => Err(mistakes),
        (None, None) => Ok(Some(format!("it is for the worlds {}", file.headers.worlds.join(", ")))),
        (Some(misfit), _) => {
            let line = misfit.source.place(misfit.span).line;
            Ok(Some(format!("line {line}: {}", misfit.message)))
        }
    }
}

/// The most columns of a cell before the last, if a line has to fit. Chosen: three cells fit beside the
/// purpose on 80 columns.
const CELL_MAX: usize = 24;

/// Prints a table with columns as wide as their widest cells. If a line has to fit, cells that are too wide
/// are cut.
fn table<const N: usize>(rows: &[[String; N]], fit: Option<usize>, out: &mut dyn Write) -> io::Result<()> {
    let cell = |(at, cell): (usize, &String)| {
        let cell = readable(cell);
        // Names are shown whole.
        if fit.is_some() && at > 0 && at + 1 < N { cut(&cell, CELL_MAX) } else { cell }
    };
    let rows: Vec<Vec<String>> = rows.iter().map(|row| row.iter().enumerate().map(cell).collect()).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..N).map(|column| if column + 1 < N { width(column) } else { 0 }).collect();
    for row in &rows {
        let padded = row.iter().zip(&widths).map(|(cell, width)| {
            let padding = width.saturating_sub(cell.width());
            format!("{cell}{}", " ".repeat(padding))
        });
        let line = padded.collect::<Vec<_>>().join("  ");
        let line = line.trim_end();
        writeln!(out, "{}", fit.map_or_else(|| line.to_owned(), |columns| cut(line, columns)))?;
    }
    Ok(())
}

/// Returns the part of a text that fits into this many columns, with a sign if the rest is cut.
fn cut(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let mut left = columns.saturating_sub(1);
    let fits = |character: &char| {
        let width = character.width().unwrap_or(0);
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    let mut text: String = text.chars().take_while(fits).collect();
    text.truncate(text.trim_end().len());
    text + "…"
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::failure::conclude;

    fn ran(files: &[(&str, &str)], json: bool) -> (u8, String, String) {
        ran_in(None, None, files, json)
    }

    fn ran_in(
        world: Option<&'static world::Declaration>,
        driver: Option<&'static driver::Declaration>,
        files: &[(&str, &str)],
        json: bool,
    ) -> (u8, String, String) {
        ran_with(world, driver, &[], files, json)
    }

    fn ran_with(
        world: Option<&'static world::Declaration>,
        driver: Option<&'static driver::Declaration>,
        tags: &[&str],
        files: &[(&str, &str)],
        json: bool,
    ) -> (u8, String, String) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let paths = vec![folder.path().to_owned()];
        let tag = tags.iter().map(|tag| (*tag).to_owned()).collect();
        let arguments = Arguments { paths, world, driver, tag, json };
        let ended = run(&arguments, &mut out, &mut err);
        let code = conclude(ended, &mut err).code();
        let path = folder.path().display().to_string();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&path, "DIR");
        (code, text(out), text(err))
    }

    const LATENCY: &str = "# Both ends write\n# at once.\n#\n# More.\nparam net = line(26) | ring(26)\n\
                           param policy = oldest | last\ntags slow, ring\nworlds sim\nnetwork $net\n";

    #[test]
    fn one_line_a_scenario() {
        let files =
            [("latency.scn", LATENCY), ("sync.scn", "# Joins late.\nnetwork a-b\nnonsense"), ("x.scn", "")];
        let expected = "latency  net, policy (4)  slow, ring  Both ends write at once.\n\
                        sync     -                -           Joins late.\n\
                        x        -                -\n";
        assert_eq!(ran(&files, false), (0, expected.to_owned(), String::new()));
    }

    #[test]
    fn lines_fit_the_terminal() {
        let text = format!(
            "# {}\nparam network_of_the_test = a-b | a-c\ntags {}\nnetwork a-b\n",
            "word ".repeat(40),
            "tag, other_tag, and_a_third_one_that_is_long"
        );
        let source = Source::new("a.scn", text);
        let rows = [Entry::new(&source, &scenario::headers(&source).unwrap(), None).columns()];
        for columns in [20, 40, 80, 200] {
            let mut out = Vec::new();
            table(&rows, Some(columns), &mut out).unwrap();
            let line = String::from_utf8(out).unwrap();
            assert!(line.starts_with('a') && line.trim_end().width() <= columns, "{line}");
        }
        assert_eq!(cut("東東東", 4), "東…");
        assert_eq!(cut("abc", 3), "abc");
    }

    #[test]
    fn those_of_one_world() {
        let files = [("latency.scn", LATENCY), ("x.scn", "")];
        assert_eq!(ran_in(Some(&world::PROCESS), None, &files, false).1, "x  -  -\n");
        assert_eq!(ran_in(Some(&world::SIM), None, &files, false).1.lines().count(), 2);
    }

    /// Scenarios, each with the abilities that its nodes need.
    const OF_KINDS: [(&str, &str); 6] = [
        ("any.scn", "network a-b\na: set k v\nexpect b: get k == v\n"),
        ("figures.scn", "network a-b\nexpect a: stats keys == 0\n"),
        ("lines.scn", "network a-b\na: broadcast 1\nexpect a: read contains 1\n"),
        ("lossy.scn", "network a-b\nlink all loss 5%\na: set k v\nexpect b: get k == v\n"),
        ("mixed.scn", "param ask = count | digest\nnetwork a-b\nexpect all: $ask agree\n"),
        ("ours.scn", "worlds sim\nnetwork a-b\na: set k v\nexpect b: get k == v\n"),
    ];

    #[test]
    fn those_that_fit_a_driver() {
        let fitting = |world: Option<&'static world::Declaration>, driver| {
            let (_, out, _) = ran_in(world, Some(driver), &OF_KINDS, false);
            let fitting = out.lines().take_while(|line| !line.is_empty());
            fitting.map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(fitting(None, &driver::NATIVE), ["any", "figures", "lossy", "mixed", "ours"]);
        // Nodes of `byc` know each other by ports of one host, and a world of processes that can lose
        // messages has many hosts.
        assert_eq!(fitting(None, &driver::BYC), ["any", "mixed"]);
        assert_eq!(fitting(Some(&world::NETNS), &driver::BYC), [""; 0]);
        assert_eq!(fitting(None, &driver::ASK), ["any", "lossy", "mixed"]);
        assert_eq!(fitting(None, &driver::MAELSTROM), ["lines"]);
    }

    #[test]
    fn those_that_do_not_fit_a_driver_are_listed_with_the_reason() {
        let (code, out, err) = ran_in(None, Some(&driver::BYC), &OF_KINDS, false);
        let expected = "any    -        -
mixed  ask (2)  -

4 scenarios do not fit the driver `byc`:
figures  line 2: `byc` nodes have no command `stats`
lines    line 2: `byc` nodes have no command `broadcast`
lossy    line 1: `a` is a `byc` node: those know each other by ports of one host
ours     line 2: the world `sim` cannot run other programs
";
        assert_eq!((code, out.as_str(), err.as_str()), (0, expected, ""));
        let (_, out, _) = ran_in(None, Some(&driver::BYC), &OF_KINDS, true);
        let entries: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(entries[0].get("unfit"), None);
        assert_eq!(entries[1]["unfit"], "line 2: `byc` nodes have no command `stats`");
    }

    #[test]
    fn those_with_one_of_the_tags() {
        let files =
            [("a.scn", "tags slow\n"), ("b.scn", "tags ci, net\n"), ("c.scn", ""), ("d.scn", "tags net\n")];
        let tagged = |tags: &[&str]| ran_with(None, None, tags, &files, false);
        assert_eq!(tagged(&["ci", "slow"]).1, "a  -  slow\nb  -  ci, net\n");
        let (code, out, err) = tagged(&["net", "slwo"]);
        assert_eq!((code, out.as_str()), (2, ""));
        assert_eq!(err, "error: unknown tag `slwo`: did you mean `slow`? There are ci, net, slow\n");
        let (code, _, err) = ran_with(None, None, &["ci"], &files[2..3], false);
        assert_eq!(code, 2);
        assert_eq!(
            err,
            "error: no scenario has the tag `ci`, nor any other\n  = help: `tags slow, ci` at the top of a scenario gives it tags\n"
        );
    }

    #[test]
    fn a_scenario_that_is_right_with_no_nodes_is_reported_with_a_driver() {
        let files = [("a.scn", "network a-b\na: gte k\n"), ("b.scn", "network a-b\na: keys\n")];
        let (code, out, err) = ran_in(None, Some(&driver::BYC), &files, false);
        assert_eq!((code, out.as_str()), (2, "b  -  -\n"));
        assert!(err.starts_with("error: `byc` nodes have no command `gte`\n --> DIR/a.scn:2:4\n"), "{err}");
    }

    #[test]
    fn the_same_as_json() {
        let (code, out, _) = ran(&[("latency.scn", LATENCY)], true);
        let entries: serde_json::Value = serde_json::from_str(&out).unwrap();
        let expected = serde_json::json!([{
            "name": "latency",
            "file": "DIR/latency.scn",
            "about": "Both ends write at once.",
            "params": [
                { "name": "net", "values": ["line(26)", "ring(26)"] },
                { "name": "policy", "values": ["oldest", "last"] },
            ],
            "combinations": 4,
            "tags": ["slow", "ring"],
            "worlds": ["sim"],
            "timeout_ms": 60_000,
            "settle_ms": 5_000,
        }]);
        assert_eq!((code, entries), (0, expected));
    }

    #[test]
    fn wrong_headers_are_shown_and_do_not_hide_the_others() {
        let (code, out, err) = ran(&[("a.scn", "timeout 5\n"), ("b.scn", "# Good.\n")], false);
        assert_eq!((code, out.as_str()), (2, "b  -  -  Good.\n"));
        assert!(err.starts_with("error: a bare number is no duration: `5`\n --> DIR/a.scn:1:9\n"), "{err}");
    }
}
