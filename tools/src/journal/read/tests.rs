use super::*;
use crate::journal::{LinkEntry, NodeLife};
use crate::world::NodeIndex;

const PLAN: &str = r#"{"at_us":0,"event":"plan","format":2,"scenario":"x","file":"x.scn","text":"network a","params":{},"world":"sim","seed":1}"#;

/// Returns the entries of a journal, and the notes on it.
fn read(text: &[u8]) -> Result<(Vec<JournalEntry>, Vec<String>), ReadError> {
    let mut reader = JournalReader::new(text);
    let mut entries = Vec::new();
    while let Some(line) = reader.next_line()? {
        entries.push(line.entry);
    }
    Ok((entries, reader.notes()))
}

#[track_caller]
fn check_refused(text: &[u8], expected: &str) {
    assert_eq!(read(text).unwrap_err().to_string(), expected);
}

#[track_caller]
fn check_notes(lines: &[&str], entries: usize, notes: &[&str]) {
    let (read, said) = read(lines.join("\n").as_bytes()).unwrap();
    assert_eq!(said, notes);
    assert_eq!(read.len(), entries);
}

#[test]
fn lines_are_read_with_their_time_and_their_text() {
    let text = format!("{PLAN}\n{{\"event\":\"life\",\"node\":3,\"life\":\"running\",\"at_us\":17}}\n");
    let mut reader = JournalReader::new(text.as_bytes());
    assert_eq!(reader.next_line().unwrap().unwrap().text, PLAN);
    let line = reader.next_line().unwrap().unwrap();
    let started = JournalEvent::Life { node: NodeIndex(3), life: NodeLife::Running };
    assert_eq!(line.entry, JournalEntry { at_us: Some(17), event: started });
    assert!(reader.next_line().unwrap().is_none());
    assert_eq!(reader.notes(), [] as [&str; 0]);
}

#[test]
fn a_last_line_that_is_cut_short_is_passed_over_with_a_note() {
    let note = "line 2 is cut short and was passed over: the run ended while it was written";
    let cut = r#"{"at_us":5,"event":"do"#;
    check_notes(&[PLAN, cut], 1, &[note]);
    // Between the bytes of a character, too.
    let mut text = format!("{PLAN}\n{{\"at_us\":5,\"event\":\"shown\",\"node\":0,\"text\":\"é").into_bytes();
    text.pop();
    assert_eq!(read(&text).unwrap().1, [note]);
    // A whole event without its newline is one.
    check_notes(&[PLAN, r#"{"at_us":5,"event":"done","op":1}"#], 2, &[]);
    check_notes(&[&PLAN[..50]], 0, &[&note.replace('2', "1")]);
    check_notes(&[], 0, &[]);
}

#[test]
fn events_of_a_later_version_are_passed_over_and_counted() {
    let lines = [
        PLAN,
        r#"{"at_us":1,"event":"eclipse","of":"moon"}"#,
        r#"{"at_us":2,"event":"eclipse","of":"sun"}"#,
        r#"{"at_us":3,"event":"life","node":0,"life":"dreaming","of":"sheep"}"#,
        r#"{"at_us":4,"event":"done"}"#,
        "\0\0\0",
        r#"{"at_us":6,"event":"done","op":1}"#,
    ];
    check_notes(
        &lines,
        3,
        &[
            "1 line is no event that can be read: passed over",
            "1 event is of the kind `done` not known here: passed over",
            "2 events are of the kind `eclipse` not known here: passed over",
        ],
    );
    let many: Vec<String> = (0..30).map(|number| format!(r#"{{"event":"new-{number}"}}"#)).collect();
    let many: Vec<&str> = std::iter::once(PLAN).chain(many.iter().map(String::as_str)).collect();
    let (_, notes) = read(many.join("\n").as_bytes()).unwrap();
    assert_eq!(notes.len(), UNKNOWN_MAX + 1);
    assert_eq!(notes[UNKNOWN_MAX], "14 events are of further kinds not known here: passed over");
}

#[test]
fn format_1_is_read() {
    let lines = [
        r#"{"at_us":0,"event":"plan","scenario":"x","file":"x.scn","text":"network a","params":{},"world":"sim","seed":1}"#,
        r#"{"at_us":0,"event":"step","file":"x.scn","line":1,"text":"network a"}"#,
        r#"{"at_us":9,"event":"links","op":2,"changes":["Cut(Direction { from: NodeIndex(0), to: NodeIndex(1) })"]}"#,
        r#"{"at_us":9,"event":"verdict","verdict":"passed"}"#,
    ];
    let (entries, notes) = read(lines.join("\n").as_bytes()).unwrap();
    assert_eq!((entries.len(), notes.len()), (4, 0));
    assert!(matches!(entries[0].event, JournalEvent::Plan { format: 1, virtual_time: false, .. }));
    assert!(matches!(entries[1].event, JournalEvent::Step { step: 0, parent: None, .. }));
    let JournalEvent::Links { changes, .. } = &entries[2].event else { panic!("{entries:?}") };
    assert!(matches!(changes.as_slice(), [LinkEntry::Words(_)]));
}

#[test]
fn a_later_format_is_refused_with_its_number_and_the_remedy() {
    let message = "the run was written in format 3, and this `tools` reads formats up to 2: read it with the version \
                   that wrote it, or a later one";
    check_refused(PLAN.replace("\"format\":2", "\"format\":3").as_bytes(), message);
    check_refused(br#"{"event":"plan","format":3,"everything":"else"}"#, message);
}

#[test]
fn another_file_is_refused() {
    let message = "the first line is no event of a run: name a `run.jsonl` that `tools` wrote";
    check_refused(b"network a - b\n", message);
    check_refused(b"\n", message);
    check_refused(b"\x7fELF\0\0\0", message);
    check_refused(b"{\"format\":1,\"scenarios\":[]}\n", message);
    let long = vec![b'x'; usize::try_from(LINE_MAX).unwrap() + 10];
    check_refused(&long, message);
}

#[test]
fn a_line_without_bound_is_passed_over() {
    let mut text = format!("{PLAN}\n").into_bytes();
    text.extend(std::iter::repeat_n(b'x', usize::try_from(LINE_MAX).unwrap() + 10));
    text.extend(b"\n{\"at_us\":6,\"event\":\"done\",\"op\":1}\n");
    let (entries, notes) = read(&text).unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!(notes, ["1 line is longer than 64 MiB: passed over"]);
}

#[test]
fn a_whole_run_of_format_1_is_read() {
    let text = include_str!("format-1.jsonl");
    let (entries, notes) = read(text.as_bytes()).unwrap();
    assert_eq!((entries.len(), notes), (text.lines().count(), Vec::new()));
    assert!(matches!(entries.last().unwrap().event, JournalEvent::Verdict { report: None, .. }));
}
