//! A bundle: the files of a site behind the bytes of the program, so that whoever downloads it serves the same site.
//!
//! It is the files' bytes one after another, an index in JSON, and a trailer of 64 bytes:
//!
//! | bytes | content |
//! |---|---|
//! | 8 | `kv-site1` |
//! | 8 | the length of the files and the index, little-endian |
//! | 8 | the length of the index, little-endian |
//! | 32 | BLAKE3 of the files and the index |
//! | 8 | zeros |

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write};
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// The word at the beginning of a trailer.
const MAGIC: [u8; 8] = *b"kv-site1";
/// The length of a trailer in bytes.
const TRAILER: usize = 64;
/// The most files of a site that is handed on. Chosen: far above a front end.
const FILES_MAX: usize = 10_000;
/// The most bytes of a site that is handed on. Chosen: ten times the program.
const BYTES_MAX: u64 = 256 << 20;
/// The longest index that is read. Arithmetic: a path of 4 KiB for each of the most files would be more; a front end has a
/// hundredth.
const INDEX_MAX: u64 = 8 << 20;

/// The files of a site behind a program.
#[derive(Debug)]
pub(super) struct Bundle {
    /// The file that has them.
    pub(super) file: Arc<File>,
    /// The files, by their paths in the site.
    pub(super) entries: BTreeMap<String, Entry>,
    /// The place at which the bundle begins: the length of what stands before it.
    pub(super) offset: u64,
    /// The length, with the trailer.
    pub(super) length: u64,
    /// BLAKE3 of the files and the index.
    pub(super) hash: blake3::Hash,
}

/// A file of a bundle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// The place of its first byte in the bundle.
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// The reason why a folder cannot be handed on.
#[derive(Debug, thiserror::Error)]
pub(super) enum BundleError {
    #[error("the site has more than {FILES_MAX} files or {} MiB", BYTES_MAX >> 20)]
    Large,
    #[error("the site cannot be read: {0}")]
    Io(#[from] io::Error),
}

/// Returns the bundle at the end of a program; none if it has none, or a damaged one.
pub(super) fn of_program(program: &Arc<File>) -> io::Result<Option<Bundle>> {
    let whole = program.metadata()?.len();
    let Some(at) = whole.checked_sub(TRAILER as u64) else { return Ok(None) };
    let mut trailer = [0; TRAILER];
    program.read_exact_at(&mut trailer, at)?;
    let Some((length, index, hash)) = read_trailer(&trailer).filter(|(length, ..)| *length <= at) else {
        return Ok(None);
    };
    if index > length.min(INDEX_MAX) {
        return Ok(None);
    }
    let offset = at - length;
    let mut text = vec![0; usize::try_from(index).unwrap_or(0)];
    program.read_exact_at(&mut text, at - index)?;
    let files = length - index;
    let Ok(entries) = serde_json::from_slice::<BTreeMap<String, Entry>>(&text) else { return Ok(None) };
    let lies_within = |entry: &Entry| entry.offset.checked_add(entry.length).is_some_and(|end| end <= files);
    if !entries.values().all(lies_within) || hash_of(program, offset, length)? != hash {
        return Ok(None);
    }
    let file = Arc::clone(program);
    Ok(Some(Bundle { file, entries, offset, length: length + TRAILER as u64, hash }))
}

/// Returns BLAKE3 of a piece of a file.
pub(super) fn hash_of(file: &File, offset: u64, length: u64) -> io::Result<blake3::Hash> {
    let mut hasher = blake3::Hasher::new();
    add(&mut hasher, file, offset, length)?;
    Ok(hasher.finalize())
}

/// Adds a piece of a file to a hash.
pub(super) fn add(hasher: &mut blake3::Hasher, file: &File, offset: u64, length: u64) -> io::Result<()> {
    let mut buffer = vec![0; 256 << 10];
    let (mut at, end) = (offset, offset + length);
    while at < end {
        let most = usize::try_from(end - at).unwrap_or(usize::MAX).min(buffer.len());
        let read = file.read_at(&mut buffer[..most], at)?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        hasher.update(&buffer[..read]);
        at += read as u64;
    }
    Ok(())
}

/// Writes the bundle of a folder to a file that nobody else sees.
pub(super) fn pack(folder: &Path) -> Result<Bundle, BundleError> {
    let mut paths = Vec::new();
    list(folder, "", &mut paths)?;
    paths.sort();
    let mut file = unnamed()?;
    let (mut hasher, mut entries, mut length) = (blake3::Hasher::new(), BTreeMap::new(), 0);
    for path in paths {
        let mut source = File::open(folder.join(&path))?;
        let (offset, mut buffer) = (length, vec![0; 64 << 10]);
        loop {
            let read = source.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            length += read as u64;
            if length > BYTES_MAX {
                return Err(BundleError::Large);
            }
            hasher.update(&buffer[..read]);
            file.write_all(&buffer[..read])?;
        }
        entries.insert(path, Entry { offset, length: length - offset });
    }
    let index = serde_json::to_vec(&entries).map_err(io::Error::other)?;
    hasher.update(&index);
    file.write_all(&index)?;
    length += index.len() as u64;
    let hash = hasher.finalize();
    file.write_all(&trailer(length, index.len() as u64, &hash))?;
    Ok(Bundle { file: Arc::new(file), entries, offset: 0, length: length + TRAILER as u64, hash })
}

/// Adds the files below a folder, by their paths in the site. Hidden ones are left out, and so is what is no file.
fn list(folder: &Path, prefix: &str, paths: &mut Vec<String>) -> Result<(), BundleError> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let (kind, path) = (entry.file_type()?, format!("{prefix}{name}"));
        if name.starts_with('.') {
        } else if kind.is_dir() {
            list(&entry.path(), &format!("{path}/"), paths)?;
        } else if kind.is_file() {
            if paths.len() == FILES_MAX {
                return Err(BundleError::Large);
            }
            paths.push(path);
        }
    }
    Ok(())
}

/// Makes a file without a name, which is gone with its last user.
fn unnamed() -> io::Result<File> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let name = format!("kv-site-{}", crate::wire::Hex(random));
    let path = std::env::temp_dir().join(name);
    let file = File::options().read(true).write(true).create_new(true).open(&path)?;
    fs::remove_file(&path)?;
    Ok(file)
}

fn trailer(length: u64, index: u64, hash: &blake3::Hash) -> [u8; TRAILER] {
    let mut trailer = [0; TRAILER];
    trailer[..8].copy_from_slice(&MAGIC);
    trailer[8..16].copy_from_slice(&length.to_le_bytes());
    trailer[16..24].copy_from_slice(&index.to_le_bytes());
    trailer[24..56].copy_from_slice(hash.as_bytes());
    trailer
}

/// Returns the lengths of a bundle and of its index, and its hash.
fn read_trailer(trailer: &[u8; TRAILER]) -> Option<(u64, u64, blake3::Hash)> {
    let number = |at: usize| Some(u64::from_le_bytes(trailer.get(at..at + 8)?.try_into().ok()?));
    let hash: [u8; 32] = trailer.get(24..56)?.try_into().ok()?;
    (trailer[..8] == MAGIC).then_some((number(8)?, number(16)?, hash.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a program with the bundle of a small site behind it.
    fn program(folder: &Path) -> Vec<u8> {
        let site = folder.join("site");
        fs::create_dir_all(site.join("css/.git")).unwrap();
        fs::write(site.join("index.html"), "<p>hello").unwrap();
        fs::write(site.join("css/a.css"), "p{}").unwrap();
        fs::write(site.join(".env"), "secret").unwrap();
        fs::write(site.join("css/.git/config"), "secret").unwrap();
        let bundle = pack(&site).unwrap();
        let mut bytes = vec![7; 1_000];
        let mut packed = vec![0; usize::try_from(bundle.length).unwrap()];
        bundle.file.read_exact_at(&mut packed, 0).unwrap();
        bytes.extend(packed);
        bytes
    }

    fn read(folder: &Path, bytes: &[u8]) -> Option<Bundle> {
        let path = folder.join("program");
        fs::write(&path, bytes).unwrap();
        of_program(&Arc::new(File::open(path).unwrap())).unwrap()
    }

    #[test]
    fn what_was_packed_is_found_behind_a_program() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = program(folder.path());
        let bundle = read(folder.path(), &bytes).unwrap();
        assert_eq!(bundle.offset, 1_000);
        assert_eq!(bundle.entries.keys().collect::<Vec<_>>(), ["css/a.css", "index.html"]);
        let Entry { offset, length } = bundle.entries["index.html"];
        let mut text = vec![0; usize::try_from(length).unwrap()];
        bundle.file.read_exact_at(&mut text, bundle.offset + offset).unwrap();
        assert_eq!(text, b"<p>hello");
        assert!(read(folder.path(), b"short").is_none());
        assert!(read(folder.path(), &[0; 500]).is_none());
    }

    #[test]
    fn a_damaged_bundle_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let bytes = program(folder.path());
        for at in 1_000..bytes.len() - 8 {
            let mut damaged = bytes.clone();
            damaged[at] ^= 1;
            assert!(read(folder.path(), &damaged).is_none(), "byte {at}");
        }
        for length in (1_000..bytes.len()).step_by(7) {
            assert!(read(folder.path(), &bytes[..length]).is_none(), "{length} bytes");
        }
    }
}
