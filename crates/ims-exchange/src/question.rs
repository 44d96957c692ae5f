//! What else can be asked of IMS.

mod admin;
mod client_registration;
mod client_secrets;
mod discovery;
mod fulfillable_data;
mod invalidate_token;
mod organizations;
mod profile;
mod published_keys;
mod revoke_token;
mod user_info;
mod validate_token;

pub use admin::{AdminOrganizations, AdminProfile};
pub use client_registration::{ClientRegistration, RegisteredClient};
pub use client_secrets::{
    AddSecret, ConsoleCredential, ConsoleId, ConsoleIdError, DeleteSecret, IO_MANAGEMENT_SCOPES,
    ListSecrets, NewSecret, SecretId, SecretInfo, SecretList,
};
pub use discovery::{Discovery, ProviderMetadata};
pub use invalidate_token::InvalidateToken;
pub use organizations::{OrgRef, Organization, Organizations};
pub use profile::{ProductContext, Profile, UserProfile};
pub use published_keys::PublishedKeys;
pub use revoke_token::RevokeToken;
pub use user_info::{UserClaims, UserInfo};
pub use validate_token::{TokenKind, TokenValidity, ValidateToken};
