//! The commands. Each is one file.

mod admin;
mod agent;
mod cache;
mod call;
mod cert;
mod completions;
mod context;
mod demo;
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
mod proxy;
mod register;
mod revoke;
mod secret;
mod status;
mod token;
mod user;
mod validate;

use std::env;

use clap::{ArgMatches, Args, Error, FromArgMatches, Subcommand};

use crate::{failure::Failure, output::Answer};

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
    Userinfo(OnDemand<user::UserinfoArguments>),
    Profile(OnDemand<user::ProfileArguments>),
    Organizations(OnDemand<user::OrganizationsArguments>),
    /// Show the profile and the organizations of any user (for services of Adobe)
    #[command(subcommand)]
    Admin(OnDemand<admin::Command>),
    /// Exchange a user's token, or a service's permanent code, for another token
    #[command(subcommand)]
    Exchange(OnDemand<exchange::Command>),
    Register(OnDemand<register::Arguments>),
    Keys(OnDemand<keys::Arguments>),
    Discovery(OnDemand<keys::DiscoveryArguments>),
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
    Agent(OnDemand<agent::Arguments>),
    Proxy(OnDemand<proxy::Arguments>),
    Completions(OnDemand<completions::Arguments>),
    Man(OnDemand<man::Arguments>),
}

/// `whole` is the definition of the whole command line, for its manual.
pub(crate) fn run(command: Command, whole: fn() -> clap::Command) -> Result<Answer, Failure> {
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
        Command::Userinfo(OnDemand(arguments)) => user::userinfo(&arguments),
        Command::Profile(OnDemand(arguments)) => user::profile(&arguments),
        Command::Organizations(OnDemand(arguments)) => user::organizations(&arguments),
        Command::Admin(OnDemand(command)) => admin::run(&command),
        Command::Exchange(OnDemand(command)) => exchange::run(&command),
        Command::Register(OnDemand(arguments)) => register::run(&arguments),
        Command::Keys(OnDemand(arguments)) => keys::run(&arguments),
        Command::Discovery(OnDemand(arguments)) => keys::discovery(&arguments),
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
        Command::Agent(OnDemand(arguments)) => agent::run(arguments),
        Command::Proxy(OnDemand(arguments)) => proxy::run(arguments),
        Command::Completions(OnDemand(arguments)) => completions::run(&arguments),
        Command::Man(OnDemand(arguments)) => man::run(&arguments, whole()),
    }
}

/// The arguments `A` of a command, of which the parser knows only the name while another command is called: to build all
/// options of all commands takes longer than many a command runs.
#[derive(Debug)]
pub(crate) struct OnDemand<A>(pub(crate) A);

/// Whether the options of this command can be asked for. Who wants help, or everything in writing, asks for all.
fn is_called(command: &clap::Command) -> bool {
    let called = env::args_os().nth(1).filter(|_| !cfg!(test));
    let called = called.filter(|first| !first.to_string_lossy().starts_with('-'));
    called.is_none_or(|first| {
        first == command.get_name()
            || ["help", "man", "completions"].iter().any(|all| first == *all)
    })
}

impl<A: FromArgMatches> FromArgMatches for OnDemand<A> {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        A::from_arg_matches(matches).map(Self)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        self.0.update_from_arg_matches(matches)
    }
}

impl<A: Args> Args for OnDemand<A> {
    fn augment_args(command: clap::Command) -> clap::Command {
        if is_called(&command) { A::augment_args(command) } else { command }
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        A::augment_args_for_update(command)
    }
}

impl<A: Subcommand> Subcommand for OnDemand<A> {
    fn augment_subcommands(command: clap::Command) -> clap::Command {
        if is_called(&command) { A::augment_subcommands(command) } else { command }
    }

    fn augment_subcommands_for_update(command: clap::Command) -> clap::Command {
        A::augment_subcommands_for_update(command)
    }

    fn has_subcommand(name: &str) -> bool {
        A::has_subcommand(name)
    }
}
