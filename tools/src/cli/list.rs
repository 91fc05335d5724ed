//! `tools list`: which scenarios there are.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use unicode_width::UnicodeWidthStr;

use super::load;
use super::setting::world_named;
use crate::scenario::{self, Headers};
use crate::text::{Diagnostic, Source};
use crate::world;

/// Lists scenarios: name, parameters and how many combinations they have, tags, and what each shows
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// Scenarios, or folders that hold some
    #[arg(default_value = load::DEFAULT, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Only those that apply in this world
    #[arg(long, value_name = "NAME", value_parser = world_named)]
    pub world: Option<&'static world::Declaration>,

    /// Write JSON
    #[arg(long)]
    pub json: bool,
}

/// One scenario, as a program reads it.
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
}

#[derive(Debug, Serialize)]
struct EntryParam {
    name: String,
    values: Vec<String>,
}

impl Entry {
    fn new(source: &Source, headers: &Headers) -> Self {
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
        }
    }

    /// What a person reads, column by column.
    fn columns(&self) -> [String; 4] {
        let params = self.params.iter().map(|param| param.name.as_str()).collect::<Vec<_>>().join(", ");
        let params =
            if params.is_empty() { "-".to_owned() } else { format!("{params} ({})", self.combinations) };
        let tags = if self.tags.is_empty() { "-".to_owned() } else { self.tags.join(", ") };
        [self.name.clone(), params, tags, self.about.clone()]
    }
}

/// Lists the scenarios. Gives the ending code: 0, or 2 if the headers of one are wrong. An error is
/// one of `out` or `err`.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let paths = match load::find(&arguments.paths) {
        Ok(paths) => paths,
        Err(error) => {
            writeln!(err, "error: {error}")?;
            return Ok(2);
        }
    };
    let (mut entries, mut wrong): (Vec<Entry>, Vec<Diagnostic>) = (Vec::new(), Vec::new());
    for path in &paths {
        let (source, headers) = load::read_headers(path);
        match headers {
            Ok(headers) if !applies(&headers, arguments.world) => {}
            Ok(headers) => entries.push(Entry::new(&source, &headers)),
            Err(diagnostic) => wrong.push(diagnostic),
        }
    }
    if arguments.json {
        serde_json::to_writer_pretty(&mut *out, &entries)?;
        writeln!(out)?;
    } else {
        table(&entries, out)?;
    }
    for diagnostic in &wrong {
        writeln!(err, "{diagnostic}\n")?;
    }
    Ok(if wrong.is_empty() { 0 } else { 2 })
}

/// Whether a scenario runs in that world, if one is named, and is not skipped.
fn applies(headers: &Headers, world: Option<&world::Declaration>) -> bool {
    let worlds = &headers.worlds;
    worlds.is_empty() || world.is_none_or(|world| worlds.iter().any(|name| name == world.name))
}

/// Columns as wide as what stands in them.
fn table(entries: &[Entry], out: &mut dyn Write) -> io::Result<()> {
    let rows: Vec<[String; 4]> = entries.iter().map(Entry::columns).collect();
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), 0];
    for row in &rows {
        let padded = row.iter().zip(widths).map(|(cell, width)| {
            let padding = width.saturating_sub(cell.width());
            format!("{cell}{}", " ".repeat(padding))
        });
        writeln!(out, "{}", padded.collect::<Vec<_>>().join("  ").trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(files: &[(&str, &str)], json: bool) -> (u8, String, String) {
        ran_in(None, files, json)
    }

    fn ran_in(
        world: Option<&'static world::Declaration>,
        files: &[(&str, &str)],
        json: bool,
    ) -> (u8, String, String) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let arguments = Arguments { paths: vec![folder.path().to_owned()], world, json };
        let code = run(&arguments, &mut out, &mut err).unwrap();
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
    fn those_of_one_world() {
        let files = [("latency.scn", LATENCY), ("x.scn", "")];
        assert_eq!(ran_in(Some(&world::PROCESS), &files, false).1, "x  -  -\n");
        assert_eq!(ran_in(Some(&world::SIM), &files, false).1.lines().count(), 2);
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
