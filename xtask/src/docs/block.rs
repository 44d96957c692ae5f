//! The fenced blocks of a page, and what their info strings say.
//!
//! A page is one session: its blocks run from top to bottom in one shell and one empty folder.
//!
//! | language | what happens |
//! |---|---|
//! | `sh` | all of its commands run and must succeed |
//! | `console` | each line after `$ ` runs, and prints what is below it |
//! | `rust` | in the README of a crate, rustdoc runs it; elsewhere it is a part of an example |
//! | any other | written to the file that `file` names, if it names one; JSON and TOML must be well-formed |
//!
//! | attribute | meaning |
//! |---|---|
//! | `no-run="reason"` | it cannot run here |
//! | `slow="reason"` | it runs only with `--slow` |
//! | `background` | its last command keeps running until the end of the page; the next block waits for its first line. On a `text` block: these lines are a part of what the last such block printed |
//! | `file="path"` | the text is written there first |
//! | `example="name"` | the text is a part of `crates/ims/examples/NAME.rs` or `NAME/main.rs`; `crate/name` names another crate |
//!
//! In the README of a crate the attributes are in parentheses, which rustdoc reads as a comment.
//!
//! Without `--slow`, `cargo new`, `cargo add` and `cargo run` in a block do not build a project: `cargo run` starts the
//! example that contains the program of the page, which is built with the workspace.
//!
//! A comment `<!-- sh … -->` is a `sh` block that readers do not see. What a page needs and does not explain is prepared
//! there.

use anyhow::{Context, Result, bail};

/// A page and its blocks.
#[derive(Debug)]
pub(super) struct Page {
    /// Relative to the root, with slashes.
    pub(super) path: String,
    pub(super) text: String,
    pub(super) blocks: Vec<Block>,
}

/// One fenced block.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Block {
    /// The number of its first line of text, counted from 1.
    pub(super) line: usize,
    pub(super) language: String,
    pub(super) text: String,
    pub(super) attributes: Attributes,
}

/// What the info string says besides the language.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Attributes {
    pub(super) no_run: Option<String>,
    pub(super) slow: Option<String>,
    pub(super) background: bool,
    pub(super) file: Option<String>,
    pub(super) example: Option<String>,
}

/// Languages that are programs: their blocks run, or say why not.
const PROGRAMS: &[&str] =
    &["c", "csharp", "go", "java", "js", "php", "powershell", "python", "ruby"];

impl Page {
    pub(super) fn read(path: String, text: String) -> Result<Self> {
        let blocks = blocks(&text).with_context(|| path.clone())?;
        Ok(Self { path, text, blocks })
    }

    pub(super) fn is_readme_of(&self, package: &str) -> bool {
        self.path == format!("crates/{package}/README.md")
    }

    /// Whether rustdoc compiles and runs the Rust of this page.
    pub(super) fn is_front_page(&self) -> bool {
        self.path.starts_with("crates/")
    }
}

impl Block {
    pub(super) fn is_rust(&self) -> bool {
        // In a README, an empty info string is Rust, and so are rustdoc's own words.
        let words = ["", "rust", "no_run", "ignore", "compile_fail"];
        self.language.split(',').all(|word| words.contains(&word))
    }

    pub(super) fn is_shell(&self) -> bool {
        self.language == "sh" || self.language == "console"
    }

    pub(super) fn is_program(&self) -> bool {
        PROGRAMS.contains(&self.language.as_str())
    }
}

fn blocks(text: &str) -> Result<Vec<Block>> {
    let mut blocks = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let start = line.trim_start();
        if start == "<!-- sh" {
            let text = until(&mut lines, |line| line.trim() == "-->", 0)
                .with_context(|| format!("line {}: the comment has no end", index + 1))?;
            let language = "sh".to_owned();
            blocks.push(Block { line: index + 2, language, text, ..Block::default() });
            continue;
        }
        let ticks = start.len() - start.trim_start_matches('`').len();
        if ticks < 3 {
            continue;
        }
        let indentation = line.len() - start.len();
        let text = until(&mut lines, |line| is_end(line, ticks), indentation)
            .with_context(|| format!("line {}: the block has no end", index + 1))?;
        let (language, attributes) =
            info(&start[ticks..]).with_context(|| format!("line {}", index + 1))?;
        blocks.push(Block { line: index + 2, language, text, attributes });
    }
    Ok(blocks)
}

/// The text of a page without what is for the tests: the attributes of its blocks, and the blocks that readers do not see.
/// In a `front_page` of a crate, blocks without a language, which are Rust, get the language `rust`.
pub(super) fn for_readers(text: &str, front_page: bool) -> String {
    let mut readable = String::new();
    let mut fence = 0;
    let mut is_hidden = false;
    for line in text.lines() {
        let start = line.trim_start();
        let ticks = start.len() - start.trim_start_matches('`').len();
        let mut shown = line.to_owned();
        if fence > 0 {
            if is_end(line, fence) {
                fence = 0;
            }
        } else if is_hidden || start == "<!-- sh" {
            is_hidden = start != "-->";
            continue;
        } else if ticks >= 3 {
            fence = ticks;
            let language = start[ticks..].split(' ').next().unwrap_or_default().to_owned();
            let block = Block { language, ..Block::default() };
            let is_rust = front_page && block.is_rust();
            let language = if is_rust { "rust" } else { &block.language };
            shown = format!("{}{language}", &line[..line.len() - start.len() + ticks]);
        }
        readable.push_str(&shown);
        readable.push('\n');
    }
    readable
}

fn is_end(line: &str, ticks: usize) -> bool {
    let line = line.trim();
    line.len() >= ticks && line.chars().all(|c| c == '`')
}

/// The lines up to the one that `ends` a block, without the indentation of the block.
fn until<'a>(
    lines: &mut impl Iterator<Item = (usize, &'a str)>,
    ends: impl Fn(&str) -> bool,
    indentation: usize,
) -> Option<String> {
    let mut text = String::new();
    for (_, line) in lines {
        if ends(line) {
            return Some(text);
        }
        let blanks = line.len() - line.trim_start().len();
        text.push_str(&line[indentation.min(blanks)..]);
        text.push('\n');
    }
    None
}

/// The language, and the attributes that follow it after a blank.
fn info(info: &str) -> Result<(String, Attributes)> {
    let (language, mut rest) = match info.split_once(' ') {
        Some((language, rest)) => (language, rest.trim()),
        None => (info, ""),
    };
    if let Some(inner) = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')) {
        rest = inner;
    }
    let mut attributes = Attributes::default();
    while !rest.is_empty() {
        let name_ends = rest.find(['=', ' ']).unwrap_or(rest.len());
        let (name, after) = rest.split_at(name_ends);
        let mut value = None;
        rest = after.trim_start();
        if let Some(quoted) = after.strip_prefix("=\"") {
            let (text, after) = quoted.split_once('"').context("a quotation mark is missing")?;
            value = Some(text.to_owned());
            rest = after.trim_start();
        }
        match (name, value) {
            ("background", None) => attributes.background = true,
            ("no-run", Some(value)) => attributes.no_run = Some(value),
            ("slow", Some(value)) => attributes.slow = Some(value),
            ("file", Some(value)) => attributes.file = Some(value),
            ("example", Some(value)) => attributes.example = Some(value),
            (name, _) => {
                bail!("`{name}` is not an attribute of a block: xtask/src/docs/block.rs lists them")
            }
        }
    }
    Ok((language.to_owned(), attributes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_its_blocks_with_their_lines_and_attributes() {
        let text = "# A\n\n```sh\nls\n```\n\n<!-- sh\ntrue\n-->\n\n- item\n\n  ````json file=\"a b.json\" slow=\"builds\"\n  {\n    ```\n  }\n  ````\n";
        let page = Page::read("a.md".to_owned(), text.to_owned()).unwrap();
        let shown: Vec<_> =
            page.blocks.iter().map(|it| (it.line, &*it.language, &*it.text)).collect();
        assert_eq!(shown, [(4, "sh", "ls\n"), (8, "sh", "true\n"), (14, "json", "{\n  ```\n}\n")]);
        assert_eq!(page.blocks[2].attributes.file.as_deref(), Some("a b.json"));
        assert_eq!(page.blocks[2].attributes.slow.as_deref(), Some("builds"));
    }

    #[test]
    fn readers_do_not_see_what_is_for_the_tests() {
        let text = "a\n\n<!-- sh\ntrue\n-->\n\n````console background\n```sh x\n````\n```\nfn a() {}\n```\n<!-- b -->\n";
        let page = "a\n\n\n````console\n```sh x\n````\n```\nfn a() {}\n```\n<!-- b -->\n";
        assert_eq!(for_readers(text, false), page);
        assert_eq!(for_readers("```\na\n```\n", true), "```rust\na\n```\n");
    }

    #[test]
    fn attributes_may_be_in_parentheses() {
        let text = "```sh (no-run=\"needs a network\")\nls\n```\n".to_owned();
        let page = Page::read("a.md".to_owned(), text).unwrap();
        assert_eq!(page.blocks[0].attributes.no_run.as_deref(), Some("needs a network"));
    }

    #[test]
    fn a_block_that_is_not_understood_is_an_error() {
        for text in ["```sh\nls\n", "```sh norun\n```\n", "```sh no-run\n```\n", "<!-- sh\nls\n"] {
            let error = Page::read("a.md".to_owned(), text.to_owned()).unwrap_err();
            assert!(format!("{error:#}").starts_with("a.md: line 1: "), "{error:#}");
        }
    }
}
