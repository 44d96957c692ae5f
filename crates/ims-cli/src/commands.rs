//! The commands, one file each.

mod admin;
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
mod jwt;
mod key;
mod keys;
mod login;
mod logout;
mod man;
mod migrate;
mod organizations;
mod profile;
mod register;
mod revoke;
mod token;
mod userinfo;
mod validate;

use clap::Subcommand;

use crate::{failure::Failure, output::Answer};

/// What the command line can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Arguments),
    Login(login::Arguments),
    Logout(logout::Arguments),
    Token(token::Arguments),
    Exec(exec::Arguments),
    Call(call::Arguments),
    Validate(validate::Arguments),
    Revoke(revoke::Arguments),
    Userinfo(userinfo::Arguments),
    Profile(profile::Arguments),
    Organizations(organizations::Arguments),
    /// Show any user's profile and organizations, for services of Adobe
    #[command(subcommand)]
    Admin(admin::Command),
    /// Exchange a user's token, or a service's permanent code, for another token
    #[command(subcommand)]
    Exchange(exchange::Command),
    Register(register::Arguments),
    Keys(keys::Arguments),
    Discovery(discovery::Arguments),
    /// Keep credentials by name
    #[command(subcommand)]
    Context(context::Command),
    Migrate(migrate::Arguments),
    /// Make, take apart and verify JSON Web Tokens
    #[command(subcommand)]
    Jwt(jwt::Command),
    /// Make, look at and watch over certificates
    #[command(subcommand)]
    Cert(cert::Command),
    /// Look at private key files
    #[command(subcommand)]
    Key(key::Command),
    /// List and make keys in hardware security modules
    #[command(subcommand)]
    Hsm(hsm::Command),
    Doctor(doctor::Arguments),
    Emulator(emulator::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

pub(crate) fn run(command: Command) -> Result<Answer, Failure> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Login(arguments) => login::run(&arguments),
        Command::Logout(arguments) => logout::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Exec(arguments) => exec::run(&arguments),
        Command::Call(arguments) => call::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Revoke(arguments) => revoke::run(&arguments),
        Command::Userinfo(arguments) => userinfo::run(&arguments),
        Command::Profile(arguments) => profile::run(&arguments),
        Command::Organizations(arguments) => organizations::run(&arguments),
        Command::Admin(command) => admin::run(&command),
        Command::Exchange(command) => exchange::run(&command),
        Command::Register(arguments) => register::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
        Command::Discovery(arguments) => discovery::run(&arguments),
        Command::Context(command) => context::run(command),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::Jwt(command) => jwt::run(command),
        Command::Cert(command) => cert::run(&command),
        Command::Key(command) => key::run(&command),
        Command::Hsm(command) => hsm::run(&command),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Emulator(arguments) => emulator::run(arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}

/// Runs what needs a runtime, on this thread.
fn block_on<T>(future: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime
        .map_err(|error| Failure::later("the system gives no resources").because(error))?
        .block_on(future)
}
