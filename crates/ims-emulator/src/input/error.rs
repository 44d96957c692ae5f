//! The one form of error for all input of the emulator.

use std::{borrow::Cow, fmt};

/// A text with something that is not allowed.
///
/// It names the member, its line, and the form that was expected. It never repeats a value, which may be secret.
///
/// ```
/// use ims_emulator::{Scenario, ScenarioError};
///
/// let error = Scenario::from_toml("[[integrations]]\nclient_idd = \"my-client\"").unwrap_err();
/// let ScenarioError::Invalid { error, .. } = error else { unreachable!("it is not a file") };
/// assert_eq!((error.member(), error.line()), ("integrations[0]", 2));
/// println!("{error}");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputError {
    pub(crate) member: String,
    pub(crate) line: usize,
    pub(crate) problem: Box<Problem>,
}

/// What is wrong with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// The text is not in its language at all.
    Syntax { language: &'static str, reason: String },
    /// There is no such member.
    Unknown { name: String, nearest: Option<&'static str>, known: Vec<&'static str> },
    /// The member is there twice.
    Twice,
    /// A member that must be there is not.
    Missing { expected: Cow<'static, str> },
    /// The value has another form.
    Malformed {
        expected: Cow<'static, str>,
        found: Cow<'static, str>,
        nearest: Option<&'static str>,
    },
}

impl InputError {
    /// A member that is known, but not accepted where the text comes from.
    pub(crate) fn not_here(member: &str, instead: &'static str) -> Self {
        let found = "files, which only a scenario in a file may name".into();
        let problem = Problem::Malformed { expected: instead.into(), found, nearest: None };
        Self { member: member.to_owned(), line: 1, problem: Box::new(problem) }
    }

    /// Whether there is no member of that name.
    pub(crate) fn is_about_unknown(&self) -> bool {
        matches!(*self.problem, Problem::Unknown { .. })
    }

    /// Whether a member is not there that must be.
    pub(crate) fn is_about_missing(&self) -> bool {
        matches!(*self.problem, Problem::Missing { .. })
    }

    /// Which member it is about, such as `integrations[0].org_id`; empty for the whole text.
    #[must_use]
    pub fn member(&self) -> &str {
        &self.member
    }

    /// In which line it is, counted from 1.
    #[must_use]
    pub fn line(&self) -> usize {
        self.line
    }

    /// What was expected, if it is about the value of a known member.
    #[must_use]
    pub fn expected(&self) -> Option<&str> {
        match &*self.problem {
            Problem::Missing { expected } | Problem::Malformed { expected, .. } => Some(expected),
            _ => None,
        }
    }

    /// The known name that is nearest to the one that was written.
    #[must_use]
    pub fn nearest(&self) -> Option<&'static str> {
        match &*self.problem {
            Problem::Unknown { nearest, .. } | Problem::Malformed { nearest, .. } => *nearest,
            _ => None,
        }
    }
}

impl std::error::Error for InputError {}

impl fmt::Display for InputError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { member, line, problem } = self;
        write!(f, "line {line}: ")?;
        match &**problem {
            Problem::Syntax { language, reason } => write!(f, "this is not {language}: {reason}"),
            Problem::Unknown { name, nearest, known } => {
                if !member.is_empty() {
                    write!(f, "{member}: ")?;
                }
                write!(f, "unknown field `{}`", shown_name(name))?;
                match nearest {
                    Some(nearest) => write!(f, ", did you mean `{nearest}`?"),
                    None => write!(f, "; known are {}", known.join(", ")),
                }
            }
            Problem::Twice => write!(f, "{member} is there twice"),
            Problem::Missing { expected } => write!(f, "{member} is missing: expected {expected}"),
            Problem::Malformed { expected, found, nearest } => {
                if !member.is_empty() {
                    write!(f, "{member}: ")?;
                }
                write!(f, "expected {expected}, got {found}")?;
                match nearest {
                    Some(nearest) => write!(f, "; did you mean `{nearest}`?"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// The name of a member, as far as it is one: a secret in its place is not repeated.
fn shown_name(name: &str) -> &str {
    let is_name = (1..=40).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b));
    if is_name { name } else { "…" }
}
