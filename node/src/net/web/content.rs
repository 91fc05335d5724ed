//! Content that is served: bytes from files, with an entity tag and ranges.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::stream;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Response, StatusCode};

/// The bytes that are read at once. Chosen: a few pages, and what a socket takes.
const CHUNK: u64 = 64 << 10;

/// A part of some content: a piece of a file.
#[derive(Debug, Clone)]
pub(super) struct Part {
    pub(super) file: Arc<File>,
    /// The place of the first byte.
    pub(super) offset: u64,
    pub(super) length: u64,
}

/// Content that can be served.
#[derive(Debug, Clone)]
pub(super) struct Content {
    pub(super) parts: Vec<Part>,
    /// The entity tag, without quotes: it differs if the bytes do.
    pub(super) tag: String,
    pub(super) kind: HeaderValue,
    /// The name under which a browser stores the content; none if it shows it.
    pub(super) file_name: Option<String>,
}

/// The piece of the content that a request asks for.
#[derive(Debug, PartialEq, Eq)]
enum Piece {
    Whole,
    /// The first byte, and the length, at least 1.
    Range(u64, u64),
    /// No byte of the content is in the range.
    Nothing,
}

impl Content {
    /// Returns the length in bytes.
    pub(super) fn length(&self) -> u64 {
        self.parts.iter().map(|part| part.length).sum()
    }

    /// Returns the answer to a `GET` or a `HEAD` with these headers (RFC 9110).
    pub(super) fn respond(self, method: &Method, asked: &HeaderMap) -> Response<Body> {
        let tag = format!("\"{}\"", self.tag);
        let mut response = Response::new(Body::empty());
        let headers = response.headers_mut();
        let mut insert = |name, value: String| {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.insert(name, value);
            }
        };
        insert(header::ETAG, tag.clone());
        insert(header::ACCEPT_RANGES, "bytes".to_owned());
        if let Some(name) = &self.file_name {
            insert(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\""));
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if matches(asked, &header::IF_NONE_MATCH, &tag) {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            return response;
        }
        headers.insert(header::CONTENT_TYPE, self.kind.clone());
        let whole = self.length();
        let (status, from, length) = match piece(asked, &tag, whole) {
            Piece::Whole => (StatusCode::OK, 0, whole),
            Piece::Range(from, length) => (StatusCode::PARTIAL_CONTENT, from, length),
            Piece::Nothing => (StatusCode::RANGE_NOT_SATISFIABLE, 0, 0),
        };
        *response.status_mut() = status;
        let headers = response.headers_mut();
        let range = match status {
            StatusCode::PARTIAL_CONTENT => Some(format!("bytes {from}-{}/{whole}", from + length - 1)),
            StatusCode::RANGE_NOT_SATISFIABLE => Some(format!("bytes */{whole}")),
            _ => None,
        };
        if let Some(range) = range.and_then(|range| HeaderValue::try_from(range).ok()) {
            headers.insert(header::CONTENT_RANGE, range);
        }
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        if method != Method::HEAD && length > 0 {
            *response.body_mut() = self.body(from, length);
        }
        response
    }

    /// Returns the bytes from one on, read as they are sent.
    fn body(self, from: u64, length: u64) -> Body {
        let pieces = self.pieces(from, length);
        Body::from_stream(stream::try_unfold(pieces, |mut pieces| async move {
            let Some(part) = pieces.last_mut() else { return io::Result::Ok(None) };
            let (file, offset, length) = (Arc::clone(&part.file), part.offset, part.length.min(CHUNK));
            part.offset += length;
            part.length -= length;
            if part.length == 0 {
                pieces.pop();
            }
            let read = tokio::task::spawn_blocking(move || read(&file, offset, length));
            Ok(Some((read.await.map_err(io::Error::other)??, pieces)))
        }))
    }

    /// Returns the parts that lie in a range, the last one first.
    fn pieces(self, from: u64, length: u64) -> Vec<Part> {
        let (mut skipped, mut left, mut pieces) = (from, length, Vec::new());
        for part in self.parts {
            let skip = skipped.min(part.length);
            skipped -= skip;
            let length = (part.length - skip).min(left);
            left -= length;
            if length > 0 {
                pieces.push(Part { offset: part.offset + skip, length, ..part });
            }
        }
        pieces.reverse();
        pieces
    }
}

fn read(file: &File, offset: u64, length: u64) -> io::Result<Bytes> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    file.read_exact_at(&mut bytes, offset)?;
    Ok(bytes.into())
}

/// Returns true if a list of entity tags has this one.
fn matches(asked: &HeaderMap, name: &header::HeaderName, tag: &str) -> bool {
    let listed = asked.get_all(name).iter().filter_map(|value| value.to_str().ok());
    listed.flat_map(|value| value.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag
    })
}

/// Returns the piece that is asked for. Several ranges at once are answered by the whole.
fn piece(asked: &HeaderMap, tag: &str, whole: u64) -> Piece {
    let text = |name| asked.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    // The rest of another content is of no use.
    if text(header::IF_RANGE).is_some_and(|known| known != tag) {
        return Piece::Whole;
    }
    let Some(range) = text(header::RANGE).and_then(|range| range.strip_prefix("bytes=")) else {
        return Piece::Whole;
    };
    let Some((from, to)) = range.trim().split_once('-') else { return Piece::Whole };
    let number = |text: &str| text.parse::<u64>().ok();
    match (from, to, number(from), number(to)) {
        ("", _, _, Some(last)) if last == 0 || whole == 0 => Piece::Nothing,
        ("", _, _, Some(last)) => Piece::Range(whole - last.min(whole), last.min(whole)),
        (_, "", Some(from), _) if from < whole => Piece::Range(from, whole - from),
        (_, _, Some(from), Some(to)) if from > to => Piece::Whole,
        (_, _, Some(from), Some(to)) if from < whole => Piece::Range(from, to.min(whole - 1) - from + 1),
        (_, "", Some(_), _) | (_, _, Some(_), Some(_)) => Piece::Nothing,
        _ => Piece::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(range: &str, expected: &Piece) {
        let mut asked = HeaderMap::new();
        asked.insert(header::RANGE, range.parse().unwrap());
        assert_eq!(&piece(&asked, "\"t\"", 100), expected, "{range}");
    }

    #[test]
    fn a_range_is_a_piece_of_the_content() {
        check("bytes=0-0", &Piece::Range(0, 1));
        check("bytes=10-19", &Piece::Range(10, 10));
        check("bytes=90-", &Piece::Range(90, 10));
        check("bytes=-5", &Piece::Range(95, 5));
        check("bytes=-500", &Piece::Range(0, 100));
        check("bytes=50-18446744073709551615", &Piece::Range(50, 50));
        check("bytes=100-", &Piece::Nothing);
        check("bytes=100-200", &Piece::Nothing);
        check("bytes=-0", &Piece::Nothing);
        for whole in
            ["bytes=5-4", "bytes=a-b", "bytes=0-1,5-6", "lines=0-1", "bytes=-", "bytes=7", "bytes=--3"]
        {
            check(whole, &Piece::Whole);
        }
    }

    #[test]
    fn the_rest_of_another_content_is_not_given() {
        let mut asked = HeaderMap::new();
        asked.insert(header::RANGE, "bytes=10-".parse().unwrap());
        asked.insert(header::IF_RANGE, "\"t\"".parse().unwrap());
        assert_eq!(piece(&asked, "\"t\"", 100), Piece::Range(10, 90));
        assert_eq!(piece(&asked, "\"u\"", 100), Piece::Whole);
    }

    #[test]
    fn a_piece_may_lie_across_parts() {
        let folder = tempfile::tempdir().unwrap();
        let part = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            Part { file: Arc::new(File::open(path).unwrap()), offset: 1, length: text.len() as u64 - 1 }
        };
        let parts = vec![part("a", ".abcd"), part("b", ".efgh"), part("c", ".ij")];
        let kind = HeaderValue::from_static("text/plain");
        let content = Content { parts, tag: "t".to_owned(), kind, file_name: None };
        assert_eq!(content.length(), 10);
        let text = |from, length| {
            let mut pieces = content.clone().pieces(from, length);
            pieces.reverse();
            let read = |part: &Part| read(&part.file, part.offset, part.length).unwrap();
            String::from_utf8(pieces.iter().flat_map(read).collect()).unwrap()
        };
        assert_eq!([text(0, 10), text(3, 3), text(4, 4), text(9, 1)], ["abcdefghij", "def", "efgh", "j"]);
    }
}
