//! A bare key-value server over HTTP, which `cargo bench` asks: axum without anything else. It gets its port as an
//! argument, and serves `GET /kv/KEY` and `PUT /kv/KEY`.

use std::collections::BTreeMap;
use std::error::Error;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use tokio::net::TcpListener;

type Held = Arc<Mutex<BTreeMap<String, String>>>;

fn main() -> Result<(), Box<dyn Error>> {
    let port: u16 = std::env::args().nth(1).ok_or("no port was given")?.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let service = Router::new().route("/kv/{key}", get(read).put(write)).with_state(Held::default());
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        Ok(axum::serve(listener, service).await?)
    })
}

async fn read(State(held): State<Held>, Path(key): Path<String>) -> Result<String, StatusCode> {
    let held = held.lock().unwrap_or_else(PoisonError::into_inner);
    held.get(&key).cloned().ok_or(StatusCode::NOT_FOUND)
}

async fn write(State(held): State<Held>, Path(key): Path<String>, value: String) -> StatusCode {
    held.lock().unwrap_or_else(PoisonError::into_inner).insert(key, value);
    StatusCode::NO_CONTENT
}
