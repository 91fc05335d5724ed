//! The arguments of `tools run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::log_limit::LogLimit;
use crate::cli::setting::{ProgramArguments, SettingArguments, SettingError};
use crate::driver;
use crate::run::Options;
use crate::topology;

/// Start a network of nodes and link them
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is typed or not")]
pub struct Arguments {
    /// The topology: text like "a-b, b-c" or ring:5, `@FILE`, or `-` for standard input
    /// [default: a clique of three: a-b, b-c, c-a]
    #[arg(allow_hyphen_values = true)]
    pub topology: Option<String>,

    /// The topology as an option
    #[arg(short = 'n', long = "topology", value_name = "TOPOLOGY", conflicts_with = "topology")]
    pub topology_option: Option<String>,

    /// The port of the first node; the others follow in order of appearance
    #[arg(short, long, value_name = "PORT", default_value_t = 3000, value_parser = crate::cli::number::port)]
    pub port: u16,

    /// End the network after this time, for example 10s
    #[arg(long = "for", value_name = "DURATION", value_parser = crate::scenario::duration)]
    pub lasting: Option<Duration>,

    /// Print one line of JSON once the network is ready, instead of a table
    #[arg(long)]
    pub json: bool,

    /// Leave the network running in the background, for `ps`, `cli`, `do`, `logs` and `stop`
    #[arg(short, long)]
    pub detach: bool,

    /// Open the page of the network, live, in the browser; at this port, or at one that the system chooses
    #[arg(long, value_name = "PORT", num_args = 0..=1, require_equals = true, default_missing_value = "any",
          value_parser = crate::cli::number::port_or_any)]
    pub ui: Option<u16>,

    /// Put proxies between the nodes, which can cut, break and shape links:
    /// tools do 'cut a-b', 'link a-b delay 200ms'
    #[arg(long = "faults")]
    pub proxied: bool,

    /// Start programs so that their clocks can be shifted, by libfaketime: tools do 'clock a +10s'
    #[arg(long)]
    pub clocks: bool,

    /// Leave out links from a node to itself, with a warning
    #[arg(long)]
    pub lenient: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub setting: SettingArguments,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub program: ProgramArguments,

    /// The folder for logs, and for the socket by which other terminals reach the network
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub log_limit: LogLimit,

    /// The folder for data: every node stores its content in a subfolder with its name, and loads it at the
    /// next start
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// The arguments of every node
    #[arg(last = true, value_name = "ARGS")]
    pub node_arguments: Vec<String>,

    /// Run in a session of its own; `--detach` gives this flag
    #[arg(long, hide = true)]
    pub hosted: bool,
}

/// The examples below the help.
const EXAMPLES: &str = "\
Examples:
  tools run                                   a clique of three
  tools run \"a-b, b-c, c-d, d-e, e-a\"         a ring of five; ring:5 is the same
  tools run \"ring(5), star(6, prefix=s), a-s1\"
  tools run ring:5 --faults --ui              with its page, live, in the browser
  tools run ring:5 --detach                   then: tools cli --node a set nom Reimert
  tools run ring:5 --data data                what nodes store is there again the next time";

impl Arguments {
    /// Returns the text of the topology.
    pub(super) fn topology(&self) -> &str {
        let typed = self.topology.as_deref().or(self.topology_option.as_deref());
        typed.unwrap_or(topology::DEFAULT)
    }

    /// Checks that the faults of `--faults` have an effect on every link.
    pub(super) fn check_faults(&self) -> Result<(), SettingError> {
        let exec = self.program.exec.iter().flat_map(|exec| exec.split_whitespace());
        let mut words = self.node_arguments.iter().map(String::as_str).chain(exec);
        let driver = self.program.driver.unwrap_or(driver::DEFAULT);
        match words.find(|word| driver.dials_by_itself.contains(word)) {
            Some(argument) if self.proxied && !self.setting.world.proxied.is_empty() => {
                Err(SettingError::Bypass(argument.to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Returns the options of the run, with the options of every node.
    pub(super) fn options(&self) -> Result<Options, SettingError> {
        // No scenario declares the driver of the nodes, so the default counts as given.
        let driver = self.program.driver.or(Some(driver::DEFAULT));
        ProgramArguments { driver, ..self.program.clone() }.node_options()?;
        let mut node_options = self.program.node_options()?;
        if self.data.is_some() {
            node_options.insert("data".to_owned(), "disk".to_owned());
        }
        if !self.node_arguments.is_empty() {
            let joined = shlex::try_join(self.node_arguments.iter().map(String::as_str));
            node_options.insert("args".to_owned(), joined.map_err(SettingError::NodeArguments)?);
        }
        Ok(Options { node_options, ..Options::default() })
    }
}
