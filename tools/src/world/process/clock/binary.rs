//! The judgement of a program by its file: a static program loads no library, and a Go program asks the kernel.

use std::collections::BTreeSet;
use std::fs::File;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use object::read::elf::{ElfFile, FileHeader, ProgramHeader as _};
use object::read::{Object as _, ObjectSymbol as _, ReadCache, ReadRef};
use object::{Architecture, FileKind, SymbolKind, elf};

use crate::world::ClockError;

/// The bits of a file's mode by which a program gets the rights of the file's owner or group.
const SET_ID: u32 = 0o6000;
/// The attribute of a file with the capabilities that a program gets.
const CAPABILITIES: &str = "security.capability";
/// The sections that the linker of Go makes, and no other.
const OF_GO: [&str; 2] = [".note.go.buildid", ".go.buildinfo"];

/// The facts about a program's file that decide on a library that is to be loaded with it.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact by itself")]
struct Facts {
    machine: (Architecture, bool),
    is_static: bool,
    is_go: bool,
    is_musl: bool,
    has_jemalloc: bool,
    /// The names that the file defines for the whole process.
    functions: BTreeSet<String>,
}

/// Judges the file of a program. A file that cannot be read, or is no program of Linux, is left to the start.
pub(super) fn judge(program: &Path, library: &Path) -> Result<(), ClockError> {
    let name = program.display().to_string();
    let Some(facts) = facts(program) else { return Ok(()) };
    if facts.is_go {
        return Err(ClockError::Go(name));
    }
    if facts.is_static {
        return Err(ClockError::Static(name));
    }
    if gets_rights(program) {
        return Err(ClockError::Privileged(name));
    }
    if facts.has_jemalloc {
        return Err(ClockError::Jemalloc(name));
    }
    let Some(library) = self::facts(library) else { return Ok(()) };
    if facts.is_musl || library.machine != facts.machine {
        return Err(ClockError::OtherMachine(name));
    }
    match library.functions.intersection(&facts.functions).next() {
        Some(function) => Err(ClockError::Clash { program: name, function: function.clone() }),
        None => Ok(()),
    }
}

/// Returns true if a program runs with rights that its file gives: the loader then ignores the environment.
fn gets_rights(program: &Path) -> bool {
    let set_id = program.metadata().is_ok_and(|data| data.mode() & SET_ID != 0);
    // A size of none is enough to learn that there is a value.
    let capable = || rustix::fs::getxattr(program, CAPABILITIES, &mut [0_u8; 0]).is_ok();
    set_id || capable()
}

/// Returns the facts about a file; none if it is no program of Linux.
fn facts(file: &Path) -> Option<Facts> {
    let cache = ReadCache::new(File::open(file).ok()?);
    match FileKind::parse(&cache).ok()? {
        FileKind::Elf64 => facts_of::<elf::FileHeader64<object::Endianness>, _>(&cache),
        FileKind::Elf32 => facts_of::<elf::FileHeader32<object::Endianness>, _>(&cache),
        _ => None,
    }
}

fn facts_of<'data, Elf: FileHeader<Endian = object::Endianness>, R: ReadRef<'data>>(
    data: R,
) -> Option<Facts> {
    let file = ElfFile::<Elf, R>::parse(data).ok()?;
    let mut loaders = file.elf_program_headers().iter();
    let loader = loaders.find_map(|header| header.interpreter(file.endian(), data).ok().flatten());
    let has = |section: &&str| file.section_by_name(section).is_some();
    let libraries = file.import_libraries().ok().into_iter().flatten().flatten();
    let is_jemalloc = |name: &[u8]| name.starts_with(b"libjemalloc");
    let defined =
        file.dynamic_symbols().filter(|symbol| symbol.is_definition() && symbol.kind() == SymbolKind::Text);
    Some(Facts {
        machine: (file.architecture(), file.is_64()),
        is_static: loader.is_none(),
        is_go: OF_GO.iter().any(has),
        is_musl: loader.is_some_and(|loader| loader.windows(7).any(|part| part == b"ld-musl")),
        has_jemalloc: libraries.into_iter().any(|library| is_jemalloc(library.name())),
        functions: defined.filter_map(|symbol| symbol.name().ok().map(str::to_owned)).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns a program for 64 bits with one program header of this type, and no section.
    fn program(kind: u32) -> Vec<u8> {
        let loader = b"/lib/loader\0";
        let words = |words: &[u64]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
        let halves = |halves: &[u16]| halves.iter().flat_map(|half| half.to_le_bytes()).collect::<Vec<u8>>();
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        file.extend(halves(&[2, 62]));
        file.extend(1_u32.to_le_bytes());
        file.extend(words(&[0, 64, 0]));
        file.extend(0_u32.to_le_bytes());
        file.extend(halves(&[64, 56, 1, 64, 0, 0]));
        file.extend(kind.to_le_bytes());
        file.extend(4_u32.to_le_bytes());
        file.extend(words(&[120, 0, 0, loader.len() as u64, loader.len() as u64, 1]));
        file.extend(loader);
        file
    }

    #[test]
    fn a_program_without_a_loader_is_static() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        let library = folder.path().join("none");
        std::fs::write(&path, program(1)).unwrap();
        assert_eq!(judge(&path, &library), Err(ClockError::Static(path.display().to_string())));
        std::fs::write(&path, program(3)).unwrap();
        assert_eq!(judge(&path, &library), Ok(()));
        std::fs::write(&path, "no program").unwrap();
        assert_eq!(judge(&path, &library), Ok(()), "left to the start");
    }

    #[test]
    fn a_program_with_rights_of_its_own_loads_nothing() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("program");
        std::fs::write(&path, program(3)).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o4755)).unwrap();
        let refused = judge(&path, &folder.path().join("none"));
        assert_eq!(refused, Err(ClockError::Privileged(path.display().to_string())));
    }
}
