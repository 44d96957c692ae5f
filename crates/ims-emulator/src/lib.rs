#![doc = include_str!("../README.md")]

mod emulator;

mod builder;
mod scenario;

mod certificate;
mod integration;
mod product;
mod silent_sign_in;
mod token_key;

mod certificate_authority;
mod private_file;
mod server;
mod tls;

mod service;

mod call;
mod endpoint;
mod host;
mod parameters;

mod fault;

mod authorize;
mod bearer;
mod client;
mod discovery;
mod echo;
mod exchange_jwt;
mod logout;
mod register;
mod revocation;
mod token_grants;
mod user;
mod validate_token;

mod assertion;
mod metascopes;
mod replay;
mod resource;
mod scope;

mod answer;
mod clock;
mod html;
mod id_token;
mod issued_token;
mod key_ring;

mod admin;
mod checks;
mod journal;
mod page;
mod refusal;
mod verdict;

pub use builder::EmulatorBuilder;
pub use certificate::{Certificate, CertificateError};
pub use certificate_authority::{CertificateAuthority, CertificateAuthorityError};
pub use emulator::{Emulator, StartError};
pub use endpoint::Endpoint;
pub use fault::{Fault, FaultRule};
pub use integration::Integration;
pub use product::ProductContext;
pub use refusal::Refusal;
pub use scenario::{Scenario, ScenarioError};
pub use server::Limits;
pub use silent_sign_in::SilentSignIn;
pub use token_key::{TokenKey, TokenKeyError};
pub use verdict::{Check, Verdict};
