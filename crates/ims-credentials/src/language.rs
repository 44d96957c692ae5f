//! The languages that credentials are written in, and how to recognise them.

use std::path::Path;

use crate::{error::CredentialsError, reading::fields::Document};

#[cfg(feature = "formats")]
mod hjson;
pub(crate) mod json;
#[cfg(feature = "formats")]
mod lines;
mod text_fault;
#[cfg(feature = "formats")]
mod yaml;

use text_fault::TextFault;

/// A language of data. TOML is read with the feature `toml`, all others but JSON with the feature `formats`.
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
    /// The languages that a text may be in, the most likely first. Only the ending of a file's name decides. A file called
    /// `.env` with a mistake is not read in another language, in which its lines would mean another secret. Without one,
    /// the first line that is not empty decides.
    pub(crate) fn candidates(text: &str, path: &Path) -> Vec<Self> {
        if let Some(language) = Self::by_name(path) {
            return vec![language];
        }
        let by_content: &[Self] = match first_line(text).as_bytes() {
            [b'{', ..] => &[Self::Json, Self::Hjson],
            [b'[', next, ..] if next.is_ascii_alphanumeric() => &[Self::Ini, Self::Toml],
            [b'[', ..] => &[Self::Json],
            // Only Java writes these escapes.
            _ if text.contains("\\:") || text.contains("\\=") => {
                &[Self::Toml, Self::Properties, Self::Dotenv, Self::Yaml]
            }
            _ => &[Self::Toml, Self::Dotenv, Self::Properties, Self::Yaml],
        };
        by_content.to_vec()
    }

    fn by_name(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?;
        let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
        match ending {
            "json" => Some(Self::Json),
            // The variables of Terraform that are texts and lists are TOML as well.
            "toml" | "tfvars" => Some(Self::Toml),
            "yml" | "yaml" => Some(Self::Yaml),
            "ini" => Some(Self::Ini),
            "properties" => Some(Self::Properties),
            "hjson" => Some(Self::Hjson),
            "ps1" | "cmd" | "bat" => Some(Self::Dotenv),
            _ if ending == "env" || name.starts_with(".env.") => Some(Self::Dotenv),
            _ => None,
        }
    }

    /// Reads `text`, which is no longer than a file may be.
    pub(crate) fn parse(self, text: &str) -> Result<Document, CredentialsError> {
        let value = match self {
            Self::Json => json::parse(text),
            #[cfg(feature = "toml")]
            Self::Toml => toml(text),
            #[cfg(not(feature = "toml"))]
            Self::Toml => {
                let what = self.name();
                return Err(CredentialsError::MissingFeature { feature: "toml", what });
            }
            #[cfg(feature = "formats")]
            Self::Hjson => hjson::parse(text),
            #[cfg(feature = "formats")]
            Self::Yaml => yaml::parse(text),
            #[cfg(feature = "formats")]
            Self::Ini => lines::ini(text),
            #[cfg(feature = "formats")]
            Self::Properties => lines::properties(text),
            #[cfg(feature = "formats")]
            Self::Dotenv => lines::dotenv(text),
            #[cfg(not(feature = "formats"))]
            _ => {
                let what = self.name();
                return Err(CredentialsError::MissingFeature { feature: "formats", what });
            }
        };
        value.map(Document::new).map_err(|fault| self.error(fault))
    }

    /// Reads TOML, and nothing else.
    #[cfg(feature = "contexts")]
    pub(crate) fn toml(text: &str) -> Result<serde_json::Value, CredentialsError> {
        toml(text).map_err(|fault| Self::Toml.error(fault))
    }

    pub(crate) fn name(self) -> &'static str {
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

    fn error(self, fault: TextFault) -> CredentialsError {
        match fault {
            TextFault::Syntax { line, column } => {
                CredentialsError::Syntax { language: self.name(), line, column }
            }
            TextFault::Repeated { line } => CredentialsError::Repeated { line },
        }
    }
}

#[cfg(feature = "toml")]
fn toml(text: &str) -> Result<serde_json::Value, TextFault> {
    ::toml::from_str(text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        if error.message().contains("duplicate key") {
            TextFault::Repeated { line: TextFault::line_after(before) }
        } else {
            TextFault::after(before)
        }
    })
}

/// Whether a person would call the text JSON: after the first brace is a name in quotation marks, or the end.
pub(crate) fn looks_like_json(text: &str) -> bool {
    let inner = text.trim_start().strip_prefix('{').map(str::trim_start);
    inner.is_some_and(|inner| inner.is_empty() || inner.starts_with(['"', '}']))
}

/// The first line that is neither empty nor a comment of one of the languages.
fn first_line(text: &str) -> &str {
    for line in text.lines().map(str::trim) {
        let is_comment = line.starts_with(['#', ';', '!']) || line.starts_with("//");
        if !line.is_empty() && !is_comment {
            return line;
        }
    }
    ""
}

#[cfg(test)]
mod tests;
