//! The parser of included files.

use super::ast::Block;
use super::reader::{DEPTH_MAX, Read, Reader};
use crate::text::Span;

/// The most bytes that all included files of a scenario may have together. Files that include each other
/// twice double the text with every level. Chosen: a thousand times the longest scenario, and read at once.
const BYTES_MAX: usize = 16 << 20;

/// Reads the steps of the file at `path`, relative to the file that includes it at `span`.
pub(super) fn read(reader: &mut Reader<'_>, path: &str, span: Span, steps: &mut Block) -> Read<()> {
    let path = beside(reader.source().name(), path);
    if let Some(outer) = reader.state.files.iter().position(|file| *file == path) {
        let mut circle = reader.state.files[outer..].to_vec();
        circle.push(path);
        let error = reader.error(span, "files include each other in a circle");
        return Err(error.help(circle.join(" includes ")));
    }
    if reader.state.files.len() > DEPTH_MAX {
        return Err(reader.error(span, format!("included through more than {DEPTH_MAX} files")));
    }
    let included = (reader.includes)(&path).map_err(|why| reader.error(span, why))?;
    reader.state.included_bytes += included.text().len();
    if reader.state.included_bytes > BYTES_MAX {
        return Err(reader.error(span, format!("more than {} MiB are included", BYTES_MAX >> 20)));
    }
    reader.state.files.push(path);
    let read = reader.of_file(&included).steps(None);
    reader.state.files.pop();
    steps.extend(read?);
    Ok(())
}

/// Returns `path`, written relative to the file `from`, relative to the folder that `from` itself is relative
/// to. The result has no `.`, and no `..` that can be resolved.
#[must_use]
pub fn beside(from: &str, path: &str) -> String {
    let folder = from.rfind('/').map_or("", |slash| &from[..=slash]);
    let whole = if path.starts_with('/') { path.to_owned() } else { format!("{folder}{path}") };
    let mut parts: Vec<&str> = Vec::new();
    for part in whole.split('/') {
        match (part, parts.last()) {
            ("." | "", _) => {}
            ("..", Some(&last)) if last != ".." => {
                parts.pop();
            }
            _ => parts.push(part),
        }
    }
    let root = if whole.starts_with('/') { "/" } else { "" };
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::beside;

    #[test]
    fn an_included_file_is_seen_from_the_one_that_includes_it() {
        assert_eq!(beside("scenarios/sync.scn", "load.scn"), "scenarios/load.scn");
        assert_eq!(beside("./scenarios/sync.scn", "../other/./load.scn"), "other/load.scn");
        assert_eq!(beside("sync.scn", "../../load.scn"), "../../load.scn");
        assert_eq!(beside("sync.scn", "/tmp/load.scn"), "/tmp/load.scn");
        assert_eq!(beside("sync.scn", "./sync.scn"), beside("", "sync.scn"));
    }
}
