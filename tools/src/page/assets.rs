//! The scripts and the style sheet of pages, as files of their own in `assets/`.

/// The style sheet.
pub(super) const STYLE: &str =
    concat!(include_str!("assets/style.css"), include_str!("assets/intervals.css"));

/// The scripts, each after those whose names it uses when it is loaded.
pub(super) const SCRIPTS: [&str; 33] = [
    include_str!("assets/dom.js"),
    include_str!("assets/words.js"),
    include_str!("assets/run.js"),
    include_str!("assets/faults.js"),
    include_str!("assets/state.js"),
    include_str!("assets/causes.js"),
    include_str!("assets/reason.js"),
    include_str!("assets/view.js"),
    include_str!("assets/strokes.js"),
    include_str!("assets/timeline.js"),
    include_str!("assets/likelihood.js"),
    include_str!("assets/operations.js"),
    include_str!("assets/intervals.js"),
    include_str!("assets/space_time.js"),
    include_str!("assets/arrow.js"),
    include_str!("assets/layout.js"),
    include_str!("assets/crowd.js"),
    include_str!("assets/topology.js"),
    include_str!("assets/contents.js"),
    include_str!("assets/curve.js"),
    include_str!("assets/log.js"),
    include_str!("assets/figures.js"),
    include_str!("assets/plainly.js"),
    include_str!("assets/compared.js"),
    include_str!("assets/story.js"),
    include_str!("assets/address.js"),
    include_str!("assets/keys.js"),
    include_str!("assets/overview.js"),
    include_str!("assets/source.js"),
    include_str!("assets/lasso.js"),
    include_str!("assets/controls.js"),
    include_str!("assets/time.js"),
    include_str!("assets/main.js"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_asset_can_end_its_element() {
        for text in SCRIPTS {
            assert!(!text.contains("</script") && !text.contains("<!--"), "{}", &text[..80]);
        }
        assert!(!STYLE.contains("</style"));
    }
}
