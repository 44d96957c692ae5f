//! Products of an organization, as a user's profile names them.

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::{Compression, GzBuilder};
use ims_claims::JsonObject;
use serde::{Deserialize, Serialize};
use std::io::Write;

/// A product that the users of an integration may work with.
///
/// ```
/// use ims_emulator::{ProductContext, User};
///
/// let product = ProductContext::new("dma_media_library");
/// let user = User::new("ADA@AdobeID").with_email("ada@example.com").with_product(product);
/// # let _ = user;
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProductContext {
    service_code: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    fulfillable_data: Option<JsonObject>,
}

impl ProductContext {
    /// The product with this service code, such as `dma_media_library`.
    #[must_use]
    pub fn new(service_code: impl Into<String>) -> Self {
        Self { service_code: service_code.into(), fulfillable_data: None }
    }

    /// Says what the organization has bought of it. In a profile this is base64 of gzip for the four products that are
    /// known to have it so, and JSON in a string for others.
    ///
    /// ```
    /// use ims_claims::JsonObject;
    /// use ims_emulator::ProductContext;
    ///
    /// let data: JsonObject = serde_json::from_str(r#"{"iid":"aid-1"}"#)?;
    /// let product = ProductContext::new("dma_media_library").with_fulfillable_data(data);
    /// # let _ = product;
    /// # Ok::<(), serde_json::Error>(())
    /// ```
    #[must_use]
    pub fn with_fulfillable_data(self, fulfillable_data: JsonObject) -> Self {
        Self { fulfillable_data: Some(fulfillable_data), ..self }
    }

    pub(crate) fn service_code(&self) -> &str {
        &self.service_code
    }

    /// `fulfillable_data` as the profile has it.
    pub(crate) fn written_data(&self) -> Option<String> {
        let data = self.fulfillable_data.as_ref()?;
        let json = serde_json::to_string(data).expect("an object of JSON is always JSON");
        Some(if COMPRESSED.contains(&&*self.service_code) { compressed(&json) } else { json })
    }
}

/// The products whose data is compressed. Source: adobe/imscli, `ims/profile.go`.
const COMPRESSED: [&str; 4] =
    ["dma_media_library", "dma_aem_cloud", "dma_aem_contenthub", "dx_genstudio"];

fn compressed(json: &str) -> String {
    // No name and no time in it, so that equal data is written alike.
    let mut gzip = GzBuilder::new().write(Vec::new(), Compression::default());
    let octets = gzip.write_all(json.as_bytes()).and_then(|()| gzip.finish());
    BASE64_STANDARD.encode(octets.expect("writing to memory does not fail"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    #[test]
    fn data_is_compressed_for_the_products_that_have_it_so() {
        let data = JsonObject::from_iter([("iid".to_owned(), "aid-1".into())]);
        for service_code in COMPRESSED {
            let product = ProductContext::new(service_code).with_fulfillable_data(data.clone());
            let gzip = BASE64_STANDARD.decode(product.written_data().unwrap()).unwrap();
            let mut json = String::new();
            GzDecoder::new(&*gzip).read_to_string(&mut json).unwrap();
            assert_eq!(json, r#"{"iid":"aid-1"}"#, "{service_code}");
        }
        let other = ProductContext::new("dma_tartan").with_fulfillable_data(data);
        assert_eq!(other.written_data().unwrap(), r#"{"iid":"aid-1"}"#);
        assert_eq!(ProductContext::new("dma_tartan").written_data(), None);
    }
}
