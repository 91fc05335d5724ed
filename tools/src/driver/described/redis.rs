//! Requests by commands of Redis, in RESP.

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ErrorKind, IntoConnectionInfo as _, RedisError, Value,
};
use serde_json::Value as Json;

use super::idle::Idle;

/// The client of one node.
#[derive(Default)]
pub(super) struct RedisClient {
    idle: Idle<MultiplexedConnection>,
}

/// The answer to a command.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RedisAnswer {
    /// There is nothing: nil.
    Nil,
    /// The text of a value; JSON if it is a list. `OK` is an empty text.
    Text(String),
    /// A value that is no text.
    Bytes(Vec<u8>),
    /// An error of the server, with its code in front.
    Error(String),
}

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum RedisFailure {
    /// No connection was made: the node has not been asked.
    #[error("cannot be reached: {}", cause(.0))]
    Connect(RedisError),
    /// The connection ended before the answer.
    #[error("the connection ended before the answer: {}", cause(.0))]
    Broken(RedisError),
}

/// Returns the reason of an error, on one line. What a server of another protocol answered is no part of it.
fn cause(error: &RedisError) -> String {
    if error.kind() == ErrorKind::Parse {
        return "what answers there does not speak the protocol of Redis".to_owned();
    }
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

impl RedisClient {
    /// Sends a command and reads the answer.
    pub(super) async fn ask(
        &self,
        host: &str,
        port: u16,
        words: &[String],
        changes: bool,
    ) -> Result<RedisAnswer, RedisFailure> {
        self.idle
            .exchange(
                changes,
                |_| true,
                async || connect(host, port).await.map_err(RedisFailure::Connect),
                async |connection| exchange(connection, words).await,
                |error| matches!(error, RedisFailure::Broken(_)),
            )
            .await
    }
}

async fn exchange(
    connection: &mut MultiplexedConnection,
    words: &[String],
) -> Result<RedisAnswer, RedisFailure> {
    let mut command = redis::Cmd::new();
    for word in words {
        command.arg(word);
    }
    match command.query_async::<Value>(connection).await {
        Ok(value) => Ok(of_value(value)),
        Err(error) if matches!(error.kind(), ErrorKind::Server(_) | ErrorKind::Extension) => {
            let parts = [error.code(), error.detail()];
            Ok(RedisAnswer::Error(parts.into_iter().flatten().collect::<Vec<_>>().join(" ")))
        }
        Err(error) => Err(RedisFailure::Broken(error)),
    }
}

async fn connect(host: &str, port: u16) -> Result<MultiplexedConnection, RedisError> {
    let client = Client::open(ConnectionAddr::Tcp(host.to_owned(), port).into_connection_info()?)?;
    // The harness has its own time for each request.
    let config = AsyncConnectionConfig::new().set_connection_timeout(None).set_response_timeout(None);
    client.get_multiplexed_async_connection_with_config(&config).await
}

/// Returns the answer that a value is.
fn of_value(value: Value) -> RedisAnswer {
    match value {
        Value::Nil => RedisAnswer::Nil,
        Value::BulkString(bytes) => match String::from_utf8(bytes) {
            Ok(text) => RedisAnswer::Text(text),
            Err(error) => RedisAnswer::Bytes(error.into_bytes()),
        },
        Value::Okay => RedisAnswer::Text(String::new()),
        value => match json(value) {
            Json::String(text) => RedisAnswer::Text(text),
            value => RedisAnswer::Text(value.to_string()),
        },
    }
}

/// Returns a value as JSON. Bytes that are no text get replacement characters.
fn json(value: Value) -> Json {
    let text = |bytes: Vec<u8>| Json::String(String::from_utf8_lossy(&bytes).into_owned());
    let list = |values: Vec<Value>| values.into_iter().map(json).collect();
    match value {
        Value::Int(number) => number.into(),
        Value::Double(number) => number.into(),
        Value::Boolean(is) => is.into(),
        Value::BulkString(bytes) | Value::BigNumber(bytes) => text(bytes),
        Value::SimpleString(text) | Value::VerbatimString { text, .. } => text.into(),
        Value::Okay => "OK".into(),
        Value::Array(values) | Value::Set(values) | Value::Push { data: values, .. } => list(values),
        Value::Attribute { data, .. } => json(*data),
        Value::Map(pairs) => pairs.into_iter().map(|(key, value)| list(vec![key, value])).collect(),
        Value::ServerError(error) => error.to_string().into(),
        _ => Json::Null,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_texts_and_lists_json() {
        let bulk = |text: &str| Value::BulkString(text.as_bytes().to_vec());
        let text = |text: &str| RedisAnswer::Text(text.to_owned());
        assert_eq!(of_value(Value::Nil), RedisAnswer::Nil);
        assert_eq!(of_value(Value::Okay), text(""));
        assert_eq!(of_value(bulk("é")), text("é"));
        assert_eq!(of_value(Value::Int(5)), text("5"));
        assert_eq!(of_value(Value::BulkString(vec![255])), RedisAnswer::Bytes(vec![255]));
        let list = Value::Array(vec![bulk("a"), Value::Int(1), Value::Nil]);
        assert_eq!(of_value(list), text("[\"a\",1,null]"));
    }
}
