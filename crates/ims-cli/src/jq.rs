//! The filter of `--jq`, in the language of jq: <https://jqlang.org/manual/>.

use std::fmt;

use jaq_core::{
    Compiler, Ctx, Filter as Compiled, Vars, compile,
    data::JustLut,
    load::{self, Arena, File, Loader},
    unwrap_valr,
};
use jaq_json::{Val, read};

use crate::failure::Failure;

/// A filter that has been compiled.
pub(crate) struct Filter(Compiled<JustLut<Val>>);

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Filter(..)")
    }
}

impl Filter {
    /// Compiles `code`. It is done before anything is sent.
    pub(crate) fn compile(code: &str) -> Result<Self, Failure> {
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let functions = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let (loader, arena) = (Loader::new(definitions), Arena::default());
        let modules = loader.load(&arena, File { code, path: () });
        let modules = modules.map_err(|errors| unusable(&not_loaded(&errors)))?;
        let compiler: Compiler<_, JustLut<Val>> = Compiler::default().with_funs(functions);
        let filter = compiler.compile(modules);
        filter.map(Self).map_err(|errors| unusable(&not_compiled(&errors)))
    }

    /// The results of the filter for `body`.
    pub(crate) fn values(&self, body: &[u8]) -> Result<Vec<Filtered>, Failure> {
        let input = read::parse_single(body).map_err(|_| {
            Failure::person("the answer is not JSON, so --jq cannot filter it").named("not_json")
        })?;
        let context = Ctx::<JustLut<Val>>::new(&self.0.lut, Vars::new([]));
        let mut values = Vec::new();
        for value in self.0.id.run((context, input)).map(unwrap_valr) {
            let value = value.map_err(|error| {
                Failure::usage(format!("--jq does not fit the answer: {error}")).named("jq")
            })?;
            values.push(match value {
                Val::TStr(text) => Filtered::Text(text.to_vec()),
                value => Filtered::Json(value.to_string()),
            });
        }
        Ok(values)
    }
}

/// One value that a filter has made.
#[derive(Debug)]
pub(crate) enum Filtered {
    /// A text, which is printed without quotation marks, as by gh.
    Text(Vec<u8>),
    /// JSON in one line.
    Json(String),
}

fn unusable(reason: &str) -> Failure {
    Failure::usage(format!("--jq: {reason}"))
        .named("jq")
        .hint("the language is that of jq: https://jqlang.org/manual/")
}

fn not_loaded(errors: &load::Errors<&str, ()>) -> String {
    let first = errors.first().map(|(_, error)| error);
    let (expected, found) = match first {
        Some(load::Error::Lex(errors)) => match errors.first() {
            Some((expected, found)) => (expected.as_str(), *found),
            None => return "the filter cannot be read".to_owned(),
        },
        Some(load::Error::Parse(errors)) => match errors.first() {
            Some((expected, found)) => (expected.as_str(), *found),
            None => return "the filter cannot be read".to_owned(),
        },
        _ => return "modules are not read here".to_owned(),
    };
    if found.is_empty() {
        return format!("{expected} is expected at the end");
    }
    format!("{expected} is expected before `{found}`")
}

fn not_compiled(errors: &compile::Errors<&str, ()>) -> String {
    let undefined = errors.first().and_then(|(_, errors)| errors.first());
    match undefined {
        Some((name, what)) => format!("there is no {} called {name}", what.as_str()),
        None => "the filter cannot be compiled".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_cannot_be_read_says_why() {
        #[rustfmt::skip]
        let table = [
            (".a |",        "term is expected at the end"),
            (".a[",         "closing bracket is expected"),
            (".a | nope",   "there is no filter called nope"),
            ("$nope",       "there is no variable called $nope"),
        ];
        for (code, part) in table {
            let (message, hints, exit_code) = Filter::compile(code).unwrap_err().into_parts();
            assert!(message.contains(part), "{code}: {message}");
            assert_eq!((hints.len(), exit_code), (1, 2), "{code}");
        }
        Filter::compile(".items[] | select(.n > 1) | {id, name}").unwrap();
    }
}
