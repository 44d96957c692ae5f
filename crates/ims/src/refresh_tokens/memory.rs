//! A refresh token that ends with the process.

use std::{
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use ims_exchange::RefreshToken;

use super::{Cause, Place};

pub(super) struct Memory(Mutex<Option<RefreshToken>>);

impl Memory {
    pub(super) fn new(refresh_token: Option<RefreshToken>) -> Self {
        Self(Mutex::new(refresh_token))
    }

    /// What is held is whole at every moment, so whoever panicked meanwhile has broken nothing.
    fn held(&self) -> MutexGuard<'_, Option<RefreshToken>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Place for Memory {
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
