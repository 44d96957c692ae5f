//! The commands. Each is one file.

mod admin;
mod cache;
mod call;
mod cert;
mod completions;
mod context;
mod demo;
mod discovery;
mod doctor;
mod emulator;
mod exchange;
mod exec;
mod hsm;
mod init;
mod jwt;
mod key;
mod keys;
mod login;
mod logout;
mod man;
mod migrate;
mod organizations;
mod profile;
mod question;
mod register;
mod revoke;
mod secret;
mod status;
mod token;
mod userinfo;
mod validate;

use clap::Subcommand;

use crate::{failure::Failure, on_demand::OnDemand, output::Answer, process};

/// What the command line can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(OnDemand<demo::Arguments>),
    Init(OnDemand<init::Arguments>),
    Login(OnDemand<login::Arguments>),
    Logout(OnDemand<logout::Arguments>),
    Token(OnDemand<token::Arguments>),
    Exec(OnDemand<exec::Arguments>),
    Call(OnDemand<call::Arguments>),
    Validate(OnDemand<validate::Arguments>),
    Revoke(OnDemand<revoke::Arguments>),
    Userinfo(OnDemand<userinfo::Arguments>),
    Profile(OnDemand<profile::Arguments>),
    Organizations(OnDemand<organizations::Arguments>),
    /// Show the profile and the organizations of any user (for services of Adobe)
    #[command(subcommand)]
    Admin(OnDemand<admin::Command>),
    /// Exchange a user's token, or a service's permanent code, for another token
    #[command(subcommand)]
    Exchange(OnDemand<exchange::Command>),
    Register(OnDemand<register::Arguments>),
    Keys(OnDemand<keys::Arguments>),
    Discovery(OnDemand<discovery::Arguments>),
    /// Manage credentials by name
    #[command(subcommand)]
    Context(OnDemand<context::Command>),
    Status(OnDemand<status::Arguments>),
    /// List and remove the access tokens in the cache
    #[command(subcommand)]
    Cache(OnDemand<cache::Command>),
    Migrate(OnDemand<migrate::Arguments>),
    /// Sign, decode and verify JSON Web Tokens
    #[command(subcommand)]
    Jwt(OnDemand<jwt::Command>),
    /// Create, inspect, check and rotate certificates
    #[command(subcommand)]
    Cert(OnDemand<cert::Command>),
    /// List and rotate client secrets
    #[command(subcommand)]
    Secret(OnDemand<secret::Command>),
    /// Inspect private key files
    #[command(subcommand)]
    Key(OnDemand<key::Command>),
    /// List and generate keys in hardware security modules
    #[command(subcommand)]
    Hsm(OnDemand<hsm::Command>),
    Doctor(OnDemand<doctor::Arguments>),
    Emulator(OnDemand<emulator::Arguments>),
    Completions(OnDemand<completions::Arguments>),
    Man(OnDemand<man::Arguments>),
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Demo(OnDemand(arguments)) => demo::run(&arguments),
        Command::Init(OnDemand(arguments)) => init::run(&arguments),
        Command::Login(OnDemand(arguments)) => login::run(&arguments),
        Command::Logout(OnDemand(arguments)) => logout::run(&arguments),
        Command::Token(OnDemand(arguments)) => token::run(&arguments),
        Command::Exec(OnDemand(arguments)) => exec::run(&arguments),
        Command::Call(OnDemand(arguments)) => call::run(&arguments),
        Command::Validate(OnDemand(arguments)) => validate::run(&arguments),
        Command::Revoke(OnDemand(arguments)) => revoke::run(&arguments),
        Command::Userinfo(OnDemand(arguments)) => userinfo::run(&arguments),
        Command::Profile(OnDemand(arguments)) => profile::run(&arguments),
        Command::Organizations(OnDemand(arguments)) => organizations::run(&arguments),
        Command::Admin(OnDemand(command)) => admin::run(&command),
        Command::Exchange(OnDemand(command)) => exchange::run(&command),
        Command::Register(OnDemand(arguments)) => register::run(&arguments),
        Command::Keys(OnDemand(arguments)) => keys::run(&arguments),
        Command::Discovery(OnDemand(arguments)) => discovery::run(&arguments),
        Command::Context(OnDemand(command)) => context::run(command),
        Command::Status(OnDemand(arguments)) => status::run(&arguments),
        Command::Cache(OnDemand(command)) => cache::run(&command),
        Command::Migrate(OnDemand(arguments)) => migrate::run(&arguments),
        Command::Jwt(OnDemand(command)) => jwt::run(command),
        Command::Cert(OnDemand(command)) => cert::run(&command),
        Command::Secret(OnDemand(command)) => secret::run(&command),
        Command::Key(OnDemand(command)) => key::run(&command),
        Command::Hsm(OnDemand(command)) => hsm::run(&command),
        Command::Doctor(OnDemand(arguments)) => doctor::run(&arguments),
        Command::Emulator(OnDemand(arguments)) => emulator::run(arguments),
        Command::Completions(OnDemand(arguments)) => completions::run(&arguments),
        Command::Man(OnDemand(arguments)) => man::run(&arguments),
    }
}

/// Runs what needs a runtime, on this thread.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    process::expect_resources()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        Failure::later(
            "the system gives no resources: too many files are open, or no memory is left",
        )
        .because(error)
    })?;
    // The first thread for blocking calls. When there is one, the runtime waits for it where the system gives no other.
    drop(runtime.spawn_blocking(|| ()));
    runtime.block_on(future)
}
