//! `ims emulator endpoints` and `ims emulator schema`: what the emulator serves, and what a scenario can say.

use clap::Args;
use ims_emulator::{EndpointVersion, Scenario, TimeUnit};

use crate::{
    failure::Failure,
    output::{self, Answer},
};

/// Print the table of endpoint versions: paths, methods, units, parameters.
///
/// Prints one line for each version of each endpoint that the emulator serves: path, methods, the unit of `expires_in`, and
/// the parameters without which it refuses a request. With --json also the other parameters, the members of the answer, the
/// grants and the source of each row.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ims emulator endpoints --json | jq '.[] | select(.unit)'")]
pub(super) struct Arguments {
    /// Print the whole table as JSON
    #[arg(long)]
    json: bool,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    if arguments.json {
        output::json(&EndpointVersion::ALL)?;
        return Ok(Answer::Yes);
    }
    let mut rows = vec![("path", "methods  unit  required parameters".to_owned())];
    for version in EndpointVersion::ALL {
        let unit = match version.unit {
            Some(TimeUnit::Milliseconds) => "ms",
            Some(TimeUnit::Seconds) => "s",
            _ => "",
        };
        let required = version.required.join(" ");
        let methods = version.methods.replace(", ", "/");
        rows.push((
            version.path,
            format!("{methods:7}  {unit:4}  {required}").trim_end().to_owned(),
        ));
    }
    output::rows(&rows)?;
    Ok(Answer::Yes)
}

/// Print the JSON Schema of scenarios.
///
/// Prints the JSON Schema (draft 2020-12) with which an editor completes and checks a scenario, the file for --config.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  ims emulator schema > scenario.schema.json")]
pub(super) struct SchemaArguments {}

pub(super) fn schema() -> Result<Answer, Failure> {
    output::line(&Scenario::json_schema())?;
    Ok(Answer::Yes)
}
