//! `tools grade`: runs the submissions of a class against scenarios, and writes the table.

mod arguments;
mod csv;
mod document;
mod limits;
mod plan;
mod results;
mod submission;
mod table;
mod trial;
mod usage;
mod verdict;
mod weights;

use std::io::Write;

use super::exit::Exit;
use super::failure::Failure;
use super::interrupt::Interrupt;
use super::report_file::cannot_write;
use crate::text::readable;

pub use arguments::Arguments;
pub(super) use limits::Confinement;

use plan::Plan;
use results::{Book, Outcome};
use trial::Trials;

/// Grades all submissions, prints each result as it comes, then the table, and writes both files.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let mut plan = Plan::new(arguments, err)?;
    let mut book = Book::open(&arguments.out, &mut plan, arguments.resume, arguments.seed.is_some())?;
    if rustix::process::geteuid().is_root() {
        writeln!(
            err,
            "warning: the submissions run as root, and may change every file of this machine\n  = help: grade as a \
             user of their own, or in a container"
        )?;
    }
    let interrupt = Interrupt::listen();
    let trials = Trials { plan: &plan, arguments, interrupt: &interrupt };
    let there = book.all().count();
    if there > 0 {
        writeln!(out, "{there} of {} results are there already", plan.len())?;
    }
    writeln!(out, "seed {}", plan.seed)?;
    trials.run(&mut book, |result| {
        let (submission, scenario) = (readable(&result.submission), readable(&result.scenario));
        writeln!(out, "{submission}: {scenario} {}", result.line())?;
        out.flush()
    })?;
    let document = document::Document::new(&plan, &book);
    write!(out, "\n{}", table::table(&document, super::screen::width()))?;
    for (name, text) in [("grades.csv", csv::csv(&document)), ("grades.json", document.json()?)] {
        let path = arguments.out.join(name);
        std::fs::write(&path, text).map_err(|error| cannot_write(&path, &error))?;
    }
    let folder = arguments.out.display();
    writeln!(out, "\nwritten: {folder}/grades.csv, {folder}/grades.json")?;
    if interrupt.is_set() {
        writeln!(err, "interrupted: `--resume` continues")?;
        return Ok(Exit::Interrupted);
    }
    let all_passed = book.all().all(|result| result.outcome == Outcome::Passed);
    Ok(if all_passed { Exit::Held } else { Exit::Failed })
}
