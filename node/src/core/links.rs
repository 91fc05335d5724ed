//! Links: their set-up by dialling and `auth`, their outbox, their keep-alive and their end.

mod auth;
mod auto_connect;
mod dialling;
mod dials;
mod keep_alive;
mod lifecycle;
mod link;
mod outbox;

pub(super) use dials::Dials;
pub(super) use link::Link;
pub(super) use outbox::Offered;
