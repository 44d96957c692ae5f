//! The metascopes with their APIs, for a person who has to choose.

/// The metascopes that Adobe has documented, each with the API that it is for. IMS knows others, too.
///
/// Source: AdobeDocs/adobeio-auth, `JWT/Scopes.md`; AdobeDocs/asset-compute; adobe/aemcs-api-client-lib, `README.md`.
///
/// ```
/// let (_, api) = ims_credentials::KNOWN_METASCOPES.iter().find(|(code, _)| *code == "ent_user_sdk").unwrap();
/// assert_eq!(*api, "User Management");
/// ```
pub const KNOWN_METASCOPES: &[(&str, &str)] = &[
    ("ent_user_sdk", "User Management"),
    ("ent_analytics_bulk_ingest_sdk", "Analytics"),
    ("ent_dataservices_sdk", "Experience Platform"),
    ("ent_campaign_sdk", "Campaign"),
    ("ent_marketing_sdk", "Target"),
    ("ent_reactor_sdk", "Tags (Launch)"),
    ("ent_cloudmgr_sdk", "Cloud Manager"),
    ("ent_aem_cloud_api", "AEM as a Cloud Service"),
    ("asset_compute_meta", "Asset Compute"),
    ("ent_adobeio_sdk", "I/O Management, I/O Events"),
    ("event_receiver_api", "I/O Events, to receive them"),
    ("ent_documentcloud_sdk", "PDF Services"),
    ("ent_stocksearch_sdk", "Stock"),
    ("ent_gdpr_sdk", "Privacy Service"),
    ("ent_smartcontent_sdk", "Smart Content"),
    ("ent_sensei_image_sdk", "Image Cutout, Auto Tone"),
    ("ent_ccas_sdk", "Creative Cloud Automation (Photoshop, Lightroom)"),
    ("ent_brand_portal_sdk", "Brand Portal"),
    ("ent_places_sdk", "Places Service"),
];
