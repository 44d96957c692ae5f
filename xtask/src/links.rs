//! Links in Markdown: each leads to a file of this repository, and to one of its headings.

use std::collections::HashMap;

use crate::workspace::resolve_link;

/// The beginning of links from the root to pages of a forge that are not files, such as a badge.
pub(crate) const FORGE: &str = "../../actions/";

/// A link without a target.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BrokenLink<'a> {
    pub(crate) path: &'a str,
    pub(crate) line: usize,
    /// What is wrong, a colon, and what to do.
    pub(crate) message: String,
}

/// The broken links in `pages`, each of which is a path and a text. `exists` says whether there is a file or a folder.
pub(crate) fn broken<'a>(
    pages: &[(&'a str, &'a str)],
    exists: impl Fn(&str) -> bool,
) -> Vec<BrokenLink<'a>> {
    let mut anchors = HashMap::new();
    for (path, text) in pages {
        anchors.insert(*path, anchors_of(text));
    }
    let mut faults = Vec::new();
    for &(path, text) in pages {
        for (line, link) in relative(text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.to_owned() } else { resolve_link(path, file) };
            let problem = match anchors.get(target.as_str()) {
                Some(anchors) if anchor.is_empty() || anchors.iter().any(|it| it == anchor) => None,
                Some(_) => Some("leads to no heading"),
                None if exists(&target) => None,
                None => Some("leads to no file"),
            };
            if let Some(problem) = problem {
                let message = format!("`{link}` {problem}: correct the link");
                faults.push(BrokenLink { path, line, message });
            }
        }
    }
    faults
}

/// The relative links of a text with their lines, and the pictures of its HTML; code, items of Rust and what begins with
/// [`FORGE`] are not links. If the text of a link is code, its target follows the backtick.
pub(crate) fn relative(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    for (line, text) in prose(text) {
        let mut is_code = false;
        for part in text.split('`') {
            if !is_code {
                for start in ["](", " src=\"", " srcset=\""] {
                    links.extend(part.split(start).skip(1).map(|it| (line, it)));
                }
            }
            is_code = !is_code;
        }
    }
    let mut relative = Vec::new();
    for (line, after) in links {
        let link = after.split([')', ' ', '"']).next().unwrap_or_default();
        let is_item = link.contains("::") || !link.contains(['.', '/', '#']);
        if !link.contains(':') && !is_item && !link.starts_with(FORGE) {
            relative.push((line, link));
        }
    }
    relative
}

/// The lines outside of fenced blocks.
fn prose(text: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut fence = None;
    for (index, line) in text.lines().enumerate() {
        let start = line.trim_start();
        let ticks = start.len() - start.trim_start_matches('`').len();
        match fence {
            None if ticks >= 3 => fence = Some(ticks),
            None => lines.push((index + 1, line)),
            Some(opened) if ticks >= opened && start.trim_end().len() == ticks => fence = None,
            Some(_) => {}
        }
    }
    lines
}

/// The anchors of the headings, as forges and mdBook make them: small letters, hyphens for blanks, no other marks.
fn anchors_of(text: &str) -> Vec<String> {
    let mut anchors: Vec<String> = Vec::new();
    for (_, line) in prose(text) {
        let title = line.trim_start_matches('#');
        if title.len() == line.len() || !title.starts_with(' ') {
            continue;
        }
        let mut anchor = String::new();
        for c in title.trim().chars() {
            match c {
                ' ' => anchor.push('-'),
                '-' | '_' => anchor.push(c),
                c if c.is_alphanumeric() => anchor.extend(c.to_lowercase()),
                _ => {}
            }
        }
        let same = anchors.iter().filter(|it| **it == anchor).count();
        anchors.push(if same == 0 { anchor } else { format!("{anchor}-{same}") });
    }
    anchors
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let text = "# The `a`\n[x](b/c.md#d-e) [y](#the-a) [z](#the-b) [w](../no.md) `[v](no.md)` [`u`](no.md) [`T`](T::new) [s](p.png) [![r](../../actions/r.svg)](../../actions/r)\n<source srcset=\"q.png\"><img src=\"p.png\">\n```text\n[t](no.md)\n```";
        let pages = [("docs/a.md", text), ("docs/b/c.md", "# A\n## D, e!\n## A")];
        let found = broken(&pages, |path| path == "docs/p.png");
        let found: Vec<_> = found.iter().map(|it| (it.path, it.line, &*it.message)).collect();
        assert_eq!(
            found,
            [
                ("docs/a.md", 2, "`#the-b` leads to no heading: correct the link"),
                ("docs/a.md", 2, "`../no.md` leads to no file: correct the link"),
                ("docs/a.md", 2, "`no.md` leads to no file: correct the link"),
                ("docs/a.md", 3, "`q.png` leads to no file: correct the link"),
            ]
        );
        assert_eq!(anchors_of(pages[1].1), ["a", "d-e", "a-1"]);
    }
}
