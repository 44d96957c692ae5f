//! The order of the functions in the binary. A start of the command runs a tenth of them. If these are next to each other,
//! it uses a fifth of the pages that it uses otherwise. See docs/decisions/0040-order-of-the-functions.md.
//!
//! The linker gets the order as a script, which is written from what two commands run. Names in it match any hash of a
//! crate. A function that is missing in the script is linked as before, and a name that matches nothing does nothing.

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
mod trace;

use std::{
    borrow::Cow,
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, ensure};
use regex::Regex;

use super::{
    build::{self, LIMITED},
    fresh,
};
use crate::process::run as run_command;

/// The script of the linker.
pub(super) const SCRIPT: &str = "xtask/src/dist/start_order.ld";

const FOLDER: &str = "target/order";

/// Builds the command with its symbols, traces what it runs, and writes the script. The next build uses it.
pub(super) fn write() -> Result<()> {
    let folder = Path::new(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    fs::create_dir_all(folder)?;
    let folder = folder.canonicalize()?;
    let map = folder.join("ims.map");
    run_command(&mut build::command_with_symbols(&map))?;
    let binary = Path::new("target").join(LIMITED).join("dist/ims").canonicalize()?;
    let functions = functions(&fs::read_to_string(&map)?)?;
    let credentials = integration(&binary, &folder)?;
    let emulator = Emulator::start(&binary, &credentials)?;
    let mut order = Vec::new();
    for arguments in [
        vec!["jwt", "sign", "-c", &credentials],
        vec!["token", "--fresh", "--ims-url", &emulator.url, "-c", &credentials],
    ] {
        for address in traced(&binary, &arguments, &folder, &functions)? {
            if let Some(section) = functions.get(&address)
                && !order.contains(section)
            {
                order.push(section.clone());
            }
        }
    }
    println!("{} sections of functions, in the order of their first calls: {SCRIPT}", order.len());
    Ok(fs::write(SCRIPT, script(&order))?)
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn traced(
    binary: &Path,
    arguments: &[&str],
    home: &Path,
    functions: &BTreeMap<u64, String>,
) -> Result<Vec<u64>> {
    trace::functions_run(binary, arguments, home, functions.keys().copied())
}

#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
fn traced(_: &Path, _: &[&str], _: &Path, _: &BTreeMap<u64, String>) -> Result<Vec<u64>> {
    anyhow::bail!("programs are traced on Linux with x86-64 only")
}

/// The addresses of functions in a map of LLD, each with the pattern of its section.
///
/// A line has the address, the address in the file, the size, the alignment, and, indented by one step more each, the
/// section of the binary, that of an object, or a symbol.
fn functions(map: &str) -> Result<BTreeMap<u64, String>> {
    let line = Regex::new(r"^\s*([0-9a-f]+)\s+[0-9a-f]+\s+([0-9a-f]+)\s+[0-9]+ (\s*)(\S.*)$")?;
    let names = Names::new()?;
    let mut functions = BTreeMap::new();
    let mut section = None;
    for parts in map.lines().filter_map(|text| line.captures(text)) {
        match parts[3].len() {
            8 => section = names.pattern(&parts[4]),
            16 => {
                // A label within a function has no size.
                if let Some(section) = &section
                    && &parts[2] != "0"
                {
                    functions.insert(u64::from_str_radix(&parts[1], 16)?, section.clone());
                }
            }
            _ => {}
        }
    }
    ensure!(functions.len() > 1000, "the map of the linker has {} functions", functions.len());
    Ok(functions)
}

/// Makes patterns of names.
struct Names {
    of_section: Regex,
    crate_hash: Regex,
    back_reference: Regex,
    /// LLVM numbers functions of the same name, and copies of a function.
    number: Regex,
    library_version: Regex,
}

impl Names {
    fn new() -> Result<Self> {
        Ok(Self {
            of_section: Regex::new(r"^.*?([^/()]*)\)?:\((\.text[^)]*)\)$")?,
            // RFC 2603: the disambiguator of a crate, in base 62, and a reference to a place in the name, which depends
            // on the lengths of disambiguators before it.
            crate_hash: Regex::new(r"Cs[0-9A-Za-z]+_")?,
            back_reference: Regex::new(r"B[0-9A-Za-z]{0,3}_")?,
            // AWS-LC has its version in each name.
            number: Regex::new(r"(\.llvm)?\.[0-9]+$")?,
            library_version: Regex::new(r"aws_lc_[0-9]+_[0-9]+_[0-9]+_")?,
        })
    }

    /// The pattern of the section of code that is shown as `file:(section)` or `archive(file):(section)`; `None` for another.
    fn pattern(&self, shown: &str) -> Option<String> {
        let parts = self.of_section.captures(shown)?;
        let (file, section) = (&parts[1], &parts[2]);
        if section == ".text" {
            // A file in assembly language. The name in an archive begins with a hash.
            let name = file.split_once('-').map_or(file, |(_, name)| name);
            return file.contains('-').then(|| format!("*-{name}(.text)"));
        }
        if section.contains("aws_lc_") {
            return Some(format!("*({})", self.library_version.replace(section, "aws_lc_*_")));
        }
        let section = self.crate_hash.replace_all(section, "Cs*_");
        let section = self.back_reference.replace_all(&section, "B*_");
        let section = self.number.replace(&section, "*");
        let section = without_last_crate(&section);
        Some(format!("*({section})"))
    }
}

/// A generic function that several crates need exists once, under the name of any of them. That is the last part of its name.
fn without_last_crate(section: &str) -> Cow<'_, str> {
    match section.rsplit_once("Cs*_") {
        Some((function, name)) if is_one_name(name) => Cow::Owned(format!("{function}*")),
        _ => Cow::Borrowed(section),
    }
}

/// Whether the text is a length followed by that number of characters, and nothing else.
fn is_one_name(text: &str) -> bool {
    let start = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..start].parse() == Ok(text.len() - start)
}

fn script(order: &[String]) -> String {
    let mut script = String::from(
        "/* What a start of the command runs, in the order of the first calls; written by `cargo xtask link-order`.\n   \
         See docs/decisions/0040-order-of-the-functions.md. */\nSECTIONS {\n  .text.start : {\n",
    );
    for section in order {
        script.extend(["    ", section, "\n"]);
    }
    script + "  }\n}\nINSERT BEFORE .text;\n"
}

/// A new service account in `folder`; returns the path of its credentials.
fn integration(binary: &Path, folder: &Path) -> Result<String> {
    let mut new_key = Command::new(binary);
    run_command(new_key.args(["cert", "new", "--subject", "/CN=order", "--out"]).arg(folder))?;
    let file = folder.join("credentials.json");
    fs::write(&file, fresh::CREDENTIALS)?;
    fresh::make_private(&file, 0o600)?;
    Ok(file.to_str().context("the path is not text")?.to_owned())
}

/// The emulator, killed when dropped.
struct Emulator {
    child: Child,
    url: String,
}

impl Emulator {
    fn start(binary: &Path, credentials: &str) -> Result<Self> {
        let mut command = Command::new(binary);
        command.args(["emulator", "-c", credentials]).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let mut url = String::new();
        let stdout = child.stdout.take().context("the emulator has no standard output")?;
        BufReader::new(stdout).read_line(&mut url)?;
        Ok(Self { child, url: url.trim().to_owned() })
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // Both fail if it has already ended, which is fine.
        let _ = self.child.kill().and_then(|()| self.child.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_matches_a_section_whatever_the_hash_of_its_crate_is() {
        let names = Names::new().unwrap();
        #[rustfmt::skip]
        let table = [
            ("/t/ims.o:(.text._RNvCsgY6Mt91CT9J_3ims4main)",       Some("*(.text._RNvCs*_3ims4main)")),
            ("/t/ims.o:(.text.unlikely._RNvCsa_3ims3end.llvm.12)", Some("*(.text.unlikely._RNvCs*_3ims3end*)")),
            ("/t/ims.o:(.text._RNvXsf_NtCsa_4core3cmpNtB5_2Eq2eq.76)", Some("*(.text._RNvXsf_NtCs*_4core3cmpNtB*_2Eq2eq*)")),
            ("/t/ims.o:(.text._RINvCsa_4core4dropTuEECsb_10hyper_util)", Some("*(.text._RINvCs*_4core4dropTuEE*)")),
            ("/t/c.rlib(1e17-bcm.o):(.text.aws_lc_0_47_0_BN_new)", Some("*(.text.aws_lc_*_BN_new)")),
            ("/t/c.rlib(c3f2-x86_64-mont5.o):(.text)",             Some("*-x86_64-mont5.o(.text)")),
            ("/t/c.rlib(c3f2-x86_64-mont5.o):(.rodata)",           None),
            ("/usr/lib/Scrt1.o:(.text)",                           None),
            (".text",                                              None),
        ];
        for (shown, expected) in table {
            assert_eq!(names.pattern(shown).as_deref(), expected, "{shown}");
        }
    }

    #[test]
    fn the_script_places_each_section_before_all_other_code() {
        let script = script(&["*(.text.a)".to_owned(), "*-b.o(.text)".to_owned()]);
        let expected =
            "  .text.start : {\n    *(.text.a)\n    *-b.o(.text)\n  }\n}\nINSERT BEFORE .text;\n";
        assert!(script.ends_with(expected), "{script}");
    }

    #[test]
    fn the_script_of_the_build_has_the_first_function_of_the_command() {
        let script = fs::read_to_string(Path::new("..").join(SCRIPT)).unwrap();
        assert!(script.lines().any(|line| line.trim() == "*(.text._RNvCs*_3ims4main)"));
    }
}
