//! The bounds of the events in a page.

/// The bounds of the lines that a page keeps of one run.
///
/// A run within `whole_lines` and `whole_bytes` is kept whole. Of a larger one, the other numbers apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The most lines of a run that is kept whole.
    pub whole_lines: usize,
    /// The most bytes of a run that is kept whole.
    pub whole_bytes: usize,
    /// The most lines of structure: nodes, steps, lives, links, faults and their like.
    pub structure: usize,
    /// The most lines of detail from the beginning of a run.
    pub first: usize,
    /// The most lines of detail from its end.
    pub latest: usize,
    /// The lines of detail behind each fault, and the most of all these.
    pub after_fault: usize,
    /// The most lines of detail behind all faults.
    pub after_faults: usize,
    /// The most lines about writes and the values that they wrote.
    pub writes: usize,
    /// The most lines about messages that were lost.
    pub lost: usize,
    /// The most bytes of a line; a longer one is left out.
    pub line_bytes: usize,
}

impl Bounds {
    /// The bounds of a page. Chosen: the page of a large run stays under 10 MB, and a browser reads it in a second.
    pub const PAGE: Self = Self {
        whole_lines: 30_000,
        whole_bytes: 6 << 20,
        structure: 15_000,
        first: 4_000,
        latest: 8_000,
        after_fault: 200,
        after_faults: 4_000,
        writes: 3_000,
        lost: 2_000,
        line_bytes: 64 << 10,
    };

    /// The bounds of a run that passed, in a page of many runs. Chosen: the steps, the faults and the lives of most
    /// runs, and so few details that the page of a hundred runs stays under 10 MB.
    pub const BRIEF: Self = Self {
        whole_lines: 400,
        whole_bytes: 64 << 10,
        structure: 400,
        first: 50,
        latest: 0,
        after_fault: 5,
        after_faults: 50,
        writes: 100,
        lost: 50,
        line_bytes: 16 << 10,
    };
}

/// The most runs of a page that has each of them as whole as it has one alone. Chosen: they fit, and a page of more
/// is read for those that failed.
pub const FULL_RUNS_MAX: u64 = 8;

/// The most bytes of events in a page of many runs. Chosen: an editor and a browser still open the file.
pub(super) const EVENTS_BYTES_MAX: usize = 24 << 20;
