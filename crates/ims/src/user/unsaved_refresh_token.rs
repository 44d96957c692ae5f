//! A new refresh token that could not be saved.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ims_claims::ClientId;
use ims_credentials::RefreshTokensError;
use ims_exchange::RefreshToken;

/// The newest refresh token, while it is only in memory because it could not be saved. Cheap to clone; clones share it.
///
/// As long as the place has the token that it had before, the newest is the one in memory. If it has another one, or none,
/// someone has signed in or out since.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnsavedRefreshToken(Arc<Mutex<Option<Held>>>);

#[derive(Debug)]
struct Held {
    refresh_token: RefreshToken,
    /// The token that the place has.
    replaces: RefreshToken,
    error: Option<RefreshTokensError>,
}

impl UnsavedRefreshToken {
    /// Why the newest refresh token could not be saved.
    pub(crate) fn error(&self) -> Option<RefreshTokensError> {
        self.held().as_ref()?.error.clone()
    }

    /// The newest refresh token, if it is newer than what was `loaded` from the place.
    pub(crate) fn newer_than(
        &self,
        loaded: &Result<Option<RefreshToken>, RefreshTokensError>,
    ) -> Option<RefreshToken> {
        let mut held = self.held();
        let unsaved = held.as_ref()?;
        let is_newer = match loaded {
            Ok(Some(loaded)) => loaded.matches(&unsaved.replaces),
            Ok(None) => false,
            // A place that cannot be read has not shown anything newer.
            Err(_) => true,
        };
        if is_newer {
            return Some(unsaved.refresh_token.clone());
        }
        *held = None;
        None
    }

    /// Records that IMS accepted `used` and gave `given`. Returns what must be saved now, if anything: the token that the
    /// place has, and the new one. That may be `used`, if it could not be saved before.
    pub(crate) fn after(
        &self,
        used: &RefreshToken,
        given: Option<RefreshToken>,
    ) -> Option<(RefreshToken, RefreshToken)> {
        let mut held = self.held();
        let was_unsaved = held.take_if(|held| held.refresh_token.matches(used));
        // A token that is given again is not new, so there is nothing to save.
        let given = given.filter(|given| !given.matches(used));
        let replaces = match (&given, was_unsaved) {
            (_, Some(was_unsaved)) => was_unsaved.replaces,
            (Some(_), None) => used.clone(),
            (None, None) => return None,
        };
        let refresh_token = given.unwrap_or_else(|| used.clone());
        let to_save = (replaces.clone(), refresh_token.clone());
        *held = Some(Held { refresh_token, replaces, error: None });
        Some(to_save)
    }

    /// Records that the place has `refresh_token` now.
    pub(crate) fn saved(&self, refresh_token: &RefreshToken) {
        self.held().take_if(|held| held.refresh_token.matches(refresh_token));
    }

    /// Records that the place could not save `refresh_token` of `client_id`, and logs it.
    pub(crate) fn failed(
        &self,
        client_id: &ClientId,
        refresh_token: &RefreshToken,
        error: RefreshTokensError,
    ) {
        tracing::warn!(%client_id, %error, "the new refresh token is held in memory only");
        if let Some(held) = &mut *self.held()
            && held.refresh_token.matches(refresh_token)
        {
            held.error = Some(error);
        }
    }

    /// The value is complete at every moment, so a thread that panicked has broken nothing.
    fn held(&self) -> MutexGuard<'_, Option<Held>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use ims_credentials::RefreshTokenStore;

    use super::*;

    #[derive(Debug, Clone, Default)]
    struct Log(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Log {
        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend(text);
            Ok(text.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_warning_names_the_client_and_no_token() {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt().with_writer(move || writer.clone()).finish();
        let store = RefreshTokenStore::in_folder("/nowhere", "client");
        let error = RefreshTokensError::not_reached(&store, io::Error::other("no thread"));
        let used: RefreshToken = "canary-1".parse().unwrap();
        let given: RefreshToken = "canary-2".parse().unwrap();
        let unsaved = UnsavedRefreshToken::default();
        unsaved.after(&used, Some(given.clone()));
        tracing::subscriber::with_default(subscriber, || {
            unsaved.failed(&"client".parse().unwrap(), &given, error);
        });
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("WARN") && log.contains("client_id=client"), "{log}");
        assert!(log.contains("no thread") && !log.contains("canary"), "{log}");
        assert!(unsaved.error().is_some());
    }
}
