//! YAML, of one document, with little room for aliases: they multiply.

use serde_json::Value;
use serde_saphyr::{Options, from_str_with_options};

use crate::{error::CredentialsError, language::Language};

pub(super) fn parse(text: &str) -> Result<Value, CredentialsError> {
    from_str_with_options(text, options()).map_err(|error| {
        let (line, column) =
            error.location().map_or((1, 1), |location| (location.line(), location.column()));
        let number = |n: u64| usize::try_from(n).unwrap_or_default();
        Language::Yaml.syntax(number(line), number(column))
    })
}

/// Far more than a file of credentials needs, far less than hurts.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: 32,
            max_documents: 1,
            max_nodes: 10_000,
            max_aliases: 100,
            max_anchors: 100,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 8,
        },
        with_snippet: false,
    }
}
