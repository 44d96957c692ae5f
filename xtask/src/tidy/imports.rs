//! Which file of a crate imports which: no files import each other in a circle, and no file imports through the crate root.
//!
//! A path in the code counts as an import, with `use` or without.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::{
    finding::Finding,
    tokens::Token,
    tree::{File, Tree},
};

/// The names of the modules from the crate root to an item.
type Path = Vec<String>;

/// One import of an item of the same crate.
struct Import {
    target: Path,
    line: usize,
    /// Whether it only hands the name on (`pub use`).
    is_reexport: bool,
}

/// The source files of one crate by their module paths; the crate root has the empty path.
type Modules<'a> = BTreeMap<Path, &'a File>;

/// Files that import each other in a circle, of two files or more.
pub(super) fn circles(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for modules in crates(tree).values() {
        findings.extend(circles_of(modules));
    }
    findings
}

fn circles_of(modules: &Modules<'_>) -> Vec<Finding> {
    let mut imported = BTreeMap::<&Path, BTreeMap<Path, usize>>::new();
    for (path, file) in modules {
        // The root lists the modules. An import from it breaks the other rule.
        if path.is_empty() {
            continue;
        }
        for import in imports(file, path, modules) {
            let target = module_of(&import.target, modules);
            if !import.is_reexport && !target.is_empty() && target != path.as_slice() {
                let targets = imported.entry(path).or_default();
                targets.entry(target.to_vec()).or_insert(import.line);
            }
        }
    }
    let mut findings = Vec::new();
    for (first, targets) in &imported {
        let Some(circle) = shortest_circle(first, &imported) else { continue };
        // Each circle is reported once, at its first file in alphabetical order.
        if circle.iter().any(|file| file < *first) {
            continue;
        }
        let files: Vec<&str> = circle.iter().map(|path| modules[path].path.as_str()).collect();
        let message = format!(
            "imports {}, which imports this file: move what they need to another file, or make one of them",
            files.join(", which imports ")
        );
        findings.push(Finding::new(&modules[*first].path, targets[&circle[0]], message));
    }
    findings
}

/// The files of the shortest way from what `first` imports back to `first`, which is not in it.
fn shortest_circle(
    first: &Path,
    imported: &BTreeMap<&Path, BTreeMap<Path, usize>>,
) -> Option<Vec<Path>> {
    let mut seen = BTreeSet::new();
    let mut ways = VecDeque::from([vec![first]]);
    while let Some(way) = ways.pop_front() {
        let last = way.last()?;
        for target in imported.get(last).into_iter().flat_map(BTreeMap::keys) {
            if target == first {
                return Some(way[1..].iter().map(|path| (*path).clone()).collect());
            }
            if seen.insert(target) {
                let mut longer = way.clone();
                longer.push(target);
                ways.push_back(longer);
            }
        }
    }
    None
}

/// Imports of an item through the crate root, which hide the file that has the item.
pub(super) fn through_root(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for modules in crates(tree).values() {
        findings.extend(through_root_of(modules));
    }
    findings
}

fn through_root_of(modules: &Modules<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut seen = BTreeSet::new();
    for (path, file) in modules {
        for import in imports(file, path, modules) {
            let item = import.target.join("::");
            let is_root = module_of(&import.target, modules).is_empty();
            if is_root && !path.is_empty() && seen.insert((path.clone(), item.clone())) {
                let message = format!(
                    "`crate::{item}` comes through the crate root: import it from the module that defines it"
                );
                findings.push(Finding::new(&file.path, import.line, message));
            }
        }
    }
    findings
}

/// The crates below `crates/` with their source files, tests not counted.
fn crates(tree: &Tree) -> BTreeMap<&str, Modules<'_>> {
    let mut crates = BTreeMap::<&str, Modules<'_>>::new();
    for file in tree.rust().filter(|file| !file.is_test()) {
        if let Some(name) = file.crate_name() {
            crates.entry(name).or_default().insert(module_path(file), file);
        }
    }
    crates
}

/// `crates/x/src/a/b.rs` is `a::b`; `lib.rs` and `main.rs` are the root.
fn module_path(file: &File) -> Path {
    let (_, path) = file.path.split_once("/src/").unwrap_or_default();
    let path = path.trim_end_matches(".rs");
    if ["lib", "main"].contains(&path) {
        return Path::new();
    }
    path.split('/').map(str::to_owned).collect()
}

/// The longest beginning of `target` that is a file.
fn module_of<'a>(target: &'a [String], modules: &Modules<'_>) -> &'a [String] {
    let mut length = target.len();
    while length > 0 && !modules.contains_key(&target[..length]) {
        length -= 1;
    }
    &target[..length]
}

/// What `file` imports from the same crate, outside its tests.
fn imports(file: &File, module: &[String], modules: &Modules<'_>) -> Vec<Import> {
    let tokens = &file.tokens;
    let mut imports = Vec::new();
    let mut inline = InlineModules::default();
    let mut at = 0;
    while at < tokens.len() {
        inline.step(tokens, at);
        let is_use = text(tokens, at) == "use";
        if is_use {
            at += 1;
        }
        // After a colon it is the middle of a path, which has been read or belongs to another crate.
        let is_start = is_use || at < 2 || !is_separator(tokens, at - 2);
        let start = start(tokens, at, module, &inline, modules);
        let Some((base, first)) = start.filter(|_| is_start && !tokens[at].in_test) else {
            at += usize::from(!is_use);
            continue;
        };
        let line = tokens[at].line;
        let is_reexport = is_use && at > 1 && ["pub", ")"].contains(&text(tokens, at - 2));
        let mut targets = Vec::new();
        at = read_path(tokens, first, base, &mut targets);
        imports.extend(targets.into_iter().map(|target| Import { target, line, is_reexport }));
    }
    imports
}

/// The module that the path at `at` starts from, and the index of its first segment after that.
fn start(
    tokens: &[Token],
    at: usize,
    module: &[String],
    inline: &InlineModules,
    modules: &Modules<'_>,
) -> Option<(Path, usize)> {
    if !is_separator(tokens, at + 1) {
        return None;
    }
    let mut here: Path = module.to_vec();
    here.extend(inline.names.iter().map(|(name, _)| name.clone()));
    match tokens[at].text.as_str() {
        "crate" => Some((Path::new(), at + 3)),
        "self" => Some((here, at + 3)),
        "super" => {
            let mut next = at;
            while text(tokens, next) == "super" && is_separator(tokens, next + 1) {
                here.pop();
                next += 3;
            }
            Some((here, next))
        }
        name => {
            here.push(name.to_owned());
            let is_child = inline.names.is_empty() && modules.contains_key(&here);
            is_child.then_some((here, at + 3))
        }
    }
}

/// Reads the rest of a path or of a `use` tree from `at`, and returns the index of what follows it.
fn read_path(tokens: &[Token], at: usize, mut path: Path, targets: &mut Vec<Path>) -> usize {
    let segment = text(tokens, at);
    if segment == "{" {
        return read_group(tokens, at + 1, &path, targets);
    }
    if !["*", "self"].contains(&segment) {
        path.push(segment.to_owned());
    }
    let next = text(tokens, at + 3);
    let goes_on = is_separator(tokens, at + 1) && (is_word(next) || ["{", "*"].contains(&next));
    if goes_on {
        return read_path(tokens, at + 3, path, targets);
    }
    targets.push(path);
    at + 1
}

fn read_group(tokens: &[Token], mut at: usize, path: &[String], targets: &mut Vec<Path>) -> usize {
    while at < tokens.len() && text(tokens, at) != "}" {
        at = match text(tokens, at) {
            "," => at + 1,
            "as" => at + 2,
            _ => read_path(tokens, at, path.to_vec(), targets),
        };
    }
    at + 1
}

fn is_separator(tokens: &[Token], at: usize) -> bool {
    text(tokens, at) == ":" && text(tokens, at + 1) == ":"
}

fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic() || first == '_')
}

fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

/// The modules with a body in the same file, in which `super` means something else.
#[derive(Default)]
struct InlineModules {
    depth: usize,
    /// Each with the depth of its body.
    names: Vec<(String, usize)>,
}

impl InlineModules {
    fn step(&mut self, tokens: &[Token], at: usize) {
        match text(tokens, at) {
            "{" => {
                self.depth += 1;
                if at > 1 && text(tokens, at - 2) == "mod" {
                    self.names.push((text(tokens, at - 1).to_owned(), self.depth));
                }
            }
            "}" => {
                if self.names.last().is_some_and(|(_, depth)| *depth == self.depth) {
                    self.names.pop();
                }
                self.depth = self.depth.saturating_sub(1);
            }
            _ => {}
        }
    }
}
