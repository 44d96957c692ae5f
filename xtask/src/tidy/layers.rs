//! The layers of the crates, which `docs/ARCHITECTURE.md` shows, compared with the manifests.

use cargo_metadata::{Dependency, DependencyKind};

use super::{
    finding::Finding,
    tree::{Crate, Tree},
};

/// Keys and certificates for tests. The tests of every crate may import it.
const TESTKIT: &str = "ims-testkit";

/// Which of our crates a crate may import.
struct Layer {
    name: &'static str,
    imports: &'static [&'static str],
    /// What its tests may import in addition, besides the test kit.
    tests_import: &'static [&'static str],
}

/// The layers below the facade.
pub(super) const BELOW_IMS: &[&str] = &[
    "ims-claims",
    "ims-files",
    "ims-sign",
    "ims-exchange",
    "ims-cert",
    "ims-credentials",
    "ims-token",
    "ims-verify",
    "ims-middleware",
];

/// The measurements and the fuzz targets use every layer.
const EVERY_LAYER: &[&str] = &[
    "ims-claims",
    "ims-files",
    "ims-sign",
    "ims-exchange",
    "ims-cert",
    "ims-credentials",
    "ims-token",
    "ims-verify",
    "ims",
    "ims-emulator",
    TESTKIT,
];

/// From the bottom to the top. The emulator does not import the crates of the client: a mistake on both sides would not be
/// noticed.
#[rustfmt::skip]
const LAYERS: &[Layer] = &[
    Layer { name: "ims-claims",     imports: &[],                                                       tests_import: &[] },
    Layer { name: "ims-files",      imports: &[],                                                       tests_import: &[] },
    Layer { name: "ims-sign",       imports: &["ims-claims", "ims-files"],                              tests_import: &[] },
    Layer { name: "ims-exchange",   imports: &["ims-claims", "ims-files"],                              tests_import: &[] },
    Layer { name: "ims-cert",       imports: &["ims-claims", "ims-sign"],                               tests_import: &[] },
    Layer { name: "ims-credentials", imports: &["ims-claims", "ims-exchange", "ims-files"],             tests_import: &["ims-sign"] },
    Layer { name: "ims-token",      imports: &["ims-claims", "ims-exchange", "ims-files"],              tests_import: &[] },
    Layer { name: "ims-verify",     imports: &["ims-claims", "ims-sign", "ims-exchange"],               tests_import: &[] },
    Layer { name: "ims-middleware", imports: &["ims-claims", "ims-exchange", "ims-token"],              tests_import: &[] },
    Layer { name: "ims",            imports: BELOW_IMS,                                                 tests_import: &["ims-emulator"] },
    Layer { name: "ims-emulator",   imports: &["ims-claims", "ims-files"],                              tests_import: &[] },
    Layer { name: "ims-agent",      imports: &["ims", "ims-files", "ims-middleware"],                   tests_import: &["ims-emulator", "ims-token"] },
    Layer { name: "ims-cli",        imports: &["ims", "ims-agent", "ims-emulator", "ims-files", "ims-middleware"],   tests_import: &[] },
    Layer { name: TESTKIT,          imports: &[],                                                       tests_import: &[] },
    Layer { name: "ims-bench",      imports: EVERY_LAYER,                                               tests_import: &[] },
    Layer { name: "ims-fuzz",       imports: EVERY_LAYER,                                               tests_import: &[] },
    Layer { name: "xtask",          imports: &[],                                                       tests_import: &[] },
];

/// Imports of our crates that the table does not allow, and crates that are not in it.
pub(super) fn imports(tree: &Tree) -> Vec<Finding> {
    tree.crates.iter().flat_map(imports_of).collect()
}

fn imports_of(member: &Crate) -> Vec<Finding> {
    let Some(layer) = LAYERS.iter().find(|layer| layer.name == member.name()) else {
        let message =
            format!("{} has no layer: give it one in xtask/src/tidy/layers.rs", member.name());
        return vec![member.finding("name", message)];
    };
    let ours = member.package.dependencies.iter().filter(|dependency| dependency.path.is_some());
    let wrong = ours.filter(|dependency| !layer.allows(dependency));
    wrong.map(|dependency| member.finding(&dependency.name, layer.message(dependency))).collect()
}

impl Layer {
    fn allows(&self, dependency: &Dependency) -> bool {
        let name = dependency.name.as_str();
        if self.imports.contains(&name) {
            return true;
        }
        // A crate's tests may import the crate itself, to turn on its features.
        let is_for_tests =
            name == TESTKIT || name == self.name || self.tests_import.contains(&name);
        is_for_tests && dependency.kind == DependencyKind::Development
    }

    fn message(&self, dependency: &Dependency) -> String {
        let allowed =
            if self.imports.is_empty() { "none of ours".into() } else { self.imports.join(", ") };
        format!(
            "{} imports {}, but may import {allowed}: move the code to the layer it belongs to",
            self.name, dependency.name
        )
    }
}
