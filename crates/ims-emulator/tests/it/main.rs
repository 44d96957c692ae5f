//! The emulator as its users see it: over TCP, with JWTs that another library signs.

#![cfg(test)] // so that clippy treats the helpers as tests

mod harness;

mod admin;
mod admin_consent;
mod any_request;
mod client_secrets;
mod error_table;
mod faults;
mod field;
mod forms;
mod grants;
mod hostile_jwts;
mod https;
mod order;
mod page;
mod registration;
mod safety;
mod scenarios;
mod services;
mod sign_in;
mod sign_out;
mod tokens;
mod users;
mod verdicts;
