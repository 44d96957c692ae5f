//! The book: mdBook makes pages of HTML from the pages in `docs/`, the READMEs, and the files that they name.
//!
//! The source of the book has the same folders as the repository, so that a link leads to the same place on a forge and in
//! the HTML. mdBook makes pages of Markdown only, so a file of another language becomes a page with its text.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use super::block::{self, Page};
use crate::{
    links,
    process::{cargo, find_program, run},
    workspace::resolve_link,
};

/// The version that was tested. Another version may make other pages.
const VERSION: &str = "0.5.2";

/// Where mdBook is installed to.
const TOOLS: &str = "target/tools";

/// What mdBook reads, and where it writes to.
const SOURCE: &str = "target/book-source";
const BOOK: &str = "target/book";

const FRONT_PAGE: &str = "README.md";
const CONTENTS: &str = "docs/SUMMARY.md";
/// What mdBook reads besides pages.
const CONFIGURATION: &[&str] = &["book.toml", "book.css"];

/// Builds the book into `target/book`, and installs mdBook into `target/tools` if the machine has none.
pub(super) fn build(pages: &[Page]) -> Result<()> {
    check_contents(pages)?;
    let files = files_of_the_book(pages)?;
    write_source(&files)?;
    let mdbook = match find_program("mdbook") {
        Some(path) => path,
        None => install()?,
    };
    let destination = std::env::current_dir()?.join(BOOK);
    run(Command::new(mdbook).args(["build", SOURCE, "--dest-dir"]).arg(destination))
        .context("mdBook cannot build the book")?;
    check_html(Path::new(BOOK))?;
    println!("the book is in {BOOK}/index.html");
    Ok(())
}

fn install() -> Result<PathBuf> {
    let path = std::env::current_dir()?.join(TOOLS).join("bin/mdbook");
    if !path.is_file() {
        let mut install = cargo(["install", "--quiet", "--locked", "mdbook", "--version", VERSION]);
        run(install.args(["--root", TOOLS]))?;
    }
    Ok(path)
}

/// Fails if the table of contents does not list a page of `docs/`.
pub(super) fn check_contents(pages: &[Page]) -> Result<()> {
    let missing = missing_in_contents(pages)?;
    for path in &missing {
        println!("{path}: {CONTENTS} does not list it: add a line");
    }
    if !missing.is_empty() {
        bail!("{} pages are in no table of contents", missing.len());
    }
    Ok(())
}

fn missing_in_contents(pages: &[Page]) -> Result<Vec<&str>> {
    let contents = pages.iter().find(|page| page.path == CONTENTS);
    let contents = contents.with_context(|| format!("there is no {CONTENTS}"))?;
    let mut listed = Vec::new();
    for (_, link) in links::relative(&contents.text) {
        listed.push(resolve_link(CONTENTS, link));
    }
    let mut missing = Vec::new();
    for page in pages.iter().filter(|page| page.path.starts_with("docs/")) {
        if page.path != CONTENTS && !listed.contains(&page.path) {
            missing.push(page.path.as_str());
        }
    }
    Ok(missing)
}

/// A file of the repository that is in the book.
#[derive(Debug, PartialEq, Eq)]
enum File {
    /// Markdown.
    Page(String),
    /// The text of a program or another file, shown as a page.
    Text(String),
    /// The names of the files in a folder, shown as a page.
    Folder(Vec<String>),
    /// A picture, copied as it is.
    Picture,
}

impl File {
    fn read(path: &str) -> Result<Self> {
        if Path::new(path).is_dir() {
            let mut names = Vec::new();
            for entry in fs::read_dir(path)? {
                names.push(entry?.file_name().to_string_lossy().into_owned());
            }
            names.sort();
            return Ok(Self::Folder(names));
        }
        let ending = Path::new(path).extension().and_then(OsStr::to_str).unwrap_or_default();
        if ["png", "svg"].contains(&ending) {
            return Ok(Self::Picture);
        }
        let text = fs::read_to_string(path).with_context(|| path.to_owned())?;
        Ok(if ending == "md" { Self::Page(text) } else { Self::Text(text) })
    }

    /// Where the page of this file is, which is at `path` in the repository. mdBook calls a README `index.html`.
    fn page(&self, path: &str) -> String {
        let path = path.trim_end_matches('/');
        match self {
            Self::Text(_) => format!("{path}.md"),
            Self::Folder(_) => format!("{path}/index.md"),
            Self::Page(_) | Self::Picture => match path.strip_suffix("README.md") {
                Some(folder) => format!("{folder}index.md"),
                None => path.to_owned(),
            },
        }
    }
}

/// The pages, and every file to which one of them leads.
fn files_of_the_book(pages: &[Page]) -> Result<BTreeMap<String, File>> {
    let mut files = BTreeMap::new();
    let mut waiting: Vec<String> = pages.iter().map(|page| page.path.clone()).collect();
    while let Some(path) = waiting.pop() {
        if files.contains_key(&path) {
            continue;
        }
        let file = File::read(&path)?;
        if let File::Page(text) = &file {
            for (_, link) in links::relative(text) {
                let target = link.split('#').next().unwrap_or_default();
                if !target.is_empty() {
                    waiting.push(resolve_link(&path, target));
                }
            }
        }
        files.insert(path, file);
    }
    Ok(files)
}

fn write_source(files: &BTreeMap<String, File>) -> Result<()> {
    let source = Path::new(SOURCE);
    if source.is_dir() {
        fs::remove_dir_all(source)?;
    }
    for (path, file) in files {
        let place = source.join(file.page(path));
        fs::create_dir_all(place.parent().unwrap_or(source))?;
        match file {
            File::Page(text) => fs::write(place, page(path, text, files))?,
            File::Text(text) => fs::write(place, text_page(path, text))?,
            File::Folder(names) => fs::write(place, folder_page(path, names, files))?,
            File::Picture => fs::copy(path, place).map(drop)?,
        }
    }
    for name in CONFIGURATION {
        fs::copy(Path::new("docs").join(name), source.join(name))?;
    }
    let Some(File::Page(summary)) = files.get(CONTENTS) else {
        bail!("there is no {CONTENTS}");
    };
    fs::write(source.join("SUMMARY.md"), contents(summary, files))?;
    Ok(())
}

/// The text of a page, with the links to pages of other files, and without what is for the tests of its blocks.
fn page(path: &str, text: &str, files: &BTreeMap<String, File>) -> String {
    let mut text = block::for_readers(text, path.starts_with("crates/"));
    if text.contains(links::FORGE) {
        // Badges: the book has no forge around it.
        let mut lines = text.lines().collect::<Vec<_>>();
        lines.retain(|line| !line.contains(links::FORGE));
        text = lines.join("\n") + "\n";
    }
    let original = text.clone();
    for (_, link) in links::relative(&original) {
        let target = link.split('#').next().unwrap_or_default();
        if let Some(file) = files.get(&resolve_link(path, target)) {
            let heading = &link[target.len()..];
            let page = format!("]({}{heading})", file.page(target));
            text = text.replace(&format!("]({link})"), &page);
        }
    }
    text
}

fn text_page(path: &str, text: &str) -> String {
    let ending = Path::new(path).extension().and_then(OsStr::to_str).unwrap_or_default();
    let language = match ending {
        "rs" => "rust",
        "service" | "socket" => "ini",
        other => other,
    };
    format!("# {path}\n\n````{language}\n{}\n````\n", text.trim_end())
}

fn folder_page(path: &str, names: &[String], files: &BTreeMap<String, File>) -> String {
    let mut page = format!("# {path}\n\n");
    for name in names {
        let line = match files.get(&format!("{path}/{name}")) {
            Some(file) => format!("- [{name}]({})\n", file.page(name)),
            None => format!("- {name}\n"),
        };
        page.push_str(&line);
    }
    page
}

/// The table of contents: the front page, that of `docs/`, the crates, and the other files.
fn contents(summary: &str, files: &BTreeMap<String, File>) -> String {
    let summary = page(CONTENTS, summary, files);
    let chapters = summary.replace("](", "](docs/").replace("](docs/)", "]()");
    let chapters = chapters.trim_start_matches("# Summary").trim();
    let mut crates = Vec::new();
    let mut others = Vec::new();
    for (path, file) in files {
        let page = file.page(path);
        let is_listed = path == FRONT_PAGE || chapters.contains(&format!("]({page})"));
        if is_listed || path == CONTENTS || *file == File::Picture {
            continue;
        }
        match path.strip_prefix("crates/").and_then(|path| path.strip_suffix("/README.md")) {
            Some(name) => crates.push(format!("- [{name}]({page})")),
            None => others.push(format!("  - [{path}]({page})")),
        }
    }
    format!(
        "# Summary\n\n[ims](index.md)\n\n{chapters}\n\n# The crates\n\n{}\n\n# Files\n\n- [Files of the source]()\n{}\n",
        crates.join("\n"),
        others.join("\n")
    )
}

/// Fails if a link or a picture in the HTML below `folder` leads to no file.
fn check_html(folder: &Path) -> Result<()> {
    let mut pages = Vec::new();
    html_below(folder, &mut pages)?;
    let mut faults = 0;
    for path in &pages {
        // It is shown in place of any page, so its links begin at the root of a server.
        if path.ends_with("404.html") {
            continue;
        }
        let text = fs::read_to_string(path)?;
        for target in targets(&text) {
            let place = path.with_file_name("").join(target);
            if !place.exists() {
                println!("{}: `{target}` leads to no file", path.display());
                faults += 1;
            }
        }
    }
    if faults > 0 {
        bail!("{faults} links of the book are broken");
    }
    println!("the links of {} pages of HTML lead somewhere", pages.len());
    Ok(())
}

fn html_below(folder: &Path, pages: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            html_below(&path, pages)?;
        } else if path.extension().is_some_and(|ending| ending == "html") {
            pages.push(path);
        }
    }
    Ok(())
}

/// The relative targets of the links and pictures of a page.
fn targets(html: &str) -> Vec<&str> {
    let mut targets = Vec::new();
    for start in [" href=\"", " src=\"", " srcset=\""] {
        for after in html.split(start).skip(1) {
            let target = after.split(['"', '#', '?']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains(':') {
                targets.push(target);
            }
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_no_table_of_contents_lists_is_found() {
        let mut pages = Vec::new();
        for (path, text) in [(CONTENTS, "- [A](a.md)"), ("docs/a.md", ""), ("docs/b/c.md", "")] {
            pages.push(Page::read(path.to_owned(), text.to_owned()).unwrap());
        }
        assert_eq!(missing_in_contents(&pages).unwrap(), ["docs/b/c.md"]);
    }

    #[test]
    fn a_link_leads_to_the_page_of_a_file() {
        let files = BTreeMap::from([
            ("crates/a/b.rs".to_owned(), File::Text("fn main() {}\n".to_owned())),
            ("crates/a".to_owned(), File::Folder(vec!["b.rs".to_owned(), "c.rs".to_owned()])),
            ("docs/README.md".to_owned(), File::Page(String::new())),
            ("docs/a.svg".to_owned(), File::Picture),
        ]);
        // A badge is left out.
        let text = "[![f](../../actions/f.svg)](../../actions/f)\n[`b`](../crates/a/b.rs) [a](../crates/a/) [c](README.md#c) ![d](a.svg) [e](#e)\n";
        assert_eq!(
            page("docs/x.md", text, &files),
            "[`b`](../crates/a/b.rs.md) [a](../crates/a/index.md) [c](index.md#c) ![d](a.svg) [e](#e)\n"
        );
        let Some(File::Folder(names)) = files.get("crates/a") else { panic!("it is a folder") };
        assert_eq!(
            folder_page("crates/a", names, &files),
            "# crates/a\n\n- [b.rs](b.rs.md)\n- c.rs\n"
        );
        assert_eq!(
            contents("# Summary\n\n- [A](README.md)\n- [B]()\n", &files),
            "# Summary\n\n[ims](index.md)\n\n- [A](docs/index.md)\n- [B]()\n\n# The crates\n\n\n\n# Files\n\n\
             - [Files of the source]()\n  - [crates/a](crates/a/index.md)\n  - [crates/a/b.rs](crates/a/b.rs.md)\n"
        );
    }

    #[test]
    fn the_targets_of_html_are_its_relative_links_and_pictures() {
        let html = r##"<a href="a.html#b">a</a> <a class="x" href="https://a.example">b</a> <img src="c.svg"> <source srcset="d.png"> <a href="#d">"##;
        assert_eq!(targets(html), ["a.html", "c.svg", "d.png"]);
    }
}
