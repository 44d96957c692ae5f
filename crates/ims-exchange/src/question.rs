//! All other questions to IMS.

pub(crate) mod admin;
mod any_token;
mod client_registration;
mod client_secrets;
mod discovery;
mod fulfillable_data;
mod organizations;
mod profile;
mod revoke_token;
mod user_info;
mod validate_token;

pub use admin::{AdminOrganizations, AdminProfile, UserId, UserIdError};
pub use any_token::{AnyToken, TokenKind};
pub use client_registration::{ClientRegistration, RegisteredClient};
pub use client_secrets::{
    AddSecret, ConsoleCredential, ConsoleCredentialId, ConsoleIdError, ConsoleOrgId,
    ConsolePageError, DeleteSecret, IO_MANAGEMENT_SCOPES, ListSecrets, NewSecret, SecretId,
    SecretInfo, SecretList,
};
pub use discovery::{Discovery, ProviderMetadata, PublishedKeys};
pub use organizations::{OrgRef, Organization, Organizations};
pub use profile::{ProductContext, Profile, UserProfile};
pub use revoke_token::{InvalidateToken, RevokeToken};
pub use user_info::{UserClaims, UserInfo};
pub use validate_token::{TokenValidity, ValidateToken};
