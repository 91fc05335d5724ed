//! The web surface of a node: what people and their programs see of it by plain HTTP, on the node's one port.
//!
//! On the public port nothing writes. What the person at this machine alone may do is on listeners of its own (`private`).
//! Nothing is made before the first request, so that a node which nobody looks at pays nothing.

mod bundle;
mod content;
mod desk;
mod download;
mod metrics;
mod page;
mod private;
mod shared;
mod site;
mod surface;
mod token;

pub(super) use desk::{Desk, attend};
pub(super) use private::{PrivateError, PrivateListeners};
pub(super) use shared::Identity;
pub(super) use site::SiteError;
pub(super) use surface::{Web, WebSettings};
