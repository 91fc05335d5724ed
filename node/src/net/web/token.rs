//! The token by which the person at this machine is known.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::net::data::private_file;
use crate::wire::Hex;

/// The name of its file in the data folder.
const FILE: &str = "token";
/// The longest file that is read: more than a token has, so that a longer one is found to be none.
const READ_MAX: u64 = 256;

/// The token by which the person at this machine is known. It is never logged.
#[derive(Clone)]
pub(super) struct Token(String);

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Token {
    /// Draws a token.
    pub(super) fn draw() -> io::Result<Self> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes).map_err(io::Error::other)?;
        Ok(Self(Hex(bytes).to_string()))
    }

    /// Returns the token of a data folder, which is drawn at its first use. Only the owner can read its file.
    pub(super) fn of_folder(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let mut file = private_file::open(&path)?;
        let mut text = String::new();
        (&mut file).take(READ_MAX).read_to_string(&mut text)?;
        let known = text.trim();
        if known.is_empty() {
            let token = Self::draw()?;
            file.write_all(format!("{}\n", token.0).as_bytes())?;
            file.sync_all()?;
            return Ok(token);
        }
        if known.parse::<Hex<32>>().is_err() {
            let message = format!("{} has no token: remove it, and another one is drawn", path.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(Self(known.to_owned()))
    }

    /// Returns true if a text is the token. The time that it takes does not depend on where they differ.
    pub(super) fn is(&self, text: &str) -> bool {
        // The comparison of hashes takes the same time for all.
        blake3::hash(self.0.as_bytes()) == blake3::hash(text.as_bytes())
    }

    /// Returns the token, for the person and for nobody else.
    pub(super) fn secret(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_folder_has_one_token_that_only_its_owner_reads() {
        let folder = tempfile::tempdir().unwrap();
        let token = Token::of_folder(folder.path()).unwrap();
        assert!(token.is(Token::of_folder(folder.path()).unwrap().secret()));
        assert_eq!(token.secret().len(), 64);
        let path = folder.path().join(FILE);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(
            !token.is("") && !token.is(&token.secret()[..63]) && !token.is(Token::draw().unwrap().secret())
        );
        assert_eq!(format!("{token:?}"), "Token(…)");
        for wrong in ["short", &"x".repeat(1_000)] {
            fs::write(&path, wrong).unwrap();
            let error = Token::of_folder(folder.path()).unwrap_err();
            assert!(error.to_string().contains("has no token"), "{error}");
        }
    }
}
