//! The figures in docs/benchmarks.md: written by a run, and read again by the next one, which must not be slower.

use std::{
    fs,
    sync::{Mutex, PoisonError},
    time::SystemTime,
};

use anyhow::{Context, Result};
use ims_claims::NumericDate;

/// Where the figures are, from the root of the workspace.
const PAGE: &str = "docs/benchmarks.md";

/// The figures are between these lines.
const BEGIN: &str = "<!-- begin of the figures, which cargo xtask bench --record writes -->";
const END: &str = "<!-- end of the figures -->";

const HEAD: &str = "\
| measurement | ratio | middle half of the rounds | target | measured | on |\n\
|---|---|---|---|---|---|\n";

/// How much worse a ratio may be than the recorded one.
const TOLERANCE: f64 = 0.1;

/// The median of a ratio over the rounds, and the ends of the middle half.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ratio {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Ratio {
    /// A ratio that was measured once.
    pub(crate) fn once(value: f64) -> Self {
        Self { median: value, low: value, high: value }
    }

    pub(crate) fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        let at = |place: usize| values.get(place).copied().unwrap_or(f64::NAN);
        let count = values.len();
        Self { median: at(count / 2), low: at(count / 4), high: at(count * 3 / 4) }
    }
}

/// What a ratio should be.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    AtLeast(f64),
    AtMost(f64),
}

impl Target {
    pub(crate) fn is_met(self, ratio: f64) -> bool {
        match self {
            Self::AtLeast(target) => ratio >= target,
            Self::AtMost(target) => ratio <= target,
        }
    }

    pub(crate) fn text(self) -> String {
        match self {
            Self::AtLeast(target) => format!("at least {target}"),
            Self::AtMost(target) => format!("at most {target}"),
        }
    }

    /// Whether `ratio` is worse than `before` by more than the tolerance.
    fn is_worse(self, ratio: f64, before: f64) -> bool {
        match self {
            Self::AtLeast(_) => ratio < before * (1.0 - TOLERANCE),
            Self::AtMost(_) => ratio > before * (1.0 + TOLERANCE),
        }
    }
}

struct Figure {
    name: String,
    ratio: Ratio,
    target: Target,
}

/// The figures of this run.
static FIGURES: Mutex<Vec<Figure>> = Mutex::new(Vec::new());

/// Keeps a figure, and returns the recorded ratio if this one is worse by more than the tolerance.
///
/// Wall times are not compared with recorded ones: they depend on what else the machine does.
pub(crate) fn keep(name: &str, ratio: Ratio, target: Target) -> Option<f64> {
    let figure = Figure { name: name.to_owned(), ratio, target };
    FIGURES.lock().unwrap_or_else(PoisonError::into_inner).push(figure);
    if name.contains("wall time") {
        return None;
    }
    let before = recorded(&fs::read_to_string(PAGE).ok()?, name)?;
    target.is_worse(ratio.median, before).then_some(before)
}

/// Writes the figures of this run into the page, each in place of an older one with its name.
pub(crate) fn write() -> Result<()> {
    let page = fs::read_to_string(PAGE).with_context(|| format!("cannot read {PAGE}"))?;
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
    let now = NumericDate::from_secs(since_1970.as_secs().try_into()?).to_string();
    let (date, _) = now.split_once('T').context("a date has a time")?;
    let figures = FIGURES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut rows = Vec::new();
    for Figure { name, ratio, target } in figures.iter() {
        let (median, low, high) = (shown(ratio.median), shown(ratio.low), shown(ratio.high));
        let (target, machine) = (target.text(), machine());
        rows.push((
            name.as_str(),
            format!("| {name} | {median} | {low} to {high} | {target} | {date} | {machine} |"),
        ));
    }
    fs::write(PAGE, with_rows(&page, &rows)?).with_context(|| format!("cannot write {PAGE}"))
}

/// The page with these rows, each under its name: in place of an older row, or after the last one.
fn with_rows(page: &str, new: &[(&str, String)]) -> Result<String> {
    let (before, rest) = page.split_once(BEGIN).context("the page has no place for figures")?;
    let (old, after) = rest.split_once(END).context("the place for figures has no end")?;
    let mut rows: Vec<(&str, String)> = Vec::new();
    for line in old.lines() {
        if let Some(name) = row_name(line) {
            rows.push((name, line.to_owned()));
        }
    }
    for (name, row) in new {
        match rows.iter_mut().find(|(other, _)| other == name) {
            Some(old) => old.1.clone_from(row),
            None => rows.push((name, row.clone())),
        }
    }
    let lines: Vec<&str> = rows.iter().map(|(_, row)| row.as_str()).collect();
    Ok(format!("{before}{BEGIN}\n\n{HEAD}{}\n\n{END}{after}", lines.join("\n")))
}

/// The name in a row; `None` for the head of the table and other lines.
fn row_name(line: &str) -> Option<&str> {
    let name = line.strip_prefix("| ")?.split(" | ").next()?;
    (name != "measurement").then_some(name)
}

/// The ratio that the page has under `name`.
fn recorded(page: &str, name: &str) -> Option<f64> {
    let line = page.lines().find(|line| row_name(line) == Some(name))?;
    line.split(" | ").nth(1)?.replace(',', "").parse().ok()
}

/// Three significant digits.
fn shown(ratio: f64) -> String {
    match ratio.abs() {
        0.0..10.0 => format!("{ratio:.3}"),
        10.0..100.0 => format!("{ratio:.1}"),
        _ => format!("{ratio:.0}"),
    }
}

/// The processor, and the load of the machine.
fn machine() -> String {
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let information = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = information.lines().find_map(|line| line.strip_prefix("model name"));
    let model = model.and_then(|rest| rest.split_once(": ")).map_or("unknown", |(_, model)| model);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    format!("{processors} × {}, load {load}", model.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROW: &str =
        "| a, CPU time | 0.950 | 0.94 to 0.96 | at least 0.9 | 2026-11-28 | 2 × x, load 1 |";

    #[test]
    fn a_row_replaces_the_older_one_and_new_ones_come_last() {
        let page = format!("before\n{BEGIN}\n\n{HEAD}{ROW}\n\n{END}\nafter");
        let new =
            [("b", "| b | 2 |".to_owned()), ("a, CPU time", "| a, CPU time | 1 |".to_owned())];
        let expected =
            format!("before\n{BEGIN}\n\n{HEAD}| a, CPU time | 1 |\n| b | 2 |\n\n{END}\nafter");
        assert_eq!(with_rows(&page, &new).unwrap(), expected);
        assert!(with_rows("no place", &new).is_err());
    }

    #[test]
    fn a_figure_has_three_significant_digits() {
        let table = [
            (0.9351, "0.935"),
            (-0.017, "-0.017"),
            (23.04, "23.0"),
            (2058.3, "2058"),
            (10.0, "10.0"),
        ];
        for (ratio, text) in table {
            assert_eq!(shown(ratio), text);
        }
    }

    #[test]
    fn a_ratio_that_is_worse_than_the_recorded_one_x_one_that_varies() {
        assert_eq!(recorded(ROW, "a, CPU time"), Some(0.95));
        assert_eq!(recorded(ROW, "b"), None);
        let (least, most) = (Target::AtLeast(0.5), Target::AtMost(2.0));
        #[rustfmt::skip]
        let table = [
            (least, 0.84, true),
            (least, 0.86, false),
            (least, 1.50, false),
            (most,  1.06, true),
            (most,  1.04, false),
            (most,  0.50, false),
        ];
        for (target, ratio, is_worse) in table {
            assert_eq!(target.is_worse(ratio, 0.95), is_worse, "{target:?} {ratio}");
        }
    }

    #[test]
    fn the_page_has_a_place_for_figures_and_none_elsewhere() {
        let page = include_str!("../../../docs/benchmarks.md");
        assert!(with_rows(page, &[]).is_ok());
        let (before, rest) = page.split_once(BEGIN).unwrap();
        let (_, after) = rest.split_once(END).unwrap();
        for text in [before, after] {
            for unit in [" µs", " ms", " ns", " MiB", "≥", "≤"] {
                assert!(!text.contains(unit), "{unit:?} belongs to the recorded figures");
            }
        }
    }
}
