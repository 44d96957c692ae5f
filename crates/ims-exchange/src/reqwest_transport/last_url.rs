//! The URL of the last request. Parsing one takes about a microsecond, and nearly all requests of a transport have the same.

use std::{
    fmt,
    sync::{Arc, Mutex},
};

use reqwest::Url;

/// The last URL, parsed, for the next request. `Debug` does not show it.
#[derive(Clone, Default)]
pub(super) struct LastUrl(Arc<Mutex<Option<Url>>>);

impl LastUrl {
    /// Parses `text`, if it is not the last URL; `None` for a text that is no URL.
    pub(super) fn parse(&self, text: &str) -> Option<Url> {
        // No request waits for another one.
        let Ok(mut last) = self.0.try_lock() else { return Url::parse(text).ok() };
        if let Some(url) = last.as_ref().filter(|url| url.as_str() == text) {
            return Some(url.clone());
        }
        let url = Url::parse(text).ok()?;
        *last = Some(url.clone());
        Some(url)
    }
}

impl fmt::Debug for LastUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LastUrl")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_text_is_parsed_as_if_there_had_been_no_other() {
        let last = LastUrl::default();
        let texts =
            ["https://a/b", "https://a/b", "https://a/c", "https://A", "no URL", "https://a/b", ""];
        for text in texts {
            assert_eq!(last.parse(text), Url::parse(text).ok(), "{text}");
            let locked = last.0.lock();
            assert_eq!(last.parse(text), Url::parse(text).ok(), "{text}");
            drop(locked);
        }
        assert_eq!(format!("{last:?}"), "LastUrl");
    }
}
