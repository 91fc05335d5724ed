//! The answers to the editor's questions: those of `language/`, in the types of the protocol.

use std::path::PathBuf;

use lsp_server::ErrorCode;
use lsp_types::{
    CompletionItem, CompletionItemKind, CompletionOptions, DocumentChanges, DocumentSymbol,
    DocumentSymbolResponse, Documentation, GotoDefinitionResponse, Hover, HoverContents,
    HoverProviderCapability, InitializeResult, Location, MarkupContent, MarkupKind, OneOf,
    OptionalVersionedTextDocumentIdentifier, PrepareRenameResponse, Range, RenameOptions, ServerCapabilities,
    ServerInfo, SymbolKind, TextDocumentEdit, TextDocumentPositionParams, TextDocumentSyncCapability,
    TextDocumentSyncKind, TextEdit, WorkspaceEdit,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::documents::{Documents, Open, position, uri};
use crate::language::completion::{WordKind, completions};
use crate::language::document::Document;
use crate::language::format::tidy;
use crate::language::hover::hover;
use crate::language::names::{Origin, origin};
use crate::language::position::Lines;
use crate::language::{rename, symbols};
use crate::scenario::beside;
use crate::text::Span;

/// An answer, or the reason why there is none.
type Answer<T> = Result<T, (ErrorCode, String)>;

/// Returns the abilities of the server.
pub(super) fn introduction() -> InitializeResult {
    let trigger = [" ", ":", "$", "{"].map(str::to_owned).to_vec();
    InitializeResult {
        capabilities: ServerCapabilities {
            text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
            completion_provider: Some(CompletionOptions {
                trigger_characters: Some(trigger),
                ..CompletionOptions::default()
            }),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            definition_provider: Some(OneOf::Left(true)),
            rename_provider: Some(OneOf::Right(RenameOptions {
                prepare_provider: Some(true),
                work_done_progress_options: lsp_types::WorkDoneProgressOptions::default(),
            })),
            document_symbol_provider: Some(OneOf::Left(true)),
            document_formatting_provider: Some(OneOf::Left(true)),
            ..ServerCapabilities::default()
        },
        server_info: Some(ServerInfo {
            name: "tools".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
    }
}

/// Answers a request.
pub(super) fn answer(documents: &Documents, method: &str, params: Value) -> Answer<Value> {
    match method {
        "textDocument/completion" => at(documents, params, |place| Ok(completion(place))),
        "textDocument/hover" => at(documents, params, |place| Ok(explanation(place))),
        "textDocument/definition" => at(documents, params, |place| Ok(definition(place))),
        "textDocument/prepareRename" => at(documents, params, |place| {
            let span = rename::target(&place.document, place.byte).map_err(|why| refused(&why))?;
            Ok(PrepareRenameResponse::Range(range(&place.lines(), span)))
        }),
        "textDocument/rename" => {
            let new = params.get("newName").and_then(Value::as_str).unwrap_or_default().to_owned();
            at(documents, params, |place| renamed(place, &new))
        }
        "textDocument/documentSymbol" => {
            let open = opened(documents, &params)?;
            let document = open.document();
            let lines = Lines::new(document.text());
            let all = symbols::symbols(&document);
            value(DocumentSymbolResponse::Nested(all.iter().map(|one| symbol(&lines, one)).collect()))
        }
        "textDocument/formatting" => {
            let open = opened(documents, &params)?;
            value(formatted(open))
        }
        _ => Err((ErrorCode::MethodNotFound, format!("`{method}` is not served"))),
    }
}

/// A place in an open text.
struct Place<'a> {
    open: &'a Open,
    document: Document,
    byte: usize,
}

impl Place<'_> {
    fn lines(&self) -> Lines<'_> {
        Lines::new(self.document.text())
    }
}

/// Answers a request that is about a place.
fn at<T: serde::Serialize>(
    documents: &Documents,
    params: Value,
    answer: impl FnOnce(&Place<'_>) -> Answer<T>,
) -> Answer<Value> {
    let open = opened(documents, &params)?;
    let TextDocumentPositionParams { position: at, .. } = read(params)?;
    let document = open.document();
    let byte = Lines::new(document.text()).byte(position(at));
    value(answer(&Place { open, document, byte })?)
}

/// Returns the text that a request is about.
fn opened<'d>(documents: &'d Documents, params: &Value) -> Answer<&'d Open> {
    let id: lsp_types::TextDocumentIdentifier =
        read(params.get("textDocument").cloned().unwrap_or_default())?;
    let none = || (ErrorCode::InvalidParams, format!("`{}` is not open", id.uri.as_str()));
    documents.get(&id.uri).ok_or_else(none)
}

fn read<P: DeserializeOwned>(params: Value) -> Answer<P> {
    serde_json::from_value(params).map_err(|why| (ErrorCode::InvalidParams, why.to_string()))
}

fn value(answer: impl serde::Serialize) -> Answer<Value> {
    serde_json::to_value(answer).map_err(|why| (ErrorCode::InternalError, why.to_string()))
}

fn refused(why: &rename::RenameError) -> (ErrorCode, String) {
    (ErrorCode::RequestFailed, why.to_string())
}

/// Returns a span as the protocol has it.
pub(super) fn range(lines: &Lines<'_>, span: Span) -> Range {
    let [start, end] = lines.range(span).map(|at| lsp_types::Position::new(at.line, at.unit));
    Range { start, end }
}

fn markdown(text: String) -> MarkupContent {
    MarkupContent { kind: MarkupKind::Markdown, value: text }
}

fn completion(place: &Place<'_>) -> Vec<CompletionItem> {
    let item = |found: crate::language::completion::Completion| CompletionItem {
        label: found.word,
        kind: Some(match found.kind {
            WordKind::Keyword => CompletionItemKind::KEYWORD,
            WordKind::Command => CompletionItemKind::FUNCTION,
            WordKind::Node => CompletionItemKind::CONSTANT,
            WordKind::Variable => CompletionItemKind::VARIABLE,
            WordKind::Unit => CompletionItemKind::UNIT,
        }),
        documentation: (!found.about.is_empty())
            .then(|| Documentation::MarkupContent(markdown(found.about.to_owned()))),
        ..CompletionItem::default()
    };
    completions(&place.document, place.byte).into_iter().map(item).collect()
}

fn explanation(place: &Place<'_>) -> Option<Hover> {
    let (said, span) = hover(&place.document, place.byte)?;
    Some(Hover { contents: HoverContents::Markup(markdown(said)), range: Some(range(&place.lines(), span)) })
}

fn definition(place: &Place<'_>) -> Option<GotoDefinitionResponse> {
    let location = match origin(&place.document, place.byte)? {
        Origin::Here(span) => Location { uri: place.open.uri.clone(), range: range(&place.lines(), span) },
        Origin::File(path) => {
            let path = PathBuf::from(beside(&place.open.path, &path));
            Location { uri: uri(&path)?, range: Range::default() }
        }
    };
    Some(GotoDefinitionResponse::Scalar(location))
}

fn renamed(place: &Place<'_>, new: &str) -> Answer<WorkspaceEdit> {
    let spans = rename::rename(&place.document, place.byte, new).map_err(|why| refused(&why))?;
    let lines = place.lines();
    let edit = |span| OneOf::Left(TextEdit { range: range(&lines, span), new_text: new.to_owned() });
    let text_document = OptionalVersionedTextDocumentIdentifier {
        uri: place.open.uri.clone(),
        version: Some(place.open.version),
    };
    let edits = spans.into_iter().map(edit).collect();
    Ok(WorkspaceEdit {
        document_changes: Some(DocumentChanges::Edits(vec![TextDocumentEdit { text_document, edits }])),
        ..WorkspaceEdit::default()
    })
}

fn symbol(lines: &Lines<'_>, symbol: &symbols::Symbol) -> DocumentSymbol {
    let range = range(lines, symbol.span);
    // A block reaches to the last of its steps: the range of a symbol encloses those of its children.
    let children: Vec<DocumentSymbol> =
        symbol.children.iter().map(|inner| self::symbol(lines, inner)).collect();
    let end = children.last().map_or(range.end, |last| last.range.end.max(range.end));
    #[expect(deprecated, reason = "the type has a field that is no longer used, and no constructor")]
    DocumentSymbol {
        name: symbol.name.clone(),
        detail: None,
        kind: match symbol.kind {
            symbols::SymbolKind::Param => SymbolKind::CONSTANT,
            symbols::SymbolKind::Network => SymbolKind::MODULE,
            symbols::SymbolKind::Variable => SymbolKind::VARIABLE,
            symbols::SymbolKind::Block => SymbolKind::NAMESPACE,
            symbols::SymbolKind::Expectation => SymbolKind::BOOLEAN,
            symbols::SymbolKind::Step => SymbolKind::EVENT,
        },
        tags: None,
        deprecated: None,
        range: Range { end, ..range },
        selection_range: range,
        children: Some(children),
    }
}

/// Returns the change that makes a text tidy; none for a tidy text, and for one with mistakes, which the editor
/// shows already.
fn formatted(open: &Open) -> Vec<TextEdit> {
    let source = open.source();
    match tidy(&source) {
        Ok(tidy_text) if tidy_text != source.text() => {
            let whole = Span { start: 0, end: source.text().len() };
            vec![TextEdit { range: range(&Lines::new(source.text()), whole), new_text: tidy_text }]
        }
        _ => Vec::new(),
    }
}
