//! Tests of links: dialling, `auth`, keep-alive and duplicates.

mod auth;
mod auto_connect;
mod dialling;
mod duplicates;
mod keep_alive;
