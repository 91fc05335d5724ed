//! A node of the floor, with which `cargo bench` compares start-up: a WebSocket server of one thread,
//! without a protocol. It prints its port, reads the port of the next node, connects to it and reports
//! that. It ends when its standard input does.

use std::error::Error;
use std::io;
use std::net::Ipv4Addr;
use std::os::fd::AsFd as _;

use futures_util::StreamExt as _;
use tokio::io::AsyncBufReadExt as _;
use tokio::net::unix::pipe;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{LocalSet, spawn_local};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_async_with_config, client_async_with_config};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    LocalSet::new().block_on(&runtime, live())
}

async fn live() -> Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    println!("{}", listener.local_addr()?.port());
    spawn_local(async move {
        while let Ok((stream, _)) = listener.accept().await {
            spawn_local(async move {
                if let Ok(socket) = accept_async_with_config(stream, Some(config())).await {
                    hold(socket).await;
                }
            });
        }
    });
    let stdin = pipe::Receiver::from_owned_fd(io::stdin().as_fd().try_clone_to_owned()?)?;
    let mut lines = tokio::io::BufReader::with_capacity(64, stdin).lines();
    let port: u16 = lines.next_line().await?.ok_or("nobody said where to connect to")?.parse()?;
    let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
    let url = format!("ws://{}:{port}/", Ipv4Addr::LOCALHOST);
    let (socket, _) = client_async_with_config(url, stream, Some(config())).await?;
    println!("wired");
    spawn_local(hold(socket));
    while lines.next_line().await?.is_some() {}
    Ok(())
}

/// Returns a configuration with small buffers, as a thousand nodes on one machine need them. The library's
/// default takes 128 KiB for each connection.
fn config() -> WebSocketConfig {
    WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(16 << 10)
}

async fn hold(mut socket: WebSocketStream<TcpStream>) {
    while let Some(Ok(_)) = socket.next().await {}
}
