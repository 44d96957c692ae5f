//! How the members of an integration are written and read that are not simple texts, lists or numbers.

pub(super) fn yes() -> bool {
    true
}

/// Lists of values that are written as texts.
pub(super) mod texts {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer, T: Display>(
        values: &[T],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(ToString::to_string))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
        deserializer: D,
    ) -> Result<Vec<T>, D::Error> {
        let mut values = Vec::new();
        for text in Vec::<String>::deserialize(deserializer)? {
            values.push(text.parse().map_err(D::Error::custom)?);
        }
        Ok(values)
    }
}

/// The same where there need not be a list.
pub(super) mod optional_texts {
    use std::{fmt::Display, str::FromStr};

    use serde::{Deserializer, Serializer};

    use super::texts;

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub(crate) fn serialize<S: Serializer, T: Display>(
        values: &Option<Vec<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        texts::serialize(values.as_deref().unwrap_or_default(), serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>, T: FromStr<Err: Display>>(
        deserializer: D,
    ) -> Result<Option<Vec<T>>, D::Error> {
        texts::deserialize(deserializer).map(Some)
    }
}

/// Secrets. They are written as plain text, and only into the state file.
pub(super) mod secrets {
    use secrecy::{ExposeSecret, SecretString};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        secrets: &[SecretString],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(secrets.iter().map(ExposeSecret::expose_secret))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<SecretString>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        Ok(texts.into_iter().map(SecretString::from).collect())
    }
}

/// One secret, which need not be there.
pub(super) mod secret {
    use secrecy::{ExposeSecret, SecretString};
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, reason = "serde passes a reference to the field")]
    pub(crate) fn serialize<S: Serializer>(
        secret: &Option<SecretString>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(secret.as_ref().map_or("", ExposeSecret::expose_secret))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SecretString>, D::Error> {
        String::deserialize(deserializer).map(|text| Some(text.into()))
    }
}

/// Certificates, as PEM.
pub(super) mod certificates {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use crate::certificate::Certificate;

    pub(crate) fn serialize<S: Serializer>(
        certificates: &[Arc<Certificate>],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(certificates.iter().map(|certificate| certificate.to_pem()))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Arc<Certificate>>, D::Error> {
        let mut certificates = Vec::new();
        for text in Vec::<String>::deserialize(deserializer)? {
            let read = Certificate::read_all(text.as_bytes()).map_err(D::Error::custom)?;
            certificates.extend(read.into_iter().map(Arc::new));
        }
        Ok(certificates)
    }
}

/// A time, in whole seconds.
pub(super) mod lifetime {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    /// Used if no other is given. Source: Adobe, "JWT Authentication Reference".
    pub(crate) const DEFAULT: Duration = Duration::from_hours(24);

    /// Far beyond any test, and so near that the end of a token can always be written.
    pub(crate) const MAX: Duration = Duration::from_hours(10 * 365 * 24);

    pub(crate) fn default() -> Duration {
        DEFAULT
    }

    pub(crate) fn serialize<S: Serializer>(
        lifetime: &Duration,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(lifetime.as_secs())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Duration, D::Error> {
        let lifetime = Duration::from_secs(u64::deserialize(deserializer)?);
        Ok(lifetime.min(MAX))
    }
}
