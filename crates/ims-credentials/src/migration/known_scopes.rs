//! Which scopes replace which metascope, as far as Adobe's programs and documents say. No public table has all.

/// A metascope, the scopes that its users ask for after the migration, and the source.
pub(super) struct KnownScopes {
    pub(super) metascope: &'static str,
    pub(super) scopes: &'static [&'static str],
    pub(super) source: &'static str,
}

/// In the order of the metascopes.
pub(super) const KNOWN: &[KnownScopes] = &[
    KnownScopes {
        metascope: "asset_compute_meta",
        scopes: &["asset_compute", "read_organizations"],
        source: "AdobeDocs/asset-compute.en",
    },
    KnownScopes {
        metascope: "ent_adobeio_sdk",
        scopes: &[
            "adobeio_api",
            "additional_info.roles",
            "additional_info.projectedProductContext",
        ],
        source: "AdobeDocs/asset-compute.en",
    },
    KnownScopes {
        metascope: "ent_analytics_bulk_ingest_sdk",
        scopes: &[
            "openid",
            "AdobeID",
            "read_organizations",
            "additional_info.projectedProductContext",
            "additional_info.job_function",
        ],
        source: "AdobeDocs/analytics-2.0-apis",
    },
    KnownScopes {
        metascope: "ent_cloudmgr_sdk",
        scopes: &[
            "openid",
            "AdobeID",
            "read_organizations",
            "additional_info.projectedProductContext",
            "read_pc.dma_aem_ams",
        ],
        source: "adobe/aio-cli-plugin-cloudmanager",
    },
    KnownScopes {
        metascope: "ent_reactor_sdk",
        scopes: &[
            "AdobeID",
            "openid",
            "read_organizations",
            "additional_info.job_function",
            "additional_info.projectedProductContext",
            "additional_info.roles",
        ],
        source: "adobe/reactor-uploader",
    },
    KnownScopes {
        metascope: "ent_user_sdk",
        scopes: &["openid", "AdobeID", "user_management_sdk"],
        source: "adobe-apiplatform/umapi-client.py",
    },
    KnownScopes {
        metascope: "event_receiver_api",
        scopes: &["event_receiver", "event_receiver_api"],
        source: "AdobeDocs/asset-compute.en",
    },
];
