//! Text for a terminal. Only the sanitizer makes it, so nothing from elsewhere can move the cursor, hide a line or change
//! the direction of the text that follows.

use std::{
    borrow::Cow,
    fmt::Write as _,
    io::Write as _,
    sync::{
        LazyLock,
        atomic::{AtomicBool, Ordering},
    },
};

use anstyle::Style;

/// Whether the command was asked for JSON, so that errors are JSON, too.
static IS_JSON: AtomicBool = AtomicBool::new(false);

/// Whether standard error shows no colours. Determined only once, since a proxy writes a line for every request.
static IS_PLAIN: LazyLock<bool> = LazyLock::new(|| {
    anstream::AutoStream::choice(&std::io::stderr()) == anstream::ColorChoice::Never
});

/// Writes errors and notes as JSON from now on.
pub(crate) fn expect_json() {
    IS_JSON.store(true, Ordering::Relaxed);
}

/// Whether the command was asked for JSON.
pub(crate) fn is_json() -> bool {
    IS_JSON.load(Ordering::Relaxed)
}

/// Text without characters that control a terminal, except for the styles that this program adds.
#[derive(Debug, Clone, Default)]
pub(crate) struct TerminalText(String);

impl TerminalText {
    /// A note to a person, or a warning, which is JSON if the command was asked for JSON.
    pub(crate) fn note(label: &str, text: &str) -> Self {
        if is_json() && label == "warning" {
            let json = serde_json::json!({ label: text }).to_string();
            return Self::of_json(&json).with("\n");
        }
        let style = anstyle::AnsiColor::Yellow.on_default().effects(anstyle::Effects::BOLD);
        let label = format!("{label}:");
        Self::default().styled(style, &label).with(" ").with(text).with("\n")
    }

    /// JSON, in whose strings the same characters are written in another way (RFC 8259 §7), so that it stays the same JSON.
    pub(crate) fn of_json(json: &str) -> Self {
        let mut text = String::with_capacity(json.len() + 1);
        push_sanitized(&mut text, json, |text, c| {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                write!(text, "\\u{unit:04x}").expect("writing to a String never fails");
            }
        });
        Self(text)
    }

    /// The same with `text` after it.
    pub(crate) fn with(mut self, text: &str) -> Self {
        push_shown(&mut self.0, text);
        self
    }

    /// The same with `text` after it, in this style.
    pub(crate) fn styled(mut self, style: Style, text: &str) -> Self {
        write!(self.0, "{style}").expect("writing to a String never fails");
        push_shown(&mut self.0, text);
        write!(self.0, "{style:#}").expect("writing to a String never fails");
        self
    }

    /// Writes it to standard error. If that fails, no one can read the message.
    pub(crate) fn to_stderr(&self) {
        let mut stderr = std::io::stderr().lock();
        let _ = if *IS_PLAIN {
            // At once: the stream would write the text between two colours piece by piece.
            stderr.write_all(self.plain().as_bytes())
        } else {
            anstream::AutoStream::auto(stderr).write_all(self.0.as_bytes())
        };
    }

    /// What is written to the terminal.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The same without styles. No other escape sequence can be in it, so their end is found at once: a reader of all that
    /// terminals know takes longer for a table of a thousand certificates than for reading one of them.
    pub(crate) fn plain(&self) -> Cow<'_, str> {
        let Some((before, mut rest)) = self.0.split_once(ESCAPE) else {
            return Cow::Borrowed(&self.0);
        };
        let mut plain = String::with_capacity(self.0.len());
        plain.push_str(before);
        while let Some((_, after)) = rest.split_once('m') {
            let Some((text, next)) = after.split_once(ESCAPE) else {
                plain.push_str(after);
                break;
            };
            plain.push_str(text);
            rest = next;
        }
        Cow::Owned(plain)
    }
}

/// The beginning of a style, which ends with `m` (ECMA-48 §8.3.117). The sanitizer leaves none in other text.
const ESCAPE: char = '\u{1b}';

impl From<&str> for TerminalText {
    fn from(text: &str) -> Self {
        Self::default().with(text)
    }
}

impl From<&String> for TerminalText {
    fn from(text: &String) -> Self {
        Self::default().with(text)
    }
}

/// Adds `added` with the characters that control a terminal as `\u{…}`. Line breaks and tabs stay.
fn push_shown(text: &mut String, added: &str) {
    push_sanitized(text, added, |text, c| text.extend(c.escape_unicode()));
}

fn push_sanitized(text: &mut String, added: &str, escape: impl Fn(&mut String, char)) {
    // Nearly everything is such text, and a table may have thousands of lines.
    if added.bytes().all(|b| matches!(b, b'\n' | b'\t' | b' '..=b'~')) {
        return text.push_str(added);
    }
    let mut start = 0;
    for (position, c) in added.char_indices() {
        if is_for_terminals(c) {
            text.push_str(&added[start..position]);
            escape(text, c);
            start = position + c.len_utf8();
        }
    }
    text.push_str(&added[start..]);
}

/// Control characters, C1 among them, other line breaks than `\n`, and characters that change the direction of text
/// (Unicode TR 9 §2).
fn is_for_terminals(c: char) -> bool {
    let is_control = c.is_control() && !matches!(c, '\n' | '\t');
    let is_line_break = matches!(c, '\u{2028}' | '\u{2029}');
    let turns = matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    is_control || is_line_break || turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_shown_and_not_sent_to_the_terminal() {
        #[rustfmt::skip]
        let table = [
            ("Zoë, 東京\n\tend", "Zoë, 東京\n\tend"),
            ("\x1b[2J",          "\\u{1b}[2J"),
            ("\u{9b}2J",         "\\u{9b}2J"),
            ("a\rb\x07\x7f",     "a\\u{d}b\\u{7}\\u{7f}"),
            ("\u{202e}exe.txt",  "\\u{202e}exe.txt"),
            ("\u{2066}x\u{2069}", "\\u{2066}x\\u{2069}"),
            ("\u{200f}x",        "\\u{200f}x"),
            ("a\u{2028}b",       "a\\u{2028}b"),
        ];
        for (text, shown) in table {
            assert_eq!(TerminalText::from(text).as_str(), shown);
            assert_eq!(TerminalText::default().with(text).as_str(), shown);
        }
    }

    #[test]
    fn plain_text_is_the_same_without_its_styles() {
        let red = anstyle::AnsiColor::Red.on_default().effects(anstyle::Effects::BOLD);
        let texts = ["", "m", "mm\n", "a\x1b[1mb", "\x1b", "█ 東京 m", "[0m"];
        for first in texts {
            for second in texts {
                let text =
                    TerminalText::from(first).styled(red, second).with(first).styled(red, "");
                let plain = TerminalText::from(first).with(second).with(first);
                assert_eq!(text.plain(), plain.as_str());
                assert_eq!(text.plain(), anstream::adapter::strip_str(text.as_str()).to_string());
                assert_eq!(plain.plain(), plain.as_str());
            }
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let value =
            serde_json::json!({ "a": "\u{9b}2J \u{202e}x \u{1b} \u{2028}", "b": [1, "東京"] });
        for text in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let shown = TerminalText::of_json(&text);
            assert!(!shown.as_str().contains(['\u{9b}', '\u{202e}', '\u{2028}']), "{shown:?}");
            let read: serde_json::Value = serde_json::from_str(shown.as_str()).unwrap();
            assert_eq!(read, value);
        }
    }

    #[test]
    fn only_the_styles_of_this_program_are_left() {
        let bold = Style::new().bold();
        let text = TerminalText::default().styled(bold, "a\x1b[2Jb");
        assert_eq!(text.as_str(), format!("{bold}a\\u{{1b}}[2Jb{bold:#}"));
    }
}
