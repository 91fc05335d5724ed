//! The benchmark's own clients: one for each node, notified of every version that the node stores.

use std::collections::BTreeSet;
use std::time::Duration;

use node::net::client::{Client, Receiver, Sender};
use node::wire::{Command, Frame, Limits, Notice, RequestId, Value};
use tokio::sync::mpsc;
use tokio::task::spawn_local;
use tokio::time::{Instant, timeout};

use crate::Result;

/// The time-out of every wait: a slower network is a failure.
const PATIENCE: Duration = Duration::from_secs(30);

/// A frame that a node sent to its client.
pub(crate) enum ClientEvent {
    /// The node stored a version of this key.
    Stored { node: usize, key: String },
    /// The node answered; `done` is true if it did what was asked.
    Answered { done: bool },
}

/// The clients, one for each node. They must be used inside of a `LocalSet`.
pub(crate) struct Clients {
    senders: Vec<Sender>,
    told: mpsc::UnboundedReceiver<(Instant, ClientEvent)>,
    last: RequestId,
}

impl Clients {
    /// Connects to all nodes and watches them.
    pub(crate) async fn watch(addresses: &[String]) -> Result<Self> {
        Self::of(addresses, true).await
    }

    /// Connects to all nodes, which tell their answers alone.
    pub(crate) async fn connect(addresses: &[String]) -> Result<Self> {
        Self::of(addresses, false).await
    }

    async fn of(addresses: &[String], watches: bool) -> Result<Self> {
        let (teller, told) = mpsc::unbounded_channel();
        let mut senders = Vec::with_capacity(addresses.len());
        for (node, address) in addresses.iter().enumerate() {
            let mut client = Client::connect(address).await?;
            if watches {
                let watch = Command::Watch { versions: true };
                client.request(watch).await?.map_err(|refusal| refusal.message)?;
            }
            let (sender, receiver) = client.split();
            senders.push(sender);
            spawn_local(listen(node, receiver, teller.clone()));
        }
        Ok(Self { senders, told, last: 0 })
    }

    /// Sets a key at one node and waits until all nodes hold it. Returns the time until then.
    pub(crate) async fn spread(&mut self, node: usize, key: &str) -> Result<Duration> {
        let began = Instant::now();
        self.feed(node, key).await?;
        self.senders[node].flush().await?;
        let mut waiting: BTreeSet<usize> = (0..self.senders.len()).collect();
        let mut last = began;
        while !waiting.is_empty() {
            if let (at, ClientEvent::Stored { node, key: stored }) = self.next().await?
                && stored == key
            {
                waiting.remove(&node);
                last = at;
            }
        }
        Ok(last - began)
    }

    /// Queues a `set`.
    pub(crate) async fn feed(&mut self, node: usize, key: &str) -> Result<()> {
        self.last += 1;
        let value = Value::typed("x", &Limits::default())?;
        let command = Command::Set { key: key.to_owned(), value, date: None };
        Ok(self.senders[node].feed(self.last, command).await?)
    }

    /// Sends the queued requests.
    pub(crate) async fn flush(&mut self, node: usize) -> Result<()> {
        Ok(self.senders[node].flush().await?)
    }

    /// Returns the number of writes that were acknowledged, of all answers that came since the last call.
    pub(crate) fn acknowledged(&mut self) -> usize {
        let answers = std::iter::from_fn(|| self.told.try_recv().ok());
        answers.filter(|(_, event)| matches!(event, ClientEvent::Answered { done: true })).count()
    }

    /// Waits for the next frame of any node. Returns it with the time of its arrival.
    pub(crate) async fn next(&mut self) -> Result<(Instant, ClientEvent)> {
        let told = timeout(PATIENCE, self.told.recv()).await?;
        Ok(told.ok_or("every node took leave")?)
    }
}

async fn listen(node: usize, mut receiver: Receiver, teller: mpsc::UnboundedSender<(Instant, ClientEvent)>) {
    while let Ok(frame) = receiver.next().await {
        let told = match frame {
            Frame::Notice(Notice::Stored { key, .. }) => ClientEvent::Stored { node, key },
            Frame::Reply { result, .. } => ClientEvent::Answered { done: result.is_ok() },
            _ => continue,
        };
        if teller.send((Instant::now(), told)).is_err() {
            return;
        }
    }
}
