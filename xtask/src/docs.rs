//! `cargo xtask docs`: the book, and the tests of every block in it.
//!
//! The pages are the README of the root, everything in `docs/`, and the README of each crate. `cargo xtask test --only docs`
//! runs the blocks; how a block is run is described in [`block`]. `cargo xtask tidy` checks the links of all pages.

mod block;
mod book;
mod output;
mod run;
mod script;

use std::{
    path::{Path, PathBuf},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use anyhow::{Context, Result, bail};
use std::fs;

use self::{
    block::Page,
    run::{Programs, Verdict},
};
use crate::process::{cargo, run as run_command};

/// Builds the book, or tests the blocks of its pages.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Run the blocks of these pages instead, or of all pages if none is named.
    #[arg(long, value_name = "PAGE", num_args = 0..)]
    test: Option<Vec<String>>,

    /// With --test: also run the blocks that take minutes, because they build the library in a new project.
    #[arg(long, requires = "test")]
    slow: bool,

    /// With --test: write into the pages what the commands print now.
    #[arg(long, requires = "test")]
    bless: bool,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    let Some(names) = &options.test else {
        return book::build(&pages()?);
    };
    let mut pages = pages()?;
    if !names.is_empty() {
        pages.retain(|page| names.contains(&page.path));
    }
    if pages.is_empty() {
        bail!("none of these is a page: {}", names.join(", "));
    }
    test_pages(&pages, options.slow, options.bless)
}

/// Runs the blocks of all pages, or of the READMEs of these packages.
pub(crate) fn test(packages: &[String]) -> Result<()> {
    let mut pages = pages()?;
    book::check_contents(&pages)?;
    if !packages.is_empty() {
        pages.retain(|page| packages.iter().any(|name| page.is_readme_of(name)));
    }
    test_pages(&pages, false, false)
}

fn test_pages(pages: &[Page], slow: bool, bless: bool) -> Result<()> {
    // The same selection of features as in `cargo test --workspace`, so that nothing is built twice.
    run_command(&mut cargo([
        "build",
        "--quiet",
        "--workspace",
        "--all-features",
        "--bins",
        "--examples",
    ]))?;
    let programs = Programs::find(slow)?;
    let verdicts = in_parallel(pages, |page| run::page(page, &programs));
    let mut failed = 0;
    let mut blocks = 0;
    for verdict in verdicts {
        blocks += verdict.ran;
        print!("{verdict}");
        if bless {
            verdict.bless()?;
        }
        failed += usize::from(!verdict.faults.is_empty());
    }
    println!("{blocks} blocks of {} pages ran", pages.len());
    if failed > 0 && !bless {
        bail!("{failed} of {} pages have a block that does not do what it shows", pages.len());
    }
    Ok(())
}

/// Two pages at a time, because most of them wait for a program.
fn in_parallel(pages: &[Page], test: impl Fn(&Page) -> Verdict + Sync) -> Vec<Verdict> {
    const THREADS: usize = 3;
    let next = AtomicUsize::new(0);
    let verdicts = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                while let Some(page) = pages.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let verdict = test(page);
                    if let Ok(mut verdicts) = verdicts.lock() {
                        verdicts.push(verdict);
                    }
                }
            });
        }
    });
    let mut verdicts = verdicts.into_inner().unwrap_or_default();
    verdicts.sort_by(|one, other| one.page.cmp(&other.page));
    verdicts
}

/// All pages, in the order of their paths.
fn pages() -> Result<Vec<Page>> {
    let mut paths = vec![PathBuf::from("README.md")];
    markdown_below(Path::new("docs"), &mut paths)?;
    for entry in fs::read_dir("crates").context("there is no folder crates")? {
        let readme = entry?.path().join("README.md");
        if readme.is_file() {
            paths.push(readme);
        }
    }
    paths.sort();
    let mut pages = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        pages.push(Page::read(path.to_string_lossy().replace('\\', "/"), text)?);
    }
    Ok(pages)
}

fn markdown_below(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            markdown_below(&path, paths)?;
        } else if path.extension().is_some_and(|ending| ending == "md") {
            paths.push(path);
        }
    }
    Ok(())
}
