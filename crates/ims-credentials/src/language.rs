//! The languages that credentials are written in, and which of them a text may be.

use std::path::Path;

use crate::{error::CredentialsError, reading::fields::Document};

#[cfg(feature = "formats")]
mod dotenv;
#[cfg(feature = "formats")]
mod hjson;
#[cfg(feature = "formats")]
mod ini;
mod json;
#[cfg(feature = "formats")]
mod properties;
mod toml;
#[cfg(feature = "formats")]
mod yaml;

/// A language of data. All but JSON and TOML are read with the feature `formats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Json,
    Toml,
    Hjson,
    Yaml,
    Ini,
    Properties,
    Dotenv,
}

impl Language {
    /// The languages that a text may be in, the likeliest first. Its first line tells most; the name of its file breaks a
    /// tie.
    pub(crate) fn candidates(text: &str, path: &Path) -> Vec<Self> {
        let by_content: &[Self] = match first_line(text).as_bytes() {
            [b'{', ..] => &[Self::Json, Self::Hjson],
            [b'[', next, ..] if next.is_ascii_alphanumeric() => &[Self::Ini, Self::Toml],
            [b'[', ..] => &[Self::Json],
            // Java writes these escapes, and nobody else.
            _ if text.contains("\\:") || text.contains("\\=") => {
                &[Self::Toml, Self::Properties, Self::Dotenv, Self::Yaml]
            }
            _ => &[Self::Toml, Self::Dotenv, Self::Properties, Self::Yaml],
        };
        let by_name = Self::by_name(path);
        let others = by_content.iter().copied().filter(|language| Some(*language) != by_name);
        by_name.into_iter().chain(others.filter(|language| language.is_read_here())).collect()
    }

    fn by_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        match ending {
            "yml" | "yaml" => Some(Self::Yaml),
            "ini" => Some(Self::Ini),
            "properties" => Some(Self::Properties),
            "hjson" => Some(Self::Hjson),
            _ if ending == "env" || name.starts_with(".env.") => Some(Self::Dotenv),
            _ => None,
        }
    }

    fn is_read_here(self) -> bool {
        cfg!(feature = "formats") || matches!(self, Self::Json | Self::Toml)
    }

    /// Reads `text`, which is no longer than a file may be.
    pub(crate) fn parse(self, text: &str) -> Result<Document, CredentialsError> {
        let value = match self {
            Self::Json => json::parse(text),
            Self::Toml => toml::parse(text),
            #[cfg(feature = "formats")]
            Self::Hjson => hjson::parse(text),
            #[cfg(feature = "formats")]
            Self::Yaml => yaml::parse(text),
            #[cfg(feature = "formats")]
            Self::Ini => ini::parse(text),
            #[cfg(feature = "formats")]
            Self::Properties => properties::parse(text),
            #[cfg(feature = "formats")]
            Self::Dotenv => dotenv::parse(text),
            #[cfg(not(feature = "formats"))]
            _ => Err(CredentialsError::MissingFeature { feature: "formats", what: self.name() }),
        };
        value.map(Document::new)
    }

    /// Reads TOML, and nothing else.
    #[cfg(feature = "contexts")]
    pub(crate) fn toml(text: &str) -> Result<serde_json::Value, CredentialsError> {
        toml::parse(text)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Hjson => "Hjson",
            Self::Yaml => "YAML",
            Self::Ini => "INI",
            Self::Properties => "Java properties",
            Self::Dotenv => "lines of NAME=value",
        }
    }

    /// An error at a place, both counted from 1. What stands there is not told: it may be a secret.
    fn syntax(self, line: usize, column: usize) -> CredentialsError {
        CredentialsError::Syntax { language: self.name(), line, column }
    }
}

/// The first line that says something, comments of any of the languages left out.
fn first_line(text: &str) -> &str {
    let is_comment = |line: &&str| {
        line.is_empty() || line.starts_with(['#', ';', '!']) || line.starts_with("//")
    };
    text.lines().map(str::trim).find(|line| !is_comment(line)).unwrap_or_default()
}

#[cfg(test)]
mod tests;
