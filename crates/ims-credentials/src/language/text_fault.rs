//! Where a text breaks the rules of its language. The text there is not repeated: it may be a secret.

/// Why a text cannot be read, with lines and columns counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TextFault {
    /// It is not of the language.
    Syntax { line: usize, column: usize },
    /// A member or variable occurs a second time. No reader can know which of the two is meant.
    Repeated { line: usize },
}

impl TextFault {
    /// The place after `before`, the part of the text that was read.
    pub(super) fn after(before: &str) -> Self {
        let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
        Self::Syntax { line: Self::line_after(before), column }
    }

    /// The line in which `before` ends.
    pub(super) fn line_after(before: &str) -> usize {
        before.matches('\n').count() + 1
    }

    /// A line without a meaning in the language.
    #[cfg(feature = "formats")]
    pub(super) fn in_line(line: usize) -> Self {
        Self::Syntax { line, column: 1 }
    }
}
