//! A node of the Maelstrom protocol that passes balls. At `echo N` it sends N balls to the other node, and
//! it returns each ball that comes. It does as little as possible with each, so that the benchmark measures
//! the router alone.

use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};

/// Returns the message that carries a ball from one node to the other, as long for both nodes.
fn ball(from: &str, to: &str) -> String {
    format!(
        "{{\"src\":\"{from}\",\"dest\":\"{to}\",\"body\":{{\"type\":\"ball\",\"text\":\"{}\"}}}}\n",
        "x".repeat(64)
    )
}

fn main() -> io::Result<()> {
    let mut input = BufReader::with_capacity(1 << 16, io::stdin());
    let mut output = BufWriter::with_capacity(1 << 16, io::stdout());
    let (mut back, mut line) = (String::new(), String::new());
    loop {
        line.clear();
        if input.read_line(&mut line)? == 0 {
            return Ok(());
        }
        if line.contains("\"type\":\"ball\"") {
            output.write_all(back.as_bytes())?;
        } else {
            let message: serde_json::Value = serde_json::from_str(&line)?;
            let body = &message["body"];
            let kind = body["type"].as_str().unwrap_or_default();
            if kind == "init" {
                let me = body["node_id"].as_str().unwrap_or_default();
                back = ball(me, if me == "n0" { "n1" } else { "n0" });
            }
            if let Some(id) = body["msg_id"].as_u64() {
                let mut reply = serde_json::json!({ "type": format!("{kind}_ok"), "in_reply_to": id });
                reply["echo"] = body["echo"].clone();
                let reply =
                    serde_json::json!({ "src": message["dest"], "dest": message["src"], "body": reply });
                writeln!(output, "{reply}")?;
            }
            for _ in 0..body["echo"].as_u64().unwrap_or(0) {
                output.write_all(back.as_bytes())?;
            }
        }
        // Balls that arrive together are flushed together, which saves system calls.
        if input.buffer().is_empty() {
            output.flush()?;
        }
    }
}
