//! The links between pages: each file and each heading exists, and the table of contents lists every page of the book.

use std::{collections::HashMap, path::Path};

use anyhow::{Result, bail};

use super::block::Page;
use crate::workspace::resolve_link;

const SUMMARY: &str = "docs/SUMMARY.md";

/// Fails with all links that lead nowhere.
pub(super) fn check(pages: &[Page]) -> Result<()> {
    let mut faults = broken_links(pages);
    faults.extend(missing_in_summary(pages));
    for fault in &faults {
        println!("{fault}");
    }
    if !faults.is_empty() {
        bail!("{} links or chapters are wrong", faults.len());
    }
    println!("the links of {} pages are right", pages.len());
    Ok(())
}

fn broken_links(pages: &[Page]) -> Vec<String> {
    let mut anchors = HashMap::new();
    for page in pages {
        anchors.insert(page.path.as_str(), anchors_of(&page.text));
    }
    let mut faults = Vec::new();
    for page in pages {
        for (line, link) in links(&page.text) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let path =
                if file.is_empty() { page.path.clone() } else { resolve_link(&page.path, file) };
            let problem = match anchors.get(path.as_str()) {
                Some(anchors) if anchor.is_empty() || anchors.iter().any(|it| it == anchor) => None,
                Some(_) => Some("leads to no heading"),
                None if Path::new(&path).exists() => None,
                None => Some("leads to no file"),
            };
            if let Some(problem) = problem {
                faults.push(format!("{}:{line}: `{link}` {problem}: correct the link", page.path));
            }
        }
    }
    faults
}

fn missing_in_summary(pages: &[Page]) -> Vec<String> {
    let Some(summary) = pages.iter().find(|page| page.path == SUMMARY) else {
        return vec![format!("there is no {SUMMARY}")];
    };
    let mut listed = Vec::new();
    for (_, link) in links(&summary.text) {
        listed.push(resolve_link(SUMMARY, link));
    }
    let mut faults = Vec::new();
    for page in pages.iter().filter(|page| page.path.starts_with("docs/") && page.path != SUMMARY) {
        if !listed.contains(&page.path) {
            faults.push(format!("{}: {SUMMARY} does not list it: add a line", page.path));
        }
    }
    faults
}

/// The relative links of a text with their lines; code and items of Rust are no links. If the text of a link is code, its
/// target follows the backtick.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    for (line, text) in prose(text) {
        let mut is_code = false;
        for part in text.split('`') {
            if !is_code {
                links.extend(part.split("](").skip(1).map(|it| (line, it)));
            }
            is_code = !is_code;
        }
    }
    let mut relative = Vec::new();
    for (line, after) in links {
        let link = after.split([')', ' ']).next().unwrap_or_default();
        let is_item = link.contains("::") || !link.contains(['.', '/', '#']);
        if !link.contains(':') && !is_item {
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

    #[track_caller]
    fn page(path: &str, text: &str) -> Page {
        Page::read(path.to_owned(), text.to_owned()).unwrap()
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        let pages = [
            page("docs/SUMMARY.md", "- [A](a.md)"),
            page(
                "docs/a.md",
                "# The `a`\n[x](b/c.md#d-e) [y](#the-a) [z](#the-b) [w](../no.md) `[v](no.md)` [`u`](no.md)\n```text\n[t](no.md)\n```",
            ),
            page("docs/b/c.md", "# A\n## D, e!\n## A"),
        ];
        assert_eq!(
            broken_links(&pages),
            [
                "docs/a.md:2: `#the-b` leads to no heading: correct the link",
                "docs/a.md:2: `../no.md` leads to no file: correct the link",
                "docs/a.md:2: `no.md` leads to no file: correct the link",
            ]
        );
        assert_eq!(
            missing_in_summary(&pages),
            ["docs/b/c.md: docs/SUMMARY.md does not list it: add a line"]
        );
        assert_eq!(anchors_of(&pages[2].text), ["a", "d-e", "a-1"]);
    }
}
