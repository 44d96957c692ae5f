//! The book: mdBook makes pages of HTML from `docs/`.

use std::{path::PathBuf, process::Command};

use anyhow::{Context, Result};

use crate::process::{cargo, find_program, run};

/// The version that was tested. Another one may make other pages.
const VERSION: &str = "0.5.2";

/// Where mdBook is installed to.
const FOLDER: &str = "target/tools";

/// Builds the book into `target/book`, and installs mdBook into `target/tools` if the machine has none.
pub(super) fn build() -> Result<()> {
    let mdbook = match find_program("mdbook") {
        Some(path) => path,
        None => install()?,
    };
    run(Command::new(mdbook).args(["build", "docs", "--dest-dir", "target/book"]))
        .context("mdBook cannot build the book")?;
    println!("the book is in target/book/index.html");
    Ok(())
}

fn install() -> Result<PathBuf> {
    let path = std::env::current_dir()?.join(FOLDER).join("bin/mdbook");
    if !path.is_file() {
        let mut install = cargo(["install", "--quiet", "--locked", "mdbook", "--version", VERSION]);
        run(install.args(["--root", FOLDER]))?;
    }
    Ok(path)
}
