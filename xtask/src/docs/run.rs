//! Runs the blocks of one page, in an empty folder and with an empty environment.

use std::{
    fmt::{self, Write as _},
    fs, io,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use super::{
    block::{Block, Page},
    output,
    script::{self, Shown},
};
use crate::process::find_program;

/// The functions that hidden blocks use.
const PRELUDE: &str = include_str!("prelude.sh");

/// How long the blocks of one page may take, and with `--slow`.
const TIMEOUT: Duration = Duration::from_mins(1);
const SLOW_TIMEOUT: Duration = Duration::from_mins(30);
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// The programs that the blocks run.
pub(super) struct Programs {
    root: PathBuf,
    ims: PathBuf,
    slow: bool,
    /// Whether a page can have a network with only its own loopback, so that a fixed port is always free.
    has_own_network: bool,
}

impl Programs {
    pub(super) fn find(slow: bool) -> Result<Self> {
        let root = std::env::current_dir()?;
        let target = std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into());
        let ims = root.join(target).join("debug/ims");
        if !ims.is_file() {
            bail!("{} was not built", ims.display());
        }
        let own_network = own_network().arg("true").stderr(Stdio::null()).status();
        let has_own_network = own_network.is_ok_and(|status| status.success());
        Ok(Self { root, ims, slow, has_own_network: has_own_network && !slow })
    }

    /// The folder of the examples that were built.
    fn examples(&self) -> PathBuf {
        self.ims.with_file_name("examples")
    }
}

/// The result of a page.
pub(super) struct Verdict {
    pub(super) page: String,
    /// The number of blocks that ran.
    pub(super) ran: usize,
    pub(super) faults: Vec<Fault>,
}

/// A block that does not do what it shows.
pub(super) struct Fault {
    line: usize,
    message: String,
    /// The output that the page would have to show, and the lines that it shows now.
    correction: Option<Correction>,
}

struct Correction {
    first_line: usize,
    lines: usize,
    text: String,
}

impl Fault {
    fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into(), correction: None }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.faults {
            writeln!(f, "{}:{}: {}", self.page, fault.line, fault.message)?;
        }
        Ok(())
    }
}

impl Verdict {
    /// Writes into the page what its commands printed.
    pub(super) fn bless(&self) -> Result<()> {
        let mut corrections: Vec<_> =
            self.faults.iter().filter_map(|fault| fault.correction.as_ref()).collect();
        if corrections.is_empty() {
            return Ok(());
        }
        let text = fs::read_to_string(&self.page)?;
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        corrections.sort_by_key(|correction| std::cmp::Reverse(correction.first_line));
        for Correction { first_line, lines: count, text } in corrections {
            let start = first_line - 1;
            lines.splice(start..start + count, text.lines().map(str::to_owned));
        }
        fs::write(&self.page, lines.join("\n") + "\n")?;
        Ok(())
    }
}

/// Runs the blocks of `page`.
pub(super) fn page(page: &Page, programs: &Programs) -> Verdict {
    let mut verdict = Verdict { page: page.path.clone(), ran: 0, faults: Vec::new() };
    for block in &page.blocks {
        verdict.faults.extend(static_fault(block, page, programs));
    }
    let steps = steps(page, programs.slow);
    verdict.ran = steps.iter().filter(|step| step.is_first_of_block).count();
    if !steps.iter().any(|step| !matches!(step.action, Action::Write { .. })) {
        return verdict;
    }
    match session(&steps, programs) {
        Ok(faults) => verdict.faults.extend(faults),
        Err(error) => verdict.faults.push(Fault::new(1, format!("{error:#}"))),
    }
    verdict
}

/// What is wrong with a block without running it.
fn static_fault(block: &Block, page: &Page, programs: &Programs) -> Option<Fault> {
    let attributes = &block.attributes;
    let is_excused = attributes.no_run.is_some();
    let problem = if let Some(name) = &attributes.example {
        excerpt_problem(&block.text, name, &programs.root)
    } else if block.is_rust() && !is_excused && !page.is_front_page() {
        Some("no example contains this block: name it with example=\"…\"".to_owned())
    } else if block.is_program() && attributes.file.is_none() && !is_excused {
        Some("no block runs this program: name its file with file=\"…\", and run it".to_owned())
    } else if is_excused {
        None
    } else {
        malformed(block)
    };
    problem.map(|problem| Fault::new(block.line, problem))
}

fn malformed(block: &Block) -> Option<String> {
    match block.language.as_str() {
        "json" => {
            serde_json::from_str::<serde_json::Value>(&block.text).err().map(|e| e.to_string())
        }
        "toml" => block.text.parse::<toml::Table>().err().map(|e| e.to_string()),
        _ => None,
    }
}

/// Whether an example does not contain the lines of `text` one after another. A line `// …` leaves lines out.
fn excerpt_problem(text: &str, example: &str, root: &Path) -> Option<String> {
    let (package, name) = example.split_once('/').unwrap_or(("ims", example));
    let folder = root.join("crates").join(package).join("examples");
    let single = fs::read_to_string(folder.join(format!("{name}.rs")));
    let Ok(source) = single.or_else(|_| fs::read_to_string(folder.join(name).join("main.rs")))
    else {
        return Some(format!("there is no example {name} of {package}"));
    };
    let source: Vec<&str> = source.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
    let mut rest = &source[..];
    for part in text.split("// …") {
        let part: Vec<&str> = part.lines().map(str::trim).filter(|it| !it.is_empty()).collect();
        if part.is_empty() {
            continue;
        }
        let Some(at) = rest.windows(part.len()).position(|lines| lines == part) else {
            return Some(format!(
                "the example {name} of {package} does not contain these lines:\n{}",
                part.join("\n")
            ));
        };
        rest = &rest[at + part.len()..];
    }
    None
}

/// One command or file of a page.
struct Step<'a> {
    line: usize,
    text: String,
    action: Action<'a>,
    is_background: bool,
    is_first_of_block: bool,
}

enum Action<'a> {
    /// Write the text to this file. It may be a part of this example.
    Write { file: &'a str, example: Option<&'a str> },
    /// Run it; it must succeed.
    Run,
    /// Run it and compare what it prints.
    Print(Shown),
    /// Compare what the block in the background has printed.
    Overhear,
}

fn steps(page: &Page, slow: bool) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    for block in &page.blocks {
        let attributes = &block.attributes;
        if attributes.no_run.is_some() || (attributes.slow.is_some() && !slow) {
            continue;
        }
        let is_background = attributes.background;
        let step = |line, text, action| Step {
            line,
            text,
            action,
            is_background,
            is_first_of_block: true,
        };
        if let Some(file) = &attributes.file {
            let example = attributes.example.as_deref();
            steps.push(step(block.line, block.text.clone(), Action::Write { file, example }));
        }
        if block.language == "console" {
            let commands = script::commands(&block.text, block.line);
            let last = commands.len().saturating_sub(1);
            for (index, shown) in commands.into_iter().enumerate() {
                let mut step = step(shown.line, shown.command.clone(), Action::Print(shown));
                step.is_first_of_block = index == 0;
                step.is_background = is_background && index == last;
                steps.push(step);
            }
        } else if block.is_shell() {
            steps.push(step(block.line, block.text.clone(), Action::Run));
        } else if is_background {
            steps.push(step(block.line, block.text.clone(), Action::Overhear));
        }
    }
    steps
}

/// Runs `steps` in one shell, and compares what they print.
fn session(steps: &[Step<'_>], programs: &Programs) -> Result<Vec<Fault>> {
    let folders = TempDir::with_prefix("ims-docs-")?;
    let root = folders.path().canonicalize()?;
    for name in ["home", "out", "steps", "tmp", "work"] {
        fs::create_dir(root.join(name))?;
    }
    fs::write(root.join("prelude.sh"), PRELUDE)?;
    fs::write(root.join("driver.sh"), driver(steps))?;
    for (index, step) in steps.iter().enumerate() {
        fs::write(root.join(format!("steps/{index}")), &step.text)?;
    }
    let timeout = if programs.slow { SLOW_TIMEOUT } else { TIMEOUT };
    let ended = run_shell(&root, programs, timeout)?;
    Ok(judge(steps, &root, ended))
}

/// The script that runs the steps: each of them writes its output to a file, and its exit code into `status`.
fn driver(steps: &[Step<'_>]) -> String {
    let mut driver = String::from(". \"$D/prelude.sh\"\nlast=0\n");
    for (index, step) in steps.iter().enumerate() {
        let (source, out) = (format!("\"$D/steps/{index}\""), format!("\"$D/out/{index}\""));
        let code = match &step.action {
            Action::Write { file, example } => format!(
                "mkdir -p \"$(dirname '{file}')\" && cat {source} > '{file}' || exit\nexample='{}'\n",
                example.unwrap_or_default()
            ),
            Action::Overhear => String::new(),
            Action::Run | Action::Print(_) if step.is_background => {
                format!("start_in_background {source} {out}\nwait_for_line {out}\nlast=0\n")
            }
            Action::Run => {
                format!("set -e\n{{ . {source}; }} > {out} 2>&1 < /dev/null\nset +e\nlast=0\n")
            }
            Action::Print(_) => {
                format!("{{ (exit $last); . {source}; }} > {out} 2>&1 < /dev/null\nlast=$?\n")
            }
        };
        // A step that ends the shell leaves its number as the last line.
        let _ = write!(driver, "echo {index} >> \"$D/status\"\n{code}");
    }
    driver + "echo end >> \"$D/status\"\nend_background\n"
}

fn run_shell(root: &Path, programs: &Programs, timeout: Duration) -> Result<Option<ExitStatus>> {
    let mut command = if programs.has_own_network { own_network() } else { Command::new("env") };
    command.args(["bash", "--noprofile", "--norc", "-c"]);
    command.arg("ip link set lo up 2> /dev/null; . \"$D/driver.sh\"");
    let programs_folder = programs.ims.parent().unwrap_or(root);
    let mut path = programs_folder.display().to_string();
    if programs.slow {
        // What a page installs is what its later blocks run.
        path = format!("{}:{path}", root.join("installed/bin").display());
    }
    if programs.slow
        && let Some(cargo) = find_program("cargo")
        && let Some(folder) = cargo.parent()
    {
        let _ = write!(path, ":{}", folder.display());
    }
    path.push_str(":/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin");
    command.env_clear().current_dir(root.join("work"));
    command.env("PATH", path).env("D", root).env("HOME", root.join("home"));
    command.env("TMPDIR", root.join("tmp")).env("LANG", "C.UTF-8").env("TERM", "dumb");
    command.env("CHECKOUT", &programs.root).env("EXAMPLES", programs.examples());
    command.env("SLOW", if programs.slow { "1" } else { "" });
    if programs.slow {
        command.env("CARGO_INSTALL_ROOT", root.join("installed"));
        // The programs that are built here need not be fast. The second run uses the build of the first one.
        command.env("CARGO_TARGET_DIR", programs.root.join("target/slow-blocks"));
        command.env("CARGO_PROFILE_DEV_DEBUG", "0").env("CARGO_PROFILE_RELEASE_LTO", "off");
        command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        command.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16");
        // Without these, rustup has no toolchain in the empty home folder.
        for name in ["CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        if let Some(home) = std::env::home_dir() {
            for (name, folder) in [("CARGO_HOME", ".cargo"), ("RUSTUP_HOME", ".rustup")] {
                if std::env::var_os(name).is_none() {
                    command.env(name, home.join(folder));
                }
            }
        }
    }
    let log = fs::File::create(root.join("log"))?;
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut shell = command.spawn().context("bash did not start")?;
    let ended = wait(&mut shell, timeout);
    // What the page started in the background ends with it.
    let group = format!("-{}", shell.id());
    let _ = Command::new("kill").args(["-KILL", "--", &group]).stderr(Stdio::null()).status();
    let _ = shell.wait();
    Ok(ended?)
}

fn wait(shell: &mut Child, timeout: Duration) -> io::Result<Option<ExitStatus>> {
    let polls = timeout.as_millis() / POLL_INTERVAL.as_millis();
    for _ in 0..polls {
        if let Some(status) = shell.try_wait()? {
            return Ok(Some(status));
        }
        thread::sleep(POLL_INTERVAL);
    }
    Ok(None)
}

/// Starts a program with its own network and its own list of processes.
fn own_network() -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    command
}

/// Compares what the steps printed with what the page shows.
fn judge(steps: &[Step<'_>], root: &Path, ended: Option<ExitStatus>) -> Vec<Fault> {
    let mut faults = Vec::new();
    let status = fs::read_to_string(root.join("status")).unwrap_or_default();
    let last = status.lines().last().unwrap_or_default();
    let ran = if last == "end" { steps.len() } else { last.parse::<usize>().unwrap_or(0) };
    let mut background = 0;
    for (index, step) in steps.iter().enumerate().take(ran) {
        let shown = match &step.action {
            Action::Print(shown) => shown,
            Action::Overhear => {
                let actual = printed(root, background);
                if !output::contains(&step.text, &actual) {
                    let message = format!(
                        "the block in the background printed\n{}\nand the page shows\n{}",
                        quoted(&actual),
                        quoted(&step.text)
                    );
                    faults.push(Fault::new(step.line, message));
                }
                continue;
            }
            Action::Write { .. } | Action::Run => continue,
        };
        if step.is_background {
            background = index;
        }
        let actual = printed(root, index);
        if output::matches(&shown.output, &actual) {
            continue;
        }
        let message = format!(
            "`{}` printed\n{}\nand the page shows\n{}",
            shown.command.trim_end(),
            quoted(&actual),
            quoted(&shown.output)
        );
        let first_line = shown.line + shown.command.lines().count();
        let lines = shown.output.trim_end().lines().count();
        let correction = Some(Correction { first_line, lines, text: shortened(&actual) });
        faults.push(Fault { line: step.line, message, correction });
    }
    if let Some(step) = steps.get(ran) {
        let how = match ended {
            Some(status) => format!("it ended the shell ({status})"),
            None => "it did not end".to_owned(),
        };
        let log = fs::read_to_string(root.join("log")).unwrap_or_default();
        let text = step.text.trim_end();
        let message = format!("{how}:\n{}\n{}", quoted(text), quoted(&(printed(root, ran) + &log)));
        faults.push(Fault::new(step.line, message));
    }
    faults
}

/// What a step printed, with `…` in place of the folders of this run.
fn printed(root: &Path, index: usize) -> String {
    let text = fs::read(root.join(format!("out/{index}"))).unwrap_or_default();
    let mut text = String::from_utf8_lossy(&text).into_owned();
    for name in ["work", "home", "tmp"] {
        text = text.replace(&*root.join(name).to_string_lossy(), "…");
    }
    text
}

fn quoted(text: &str) -> String {
    let mut quoted = String::new();
    for line in text.trim_end().lines() {
        let _ = writeln!(quoted, "    | {line}");
    }
    quoted.trim_end().to_owned()
}

/// A text for a page, in which tokens are cut.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    const KEPT: usize = 40;
    let mut shortened = String::new();
    let mut rest = text.trim_end();
    while let Some(start) = rest.find("eyJ") {
        let token = &rest[start..];
        let length = token.find(ends_token).unwrap_or(token.len());
        shortened.push_str(&rest[..start + length.min(KEPT)]);
        if length > LONGEST {
            shortened.push('…');
        } else {
            shortened.push_str(&token[length.min(KEPT)..length]);
        }
        rest = &token[length..];
    }
    shortened + rest
}

fn ends_token(c: char) -> bool {
    !c.is_ascii_alphanumeric() && !"-_.".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_cut_for_a_page_and_everything_else_stays() {
        let token = format!("eyJ{}", "a".repeat(100));
        let kept = format!("eyJ{}…", "a".repeat(37));
        let table = [
            (
                format!("{{\"token\":\"{token}\",\"n\":1}}\n"),
                format!("{{\"token\":\"{kept}\",\"n\":1}}"),
            ),
            ("eyJhbGciOi.eyJ9 b".to_owned(), "eyJhbGciOi.eyJ9 b".to_owned()),
            (token, kept),
            ("no token\nat all".to_owned(), "no token\nat all".to_owned()),
        ];
        for (text, expected) in table {
            assert_eq!(shortened(&text), expected);
        }
    }
}
