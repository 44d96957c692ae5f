//! Metascopes: the APIs that an integration may call. Adobe's console calls them configured claims.

use alloc::{borrow::Cow, borrow::ToOwned, string::String};
use core::{fmt, str::FromStr};

use crate::error::FormatError;

/// A metascope code, such as `ent_dataservices_sdk`.
///
/// Adobe has no complete public list, so unknown codes are allowed: 1 to 255 letters, digits, `_`, `-` and `.`.
/// `ent_user_sdk`, `/s/ent_user_sdk` and `https://ims-na1.adobelogin.com/s/ent_user_sdk` read as the same
/// metascope, since clients write all three.
///
/// Sources of the constants: AdobeDocs/adobe-dev-console, `JWT/scopes.md` (removed since), and
/// AdobeDocs/adobeio-auth, `JWT/Scopes.md`, unless a constant names another source.
///
/// ```
/// use ims_claims::Metascope;
///
/// let metascope: Metascope = "https://ims-na1.adobelogin.com/s/ent_user_sdk".parse()?;
/// assert_eq!(metascope, Metascope::ENT_USER_SDK);
/// assert_eq!(metascope.as_str(), "ent_user_sdk");
/// # Ok::<(), ims_claims::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Metascope(Cow<'static, str>);

macro_rules! known {
    ($($(#[$doc:meta])* $name:ident = $code:literal;)*) => {
        impl Metascope {
            $($(#[$doc])* pub const $name: Self = Self(Cow::Borrowed($code));)*

            /// Every metascope that has a constant here.
            pub const KNOWN: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

known! {
    /// Adobe I/O Events.
    EVENT_RECEIVER_API = "event_receiver_api";
    /// Adobe I/O Management and Runtime.
    ENT_ADOBEIO_SDK = "ent_adobeio_sdk";
    /// Adobe Stock.
    ENT_STOCKSEARCH_SDK = "ent_stocksearch_sdk";
    /// The default of integrations without an API.
    ENT_DEFAULT_SDK = "ent_default_sdk";
    /// Creative Cloud Automation Services.
    ENT_CCAS_SDK = "ent_ccas_sdk";
    /// Document Cloud, PDF Services.
    ENT_DOCUMENTCLOUD_SDK = "ent_documentcloud_sdk";
    /// Analytics, bulk data insertion.
    ENT_ANALYTICS_BULK_INGEST_SDK = "ent_analytics_bulk_ingest_sdk";
    /// Experience Platform.
    ENT_DATASERVICES_SDK = "ent_dataservices_sdk";
    /// Campaign.
    ENT_CAMPAIGN_SDK = "ent_campaign_sdk";
    /// Target.
    ENT_MARKETING_SDK = "ent_marketing_sdk";
    /// Launch (Experience Platform Tags).
    ENT_REACTOR_SDK = "ent_reactor_sdk";
    /// Launch, the former role of administrators.
    ENT_REACTOR_ADMIN_SDK = "ent_reactor_admin_sdk";
    /// Launch, the former role of IT administrators.
    ENT_REACTOR_IT_ADMIN_SDK = "ent_reactor_it_admin_sdk";
    /// Launch, the former role of developers.
    ENT_REACTOR_DEVELOPER_SDK = "ent_reactor_developer_sdk";
    /// Launch, the former role of approvers.
    ENT_REACTOR_APPROVER_SDK = "ent_reactor_approver_sdk";
    /// Launch, the former role of publishers.
    ENT_REACTOR_PUBLISHER_SDK = "ent_reactor_publisher_sdk";
    /// Launch, the former role of extension developers.
    ENT_REACTOR_EXTENSION_DEVELOPER_SDK = "ent_reactor_extension_developer_sdk";
    /// Privacy Service (GDPR).
    ENT_GDPR_SDK = "ent_gdpr_sdk";
    /// Smart Content.
    ENT_SMARTCONTENT_SDK = "ent_smartcontent_sdk";
    /// Sensei, image services.
    ENT_SENSEI_IMAGE_SDK = "ent_sensei_image_sdk";
    /// User Management.
    ENT_USER_SDK = "ent_user_sdk";
    /// AEM Brand Portal.
    ENT_BRAND_PORTAL_SDK = "ent_brand_portal_sdk";
    /// Places.
    ENT_PLACES_SDK = "ent_places_sdk";
    /// Cloud Manager.
    ENT_CLOUDMGR_SDK = "ent_cloudmgr_sdk";
    /// AEM as a Cloud Service. Source: AEM service credentials.
    ENT_AEM_CLOUD_API = "ent_aem_cloud_api";
    /// AEM as a Cloud Service, in early service credentials.
    ENT_AEM_CLOUD_SDK = "ent_aem_cloud_sdk";
    /// Asset Compute. Source: Asset Compute documentation; the code has no `ent_`.
    ASSET_COMPUTE_META = "asset_compute_meta";
    /// AEM Forms, document processing. Source: early AEM Forms documentation.
    ENT_AEMFORMS_DOCPROCESSING = "ent_aemforms_docprocessing";
}

impl Metascope {
    /// The bare code.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Metascope {
    type Err = FormatError;

    fn from_str(text: &str) -> Result<Self, FormatError> {
        let code = text.rsplit_once("/s/").map_or(text, |(_, code)| code);
        let is_code = code.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        if !is_code || !(1..=255).contains(&code.len()) {
            return Err(FormatError::Metascope);
        }
        Ok(Self(Cow::Owned(code.to_owned())))
    }
}

impl TryFrom<String> for Metascope {
    type Error = FormatError;

    fn try_from(text: String) -> Result<Self, FormatError> {
        text.parse()
    }
}

impl AsRef<str> for Metascope {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Metascope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    #[test]
    fn the_three_spellings_read_as_the_same_metascope() {
        for text in [
            "ent_dataservices_sdk",
            "/s/ent_dataservices_sdk",
            "https://ims-na1.adobelogin.com/s/ent_dataservices_sdk",
            "http://127.0.0.1:8080/prefix/s/ent_dataservices_sdk",
        ] {
            assert_eq!(text.parse(), Ok(Metascope::ENT_DATASERVICES_SDK), "{text}");
        }
    }

    #[test]
    fn what_is_not_a_code_is_refused() {
        for text in
            ["", "/s/", "a b", "a/b", "https://ims-na1.adobelogin.com", "ent_user_sdk,x", "s/ent"]
        {
            assert_eq!(text.parse::<Metascope>(), Err(FormatError::Metascope), "{text:?}");
        }
    }

    #[test]
    fn a_metascope_gives_its_code_as_a_text() {
        assert_eq!(Metascope::ENT_DATASERVICES_SDK.as_ref(), "ent_dataservices_sdk");
    }

    #[test]
    fn every_known_code_reads_as_itself() {
        for metascope in Metascope::KNOWN {
            assert_eq!(metascope.as_str().parse().as_ref(), Ok(metascope));
        }
    }

    proptest! {
        #[test]
        fn an_unknown_code_survives_print_and_parse(code in "[a-z_]{1,40}") {
            prop_assert_eq!(code.parse::<Metascope>()?.to_string(), code);
        }
    }
}
