//! The file of a recording: a line of JSON for each entry.
//!
//! A replay runs the steps of the file, and these can start programs. So a file that another user could have
//! written is refused.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

use super::entry::{BYTES, Entry};

/// The name of the file in a folder of logs.
pub(in crate::cli) const NAME: &str = ".tools.steps.jsonl";
/// The most bytes of the file that are read: more than a recording takes even if every byte of it is escaped.
const SIZE_MAX: u64 = 8 * BYTES as u64;

/// Writes an entry in one call. An entry cut off by the end of its process is the last.
pub(super) fn write(file: &mut File, entry: &Entry) -> io::Result<()> {
    let mut line = serde_json::to_vec(entry)?;
    line.push(b'\n');
    file.write_all(&line)
}

/// Returns the entries of the recording in a folder of logs, or `None` if there is no file.
pub(super) fn read(logs: &Path) -> io::Result<Option<Vec<Entry>>> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    let path = logs.join(NAME);
    let file = match options.open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => {
            return Err(io::Error::new(error.kind(), format!("cannot read {}: {error}", path.display())));
        }
    };
    let found = file.metadata()?;
    let user = rustix::process::geteuid();
    let is_own = found.uid() == user.as_raw() || user.is_root();
    if !found.is_file() || !is_own || found.mode() & 0o022 != 0 {
        let reason = format!(
            "{} could be written by others: what it says is not to be trusted\n  = help: remove it",
            path.display()
        );
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, reason));
    }
    let mut bytes = Vec::new();
    file.take(SIZE_MAX).read_to_end(&mut bytes)?;
    let lines = bytes.split(|byte| *byte == b'\n');
    // The first line that is no entry was cut off, and is the last.
    Ok(Some(lines.map_while(|line| serde_json::from_slice(line).ok()).collect()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::time::Duration;

    use super::*;
    use crate::cli::recording::Recording;
    use crate::text::Source;
    use crate::topology;

    fn written(folder: &Path) -> Recording {
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(folder.join(NAME)).unwrap();
        let mut recording = Recording::new(BTreeMap::from([("policy".to_owned(), "oldest".to_owned())]));
        recording.write_to(file);
        let source = Source::new("topology", "a-b");
        recording.record_start(&source, &topology::parse(&source).unwrap().graph, Duration::from_secs(1));
        let second = Duration::from_secs(2);
        recording.record_steps(second, second, &["a: set k \"v\"".to_owned(), "kill b".to_owned()]);
        recording
    }

    #[test]
    fn the_recording_that_is_read_is_the_one_that_was_written() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Recording::read(folder.path()).unwrap().is_none());
        let mut recording = written(folder.path());
        let kept = || Recording::read(folder.path()).unwrap().and_then(|recording| recording.scenario_text());
        assert_eq!(kept(), recording.scenario_text());
        recording.count_dropped(3);
        assert_eq!(kept(), recording.scenario_text());
        // The count of dropped steps in the file may lag behind, and the file does not grow with it.
        for _ in 0..1_000 {
            recording.count_dropped(1);
        }
        assert!(kept().unwrap().contains("# 512 later steps were not kept"));
        assert!(fs::metadata(folder.path().join(NAME)).unwrap().len() < 1_000);
    }

    #[test]
    fn a_file_that_ends_midway_gives_what_came_before() {
        let folder = tempfile::tempdir().unwrap();
        let recording = written(folder.path());
        let path = folder.path().join(NAME);
        let mut text = fs::read_to_string(&path).unwrap();
        text += "{\"entry\":\"done\",\"beg";
        fs::write(&path, text).unwrap();
        assert_eq!(
            Recording::read(folder.path()).unwrap().unwrap().scenario_text(),
            recording.scenario_text()
        );
    }

    #[test]
    fn a_file_that_others_could_have_written_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path());
        let path = folder.path().join(NAME);
        fs::set_permissions(&path, Permissions::from_mode(0o622)).unwrap();
        let error = Recording::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("could be written by others"), "{error}");
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        fs::rename(&path, folder.path().join("elsewhere")).unwrap();
        symlink(folder.path().join("elsewhere"), &path).unwrap();
        assert!(Recording::read(folder.path()).is_err());
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(Recording::read(folder.path()).is_err());
    }
}
