//! The error codes of the Maelstrom protocol.

/// Returns the name of a code whose operation did not happen. With any other code it may or may not have happened.
pub(super) fn name(code: i64) -> Option<&'static str> {
    Some(match code {
        1 => "refused",
        10 => "unsupported",
        11 => "unavailable",
        12 => "malformed",
        14 => "abort",
        20 => "absent",
        21 => "exists",
        22 => "precondition_failed",
        30 => "conflict",
        _ => return None,
    })
}
