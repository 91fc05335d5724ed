//! The site: a static front end, from a folder or from the bundle behind the program.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use hyper::header::HeaderValue;
use percent_encoding::percent_decode_str;

use super::bundle::Bundle;
use super::content::{Content, Part};

/// The file that stands for a folder.
const INDEX: &str = "index.html";

/// A static front end.
#[derive(Debug)]
pub(super) enum Site {
    /// The files below a folder, given by its true path.
    Folder(PathBuf),
    /// The files behind the program.
    Packed(Bundle),
}

/// The reason why a folder is no site.
#[derive(Debug, thiserror::Error)]
pub(in crate::net) enum SiteError {
    #[error("--site {}: {source}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("--site {}: this is no folder", .0.display())]
    NoFolder(PathBuf),
}

/// The result of a search for a path.
#[derive(Debug)]
pub(super) enum Found {
    Content(Content),
    /// The path is that of a folder, and lacks the slash at its end.
    Folder,
    Nothing,
}

impl Site {
    /// Returns the site in a folder.
    pub(super) fn in_folder(path: &Path) -> Result<Self, SiteError> {
        let unreadable = |source| SiteError::Read { path: path.to_owned(), source };
        let folder = path.canonicalize().map_err(unreadable)?;
        if !folder.is_dir() {
            return Err(SiteError::NoFolder(path.to_owned()));
        }
        Ok(Self::Folder(folder))
    }

    /// Searches for the file with a path of a URL. It may take the time of a disk.
    pub(super) fn find(&self, path: &str) -> io::Result<Found> {
        let Some((path, is_folder)) = parts(path) else { return Ok(Found::Nothing) };
        match self {
            Self::Folder(folder) => in_folder(folder, &path, is_folder),
            Self::Packed(bundle) => Ok(in_bundle(bundle, &path, is_folder)),
        }
    }
}

/// Returns the parts of a path, and true if a folder is meant; none if such a file is never served: a hidden one, or one
/// outside of the site.
fn parts(path: &str) -> Option<(Vec<String>, bool)> {
    let path = percent_decode_str(path).decode_utf8().ok()?;
    let inner = path.strip_prefix('/')?;
    let is_folder = inner.is_empty() || inner.ends_with('/');
    let inner = inner.trim_end_matches('/');
    if inner.is_empty() {
        return Some((Vec::new(), is_folder));
    }
    let parts: Vec<String> = inner.split('/').map(str::to_owned).collect();
    let is_served =
        |part: &String| !part.is_empty() && !part.starts_with('.') && !part.contains(['\0', '\\']);
    parts.iter().all(is_served).then_some((parts, is_folder))
}

fn in_folder(folder: &Path, parts: &[String], is_folder: bool) -> io::Result<Found> {
    let mut path = folder.to_owned();
    path.extend(parts);
    if is_folder {
        path.push(INDEX);
    }
    let found = |error: io::Error| match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename => {
            Ok(Found::Nothing)
        }
        _ => Err(error),
    };
    // A link may lead to another file of the site, and nowhere else.
    let path = match path.canonicalize() {
        Ok(path) if path.starts_with(folder) => path,
        Ok(_) => return Ok(Found::Nothing),
        Err(error) => return found(error),
    };
    let hidden = path.strip_prefix(folder).ok().into_iter().flat_map(Path::iter);
    if hidden.into_iter().any(|part| part.to_string_lossy().starts_with('.')) {
        return Ok(Found::Nothing);
    }
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) => return found(error),
    };
    let facts = file.metadata()?;
    if facts.is_dir() {
        return Ok(Found::Folder);
    }
    if !facts.is_file() {
        return Ok(Found::Nothing);
    }
    let changed = facts.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let tag = format!("{:x}-{:x}", changed.as_nanos(), facts.len());
    let part = Part { file: Arc::new(file), offset: 0, length: facts.len() };
    Ok(Found::Content(Content { parts: vec![part], tag, kind: kind_of(&path), file_name: None }))
}

fn in_bundle(bundle: &Bundle, parts: &[String], is_folder: bool) -> Found {
    let mut path = parts.join("/");
    if is_folder {
        path = if path.is_empty() { INDEX.to_owned() } else { format!("{path}/{INDEX}") };
    }
    let Some(entry) = bundle.entries.get(&path) else {
        let below = format!("{path}/");
        let is_folder = bundle.entries.keys().any(|entry| entry.starts_with(&below));
        return if is_folder { Found::Folder } else { Found::Nothing };
    };
    let part =
        Part { file: Arc::clone(&bundle.file), offset: bundle.offset + entry.offset, length: entry.length };
    // The hash covers all files, so the place of one tells it from every other.
    let tag = format!("{}-{:x}", &bundle.hash.to_hex()[..32], entry.offset);
    Found::Content(Content { parts: vec![part], tag, kind: kind_of(Path::new(&path)), file_name: None })
}

/// Returns the content type of a file, by its name.
fn kind_of(path: &Path) -> HeaderValue {
    let kind = mime_guess::from_path(path).first_or_octet_stream();
    let text = match (kind.type_().as_str(), kind.subtype().as_str()) {
        ("text", _) | ("application", "javascript" | "json") => format!("{kind}; charset=utf-8"),
        _ => kind.to_string(),
    };
    HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static("application/octet-stream"))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::net::web::bundle;

    /// Returns the length of what is found, or the word for it.
    fn found(site: &Site, path: &str) -> String {
        match site.find(path).unwrap() {
            Found::Content(content) => format!("{} {}", content.length(), content.kind.to_str().unwrap()),
            Found::Folder => "folder".to_owned(),
            Found::Nothing => "nothing".to_owned(),
        }
    }

    #[test]
    fn files_of_the_site_are_found_and_no_others() {
        let outside = tempfile::tempdir().unwrap();
        let folder = outside.path().join("site");
        fs::create_dir_all(folder.join("a b/.hidden")).unwrap();
        fs::write(outside.path().join("secret.txt"), "secret").unwrap();
        fs::write(folder.join("index.html"), "12345").unwrap();
        fs::write(folder.join("a b/é.txt"), "123").unwrap();
        fs::write(folder.join("a b/index.html"), "1").unwrap();
        fs::write(folder.join("a b/.hidden/x.txt"), "secret").unwrap();
        fs::write(folder.join(".env"), "secret").unwrap();
        std::os::unix::fs::symlink("../secret.txt", folder.join("link.txt")).unwrap();
        std::os::unix::fs::symlink(".env", folder.join("env.txt")).unwrap();
        std::os::unix::fs::symlink("index.html", folder.join("home.html")).unwrap();
        let packed = Site::Packed(bundle::pack(&folder).unwrap());
        let folder = Site::in_folder(&folder).unwrap();
        for site in [&folder, &packed] {
            assert_eq!(found(site, "/"), "5 text/html; charset=utf-8");
            assert_eq!(found(site, "/index.html"), "5 text/html; charset=utf-8");
            assert_eq!(found(site, "/a%20b/%C3%A9.txt"), "3 text/plain; charset=utf-8");
            assert_eq!(found(site, "/a%20b/"), "1 text/html; charset=utf-8");
            assert_eq!(found(site, "/a%20b"), "folder");
            for path in [
                "/none",
                "/.env",
                "/%2eenv",
                "/../secret.txt",
                "/a%20b/../../secret.txt",
                "/%2e%2e/secret.txt",
                "/..%2fsecret.txt",
                "//index.html",
                "/a%20b/.hidden/x.txt",
                "/link.txt",
                "/env.txt",
                "/index.html/x",
                "/%00",
                "/a%20b%5c..%5cx",
                "/%ff",
                "index.html",
                "/index.html/",
            ] {
                assert_eq!(found(site, path), "nothing", "{path}");
            }
        }
        assert_eq!(found(&folder, "/home.html"), "5 text/html; charset=utf-8");
        assert!(matches!(Site::in_folder(&outside.path().join("none")), Err(SiteError::Read { .. })));
        let file = outside.path().join("secret.txt");
        assert!(matches!(Site::in_folder(&file), Err(SiteError::NoFolder(_))));
    }
}
