//! The diagnostics of open texts: those of `tools check`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use lsp_types::{Diagnostic, DiagnosticSeverity, Uri};

use super::answers::range;
use super::documents::{Documents, Open};
use crate::cli::load::Loaded;
use crate::cli::reach::Reach;
use crate::language::names::path;
use crate::language::position::Lines;
use crate::scenario::{self, NameKind, Setting, beside};
use crate::text::{self, Severity, Source, Span};
use crate::world;

/// Returns the diagnostics of every open text.
pub(super) fn all(documents: &Documents) -> Vec<(Uri, Option<i32>, Vec<Diagnostic>)> {
    let texts = documents.all().filter_map(|open| Some((open.path.clone(), open.text.clone()?)));
    let open_texts: Arc<BTreeMap<String, String>> = Arc::new(texts.collect());
    documents.all().map(|open| (open.uri.clone(), Some(open.version), of_text(open, &open_texts))).collect()
}

/// Returns the diagnostics of a text. Included files that are open are read as the editor shows them.
fn of_text(open: &Open, open_texts: &Arc<BTreeMap<String, String>>) -> Vec<Diagnostic> {
    let source = open.source();
    if open.text.is_none() {
        let wrong =
            text::Diagnostic::error(&source, Span::default(), "cannot be read: it is larger than 1 MiB");
        return vec![diagnostic(&wrong, &source)];
    }
    let headers = scenario::headers(&source);
    let reach = Reach::default().with_scenario(Path::new(&open.path)).with_texts(Arc::clone(open_texts));
    let mut loaded = Loaded::new(source.clone(), headers, &BTreeMap::new(), &reach);
    loaded.check(&Setting::of(&world::PROCESS), |_, _| {});
    loaded.diagnostics.iter().chain(&loaded.misfits).map(|wrong| diagnostic(wrong, &source)).collect()
}

/// Returns a diagnostic as the protocol has it. One about an included file stands at the `include`.
fn diagnostic(wrong: &text::Diagnostic, source: &Source) -> Diagnostic {
    let help = wrong.help.as_ref().map_or_else(String::new, |help| format!("\nhelp: {help}"));
    let is_here = wrong.source.name() == source.name();
    let (span, place) = if is_here {
        (wrong.span, String::new())
    } else {
        let at = wrong.source.place(wrong.span);
        let place = format!("{}:{}:{}: ", wrong.source.name(), at.line, at.column);
        (included_at(source, wrong.source.name()), place)
    };
    Diagnostic {
        range: range(&Lines::new(source.text()), span),
        severity: Some(match wrong.severity {
            Severity::Error => DiagnosticSeverity::ERROR,
            Severity::Warning => DiagnosticSeverity::WARNING,
        }),
        source: Some("tools check".to_owned()),
        message: format!("{place}{}{help}", wrong.message),
        ..Diagnostic::default()
    }
}

/// Returns the place of the `include` of a file: its own, or the first if another file includes it.
fn included_at(source: &Source, name: &str) -> Span {
    let (marks, _) = scenario::marks(source);
    let mut includes = marks.names.iter().filter(|mark| mark.kind == NameKind::Include).map(|mark| mark.span);
    let is_it = |span: &Span| beside(source.name(), &path(source.at(*span))) == name;
    includes.clone().find(is_it).or_else(|| includes.next()).unwrap_or_default()
}
