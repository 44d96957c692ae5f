#![doc = include_str!("../README.md")]

mod builder;
mod emulator;
mod input;
mod ready_made;
mod scenario;

mod certificate;
mod integration;
mod product;
mod token_key;
mod user;

mod certificate_authority;
mod limits;
mod server;
mod tls;
mod write_timeout;

mod service;

mod call;
mod endpoint;
mod endpoint_table;
mod host;
mod parameters;

mod fault;

mod client;
mod exchange;
mod scope;
mod secret_record;

mod about_organization;
mod about_user;
mod admin_consent;
mod authorize;
mod client_secrets;
mod discovery;
mod echo;
mod exchange_jwt;
mod grants;
mod logout;
mod register;
mod token_state;

mod assertion;
mod replay;

mod answer;
mod clock;
mod html;
mod id_token;
mod issued_token;

mod admin;
mod check_list;
mod checks;
mod page;
mod refusal;
mod shown_request;
mod verdict;

pub use builder::{EmulatorBuilder, StartError};
pub use certificate::{Certificate, CertificateError};
pub use certificate_authority::{CertificateAuthority, CertificateAuthorityError};
pub use check_list::{Check, CheckIter, CheckList};
pub use emulator::Emulator;
pub use endpoint::Endpoint;
pub use endpoint_table::{EndpointVersion, TimeUnit};
pub use fault::{Fault, FaultRule};
pub use input::InputError;
pub use integration::{Integration, PatternError};
pub use limits::Limits;
pub use product::ProductContext;
pub use ready_made::ClientCredentials;
pub use refusal::Refusal;
pub use scenario::{Scenario, ScenarioError};
pub use token_key::{TokenKey, TokenKeyError};
pub use user::{AccountType, SilentSignIn, User};
pub use verdict::{DecodedJwt, Parameter, Verdict};
