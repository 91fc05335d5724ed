//! `tools drivers`: the drivers of this program, and the descriptions among them.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::new_files::{folder_word, write_new_files};
use super::setting::SettingError;
use super::table::align;
use crate::driver;

/// List the drivers, or print the description of one, to start from, or write it into a folder
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "A driver of your own is a file: `tools new driver http > kv.toml`, then `--driver kv.toml`."
)]
pub struct Arguments {
    /// The driver whose description is printed
    #[arg(value_name = "NAME")]
    pub name: Option<String>,

    /// Print the JSON schema of descriptions, for editors
    #[arg(long, conflicts_with_all = ["name", "to"])]
    pub schema: bool,

    /// Write the description and the programs beside it into this folder, instead of printing it; no file is overwritten
    #[arg(long, value_name = "FOLDER", requires = "name")]
    pub to: Option<PathBuf>,
}

/// Prints all drivers, or a description.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    if arguments.schema {
        out.write_all(driver::SCHEMA.as_bytes())?;
        return Ok(Exit::Held);
    }
    let Some(name) = &arguments.name else { return list(out) };
    if let (Some(folder), Some(files)) = (&arguments.to, driver::description_files(name)) {
        write_new_files(folder, &files, out)?;
        writeln!(out, "\nUse it:\n    tools test my.scn --driver {}/{name}.toml", folder_word(folder)?)?;
        return Ok(Exit::Held);
    }
    if let Some(text) = driver::description(name) {
        out.write_all(text.as_bytes())?;
        return Ok(Exit::Held);
    }
    if driver::declaration_of(name).is_some() {
        let failure = Failure::usage(format!("the driver `{name}` is code, and has no description"));
        return Err(failure.help("`tools drivers` lists all drivers; DRIVERS.md describes this one"));
    }
    let names: Vec<&str> = driver::names().collect();
    Err(SettingError::unknown("driver", name, &names).into())
}

fn list(out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut rows = vec![["DRIVER", "KIND", "NODES"].map(str::to_owned).to_vec()];
    for name in driver::names() {
        let kind = if driver::description(name).is_some() { "described" } else { "code" };
        // A test reads all descriptions of the program.
        let about = driver::find(name).ok().flatten().map_or("", |driver| driver.about);
        rows.push([name, kind, about].map(str::to_owned).to_vec());
    }
    out.write_all(align(&rows).as_bytes())?;
    Ok(Exit::Held)
}
