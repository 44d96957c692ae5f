//! A refresh token that ends with the process.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ims_exchange::RefreshToken;

use super::backend::{Backend, Cause};

pub(super) struct Memory {
    held: Mutex<Option<RefreshToken>>,
    /// By chance, since all of them have one name, and several people may have signed in to one process.
    identity: u128,
}

impl Memory {
    pub(super) fn new(refresh_token: Option<RefreshToken>) -> Self {
        Self { held: Mutex::new(refresh_token), identity: fastrand::u128(..) }
    }

    /// The value is complete at every moment, so a thread that panicked has broken nothing.
    fn held(&self) -> MutexGuard<'_, Option<RefreshToken>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Backend for Memory {
    fn identity(&self) -> String {
        format!("{self} {:032x}", self.identity)
    }

    fn blocks(&self) -> bool {
        false
    }

    fn load(&self) -> Result<Option<RefreshToken>, Cause> {
        Ok(self.held().clone())
    }

    fn save(&self, refresh_token: &RefreshToken) -> Result<(), Cause> {
        *self.held() = Some(refresh_token.clone());
        Ok(())
    }

    fn forget(&self) -> Result<(), Cause> {
        *self.held() = None;
        Ok(())
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the memory of this process")
    }
}
