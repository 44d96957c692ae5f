//! The structures of RFC 5280 and RFC 2986, as they are read and as they are written. What a name, a time or an
//! extension means is not known here.

use der::{
    Sequence, ValueOrd,
    asn1::{AnyRef, BitStringRef, IntRef, ObjectIdentifier, OctetStringRef, SetOfVec},
};
use spki::AlgorithmIdentifierRef;

/// `SIGNED` (RFC 5280 §4.1): a certificate or a request.
#[derive(Sequence)]
pub(crate) struct Signed<'a> {
    pub(crate) content: AnyRef<'a>,
    pub(crate) algorithm: AlgorithmIdentifierRef<'a>,
    pub(crate) signature: BitStringRef<'a>,
}

/// `TBSCertificate` (RFC 5280 §4.1).
#[derive(Sequence)]
pub(crate) struct TbsCertificate<'a> {
    /// Counts from zero: 2 stands for version 3.
    #[asn1(context_specific = "0", default = "Default::default")]
    pub(crate) version: u8,
    pub(crate) serial_number: IntRef<'a>,
    pub(crate) signature: AlgorithmIdentifierRef<'a>,
    pub(crate) issuer: AnyRef<'a>,
    pub(crate) validity: Period<'a>,
    pub(crate) subject: AnyRef<'a>,
    /// Not taken apart here, so that a certificate with a key of an unknown kind can be read all the same.
    pub(crate) subject_public_key_info: AnyRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) issuer_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    pub(crate) subject_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "3", optional = "true")]
    pub(crate) extensions: Option<Vec<Extension<'a>>>,
}

/// `Validity` (RFC 5280 §4.1.2.5).
#[derive(Sequence)]
pub(crate) struct Period<'a> {
    pub(crate) not_before: AnyRef<'a>,
    pub(crate) not_after: AnyRef<'a>,
}

/// `Extension` (RFC 5280 §4.1).
#[derive(Sequence)]
pub(crate) struct Extension<'a> {
    pub(crate) id: ObjectIdentifier,
    #[asn1(default = "Default::default")]
    pub(crate) critical: bool,
    pub(crate) value: &'a OctetStringRef,
}

/// `CertificationRequestInfo` (RFC 2986 §4.1).
#[derive(Sequence)]
pub(crate) struct RequestInfo<'a> {
    pub(crate) version: u8,
    pub(crate) subject: AnyRef<'a>,
    pub(crate) subject_public_key_info: AnyRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    pub(crate) attributes: SetOfVec<AnyRef<'a>>,
}

/// `AttributeTypeAndValue`, of which names are made (RFC 5280 §4.1.2.4).
#[derive(Sequence, ValueOrd)]
pub(crate) struct AttributeTypeAndValue<'a> {
    pub(crate) attribute_type: ObjectIdentifier,
    pub(crate) value: AnyRef<'a>,
}

/// `RDNSequence`.
pub(crate) type RdnSequence<'a> = Vec<SetOfVec<AttributeTypeAndValue<'a>>>;
