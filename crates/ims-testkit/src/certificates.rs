//! Self-signed certificates as `openssl req -x509 -sha256 -days 36500` makes them, valid from 2026-11-21T02:16:08Z
//! to 2126-10-28T02:16:08Z.

/// Of [`keys::FIRST`](crate::keys::FIRST), subject `C=US, O=Example, CN=first`, PEM.
pub const FIRST: &str = include_str!("../data/certificates/first.pem");

/// [`FIRST`] as DER.
pub const FIRST_DER: &[u8] = include_bytes!("../data/certificates/first.der");

/// Of [`keys::SECOND`](crate::keys::SECOND), subject `C=US, O=Example, CN=second`, PEM.
pub const SECOND: &str = include_str!("../data/certificates/second.pem");

/// Of [`keys::EC`](crate::keys::EC), subject `CN=ec`, PEM.
pub const EC: &str = include_str!("../data/certificates/ec.pem");
