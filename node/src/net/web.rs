//! The web surface of a node: what people and their programs see of it by plain HTTP, on the node's one port.
//!
//! Nothing here writes. Nothing is made before the first request, so that a node which nobody looks at pays nothing.

mod bundle;
mod content;
mod desk;
mod download;
mod metrics;
mod page;
mod site;
mod surface;

pub(super) use site::SiteError;
pub(super) use surface::{Identity, Web, WebSettings};
