//! The programs that stand beside nodes, such as adapters, and the standard streams of nodes.

use std::io;

use futures_util::future::LocalBoxFuture;
use tokio::io::AsyncReadExt as _;
use tokio::net::unix::pipe;

use crate::world::ExitStatus;

/// The harness's ends of the standard input and output of a node that speaks through them.
#[derive(Debug)]
pub struct Stdio {
    /// The pipe to the node's standard input.
    pub input: pipe::Sender,
    /// The pipe from the node's standard output.
    pub output: pipe::Receiver,
}

/// The launcher of programs beside nodes, such as adapters. A program that still runs at the end of the run
/// is ended.
pub trait SidecarLauncher {
    /// Starts a program with pipes as its standard streams.
    fn start(&self, program: &str, arguments: &[String]) -> LocalBoxFuture<'static, io::Result<Sidecar>>;
}

/// A program beside a node, and the harness's ends of its standard streams.
pub struct Sidecar {
    /// The life of the program. Dropping it kills the program, with everything started in its process group.
    pub life: Box<dyn SidecarLife>,
    /// The pipe to its standard input.
    pub input: pipe::Sender,
    /// The pipe from its standard output.
    pub output: pipe::Receiver,
    /// The pipe from its standard error.
    pub problems: pipe::Receiver,
}

/// The life of a started program.
pub trait SidecarLife {
    /// Waits for its end.
    fn ended(&self) -> LocalBoxFuture<'_, ExitStatus>;
}

/// Reads a stream to its end, and returns the last part of it, at most so many bytes.
pub(crate) async fn tail(mut stream: pipe::Receiver, most: usize) -> String {
    let (mut kept, mut buffer) = (Vec::new(), [0; 1_024]);
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        kept.extend_from_slice(&buffer[..read]);
        kept.drain(..kept.len().saturating_sub(most));
    }
    String::from_utf8_lossy(&kept).into_owned()
}
