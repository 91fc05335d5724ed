//! The download: the very program that runs, with the site behind it.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;

use hyper::header::HeaderValue;

use super::bundle::{self, Bundle, BundleError};
use super::content::{Content, Part};
use super::site::Site;

/// The program that runs. It can be read also where another one has taken its place.
const PROGRAM: &str = "/proc/self/exe";

/// The program that runs, and what is handed on with it.
#[derive(Debug)]
pub(super) struct Download {
    program: Arc<File>,
    /// The length of the program without a bundle.
    length: u64,
    /// The name of the program's file.
    name: String,
    bundle: Option<Bundle>,
    /// BLAKE3 of the program, and of all that is handed on.
    program_hash: blake3::Hash,
    whole_hash: blake3::Hash,
}

/// The reason why the program cannot be handed on.
#[derive(Debug, thiserror::Error)]
pub(super) enum DownloadError {
    #[error("the program cannot be read: {0}")]
    Io(#[from] io::Error),
    #[error(transparent)]
    Bundle(#[from] BundleError),
}

/// Opens the program that runs.
pub(super) fn program() -> io::Result<Arc<File>> {
    File::open(PROGRAM).map(Arc::new)
}

impl Download {
    /// Reads the program that runs, and packs the site in a folder. It takes the time to read both.
    pub(super) fn new(site: Option<&Site>) -> Result<Self, DownloadError> {
        let program = program()?;
        let own = bundle::of_program(&program)?;
        let length = match &own {
            Some(bundle) => bundle.offset,
            None => program.metadata()?.len(),
        };
        let bundle = match site {
            Some(Site::Folder(folder)) => Some(bundle::pack(folder)?),
            _ => own,
        };
        let program_hash = bundle::hash_of(&program, 0, length)?;
        let whole_hash = match &bundle {
            Some(Bundle { file, offset, length: behind, .. }) => {
                let mut hasher = blake3::Hasher::new();
                bundle::add(&mut hasher, &program, 0, length)?;
                bundle::add(&mut hasher, file, *offset, *behind)?;
                hasher.finalize()
            }
            None => program_hash,
        };
        let path = std::env::current_exe().unwrap_or_default();
        let name = path.file_name().unwrap_or(Path::new("tools").as_os_str()).to_string_lossy();
        // A program that was replaced is said to be gone.
        let name = name.trim_end_matches(" (deleted)").replace(['"', '\\'], "");
        Ok(Self { program, length, name, bundle, program_hash, whole_hash })
    }

    /// Returns the program as content, with or without the site.
    pub(super) fn content(&self, bare: bool) -> Content {
        let mut parts = vec![Part { file: Arc::clone(&self.program), offset: 0, length: self.length }];
        if let Some(Bundle { file, offset, length, .. }) = self.bundle.as_ref().filter(|_| !bare) {
            parts.push(Part { file: Arc::clone(file), offset: *offset, length: *length });
        }
        let hash = if bare { self.program_hash } else { self.whole_hash };
        Content {
            parts,
            tag: hash.to_hex().to_string(),
            kind: HeaderValue::from_static("application/octet-stream"),
            file_name: Some(self.name.clone()),
        }
    }

    /// Returns the hashes, a line each: of what is handed on, of the program, and of the site.
    pub(super) fn hashes(&self) -> String {
        let mut lines = format!("{}  download\n{}  program\n", self.whole_hash, self.program_hash);
        if let Some(bundle) = &self.bundle {
            lines.push_str(&format!("{}  site\n", bundle.hash));
        }
        lines
    }

    /// Returns the length of what is handed on, in bytes.
    pub(super) fn length(&self) -> u64 {
        self.length + self.bundle.as_ref().map_or(0, |bundle| bundle.length)
    }

    /// Returns BLAKE3 of what is handed on.
    pub(super) fn hash(&self) -> blake3::Hash {
        self.whole_hash
    }
}
