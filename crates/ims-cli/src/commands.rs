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

use clap::{ArgMatches, Args, Error, FromArgMatches, Subcommand};

use crate::{failure::Failure, output::Answer};

/// What the command line can do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(demo::Arguments),
    Init(init::Arguments),
    Login(login::Arguments),
    Logout(logout::Arguments),
    Token(token::Arguments),
    Exec(exec::Arguments),
    Call(call::Arguments),
    Validate(validate::Arguments),
    Revoke(revoke::Arguments),
    Userinfo(user::UserinfoArguments),
    Profile(user::ProfileArguments),
    Organizations(user::OrganizationsArguments),
    /// Show the profile and the organizations of any user (for services of Adobe)
    #[command(subcommand)]
    Admin(admin::Command),
    /// Exchange a user's token, or a service's permanent code, for another token
    #[command(subcommand)]
    Exchange(exchange::Command),
    Register(register::Arguments),
    Keys(keys::Arguments),
    Discovery(keys::DiscoveryArguments),
    /// Manage credentials by name
    #[command(subcommand)]
    Context(context::Command),
    Status(status::Arguments),
    /// List and remove the access tokens in the cache
    #[command(subcommand)]
    Cache(cache::Command),
    Migrate(migrate::Arguments),
    /// Sign, decode and verify JSON Web Tokens
    #[command(subcommand)]
    Jwt(jwt::Command),
    /// Create, inspect, check and rotate certificates
    #[command(subcommand)]
    Cert(cert::Command),
    /// List and rotate client secrets
    #[command(subcommand)]
    Secret(secret::Command),
    /// Inspect private key files
    #[command(subcommand)]
    Key(key::Command),
    /// List and generate keys in hardware security modules
    #[command(subcommand)]
    Hsm(hsm::Command),
    Doctor(doctor::Arguments),
    Emulator(emulator::Arguments),
    Agent(agent::Arguments),
    Proxy(proxy::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
}

impl Command {
    /// Whether the answer of an API is filtered, and not JSON of this command.
    pub(crate) fn is_call(&self) -> bool {
        matches!(self, Self::Call(_))
    }
}

/// `jq` is the filter of the command line, and `whole` its definition, for the manual.
pub(crate) fn run(
    command: Command,
    jq: Option<&str>,
    whole: fn() -> clap::Command,
) -> Result<Answer, Failure> {
    match command {
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Login(arguments) => login::run(&arguments),
        Command::Logout(arguments) => logout::run(&arguments),
        Command::Token(arguments) => token::run(&arguments),
        Command::Exec(arguments) => exec::run(&arguments),
        Command::Call(arguments) => call::run(&arguments, jq),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Revoke(arguments) => revoke::run(&arguments),
        Command::Userinfo(arguments) => user::userinfo(&arguments),
        Command::Profile(arguments) => user::profile(&arguments),
        Command::Organizations(arguments) => user::organizations(&arguments),
        Command::Admin(command) => admin::run(&command),
        Command::Exchange(command) => exchange::run(&command),
        Command::Register(arguments) => register::run(&arguments),
        Command::Keys(arguments) => keys::run(&arguments),
        Command::Discovery(arguments) => keys::discovery(&arguments),
        Command::Context(command) => context::run(command),
        Command::Status(arguments) => status::run(&arguments),
        Command::Cache(command) => cache::run(&command),
        Command::Migrate(arguments) => migrate::run(&arguments),
        Command::Jwt(command) => jwt::run(command),
        Command::Cert(command) => cert::run(&command),
        Command::Secret(command) => secret::run(&command),
        Command::Key(command) => key::run(&command),
        Command::Hsm(command) => hsm::run(&command),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Emulator(arguments) => emulator::run(arguments),
        Command::Agent(arguments) => agent::run(arguments),
        Command::Proxy(arguments) => proxy::run(arguments),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments, whole()),
    }
}

/// One command, which can be parsed without the others: to build the options of all takes longer than many a command runs.
pub(crate) struct Alone {
    name: &'static str,
    /// Adds the options of the command.
    augment: fn(clap::Command) -> clap::Command,
    read: fn(&ArgMatches) -> Result<Command, Error>,
}

impl Alone {
    /// The command `name`, if there is one, or its subcommand `second` if scripts run that often.
    pub(crate) fn named(name: &str, second: Option<&str>) -> Option<Self> {
        let one = match (name, second) {
            ("cert", Some("check")) => {
                Some(one!("cert", Cert, cert::Command, "check", cert::check::Arguments))
            }
            ("jwt", Some("decode")) => {
                Some(one!("jwt", Jwt, jwt::Command, "decode", jwt::DecodeArguments))
            }
            ("jwt", Some("sign")) => {
                Some(one!("jwt", Jwt, jwt::Command, "sign", jwt::SignArguments))
            }
            ("jwt", Some("verify")) => {
                Some(one!("jwt", Jwt, jwt::Command, "verify", jwt::VerifyArguments))
            }
            _ => None,
        };
        if one.is_some() {
            return one;
        }
        Some(match name {
            "demo" => options!("demo", Demo, demo::Arguments),
            "init" => options!("init", Init, init::Arguments),
            "login" => options!("login", Login, login::Arguments),
            "logout" => options!("logout", Logout, logout::Arguments),
            "token" => options!("token", Token, token::Arguments),
            "exec" => options!("exec", Exec, exec::Arguments),
            "call" => options!("call", Call, call::Arguments),
            "validate" => options!("validate", Validate, validate::Arguments),
            "revoke" => options!("revoke", Revoke, revoke::Arguments),
            "userinfo" => options!("userinfo", Userinfo, user::UserinfoArguments),
            "profile" => options!("profile", Profile, user::ProfileArguments),
            "organizations" => {
                options!("organizations", Organizations, user::OrganizationsArguments)
            }
            "admin" => subcommands!("admin", Admin, admin::Command),
            "exchange" => subcommands!("exchange", Exchange, exchange::Command),
            "register" => options!("register", Register, register::Arguments),
            "keys" => options!("keys", Keys, keys::Arguments),
            "discovery" => options!("discovery", Discovery, keys::DiscoveryArguments),
            "context" => subcommands!("context", Context, context::Command),
            "status" => options!("status", Status, status::Arguments),
            "cache" => subcommands!("cache", Cache, cache::Command),
            "migrate" => options!("migrate", Migrate, migrate::Arguments),
            "jwt" => subcommands!("jwt", Jwt, jwt::Command),
            "cert" => subcommands!("cert", Cert, cert::Command),
            "secret" => subcommands!("secret", Secret, secret::Command),
            "key" => subcommands!("key", Key, key::Command),
            "hsm" => subcommands!("hsm", Hsm, hsm::Command),
            "doctor" => options!("doctor", Doctor, doctor::Arguments),
            "emulator" => options!("emulator", Emulator, emulator::Arguments),
            "agent" => options!("agent", Agent, agent::Arguments),
            "proxy" => options!("proxy", Proxy, proxy::Arguments),
            "completions" => options!("completions", Completions, completions::Arguments),
            "man" => options!("man", Man, man::Arguments),
            _ => return None,
        })
    }

    /// The parser of the command.
    pub(crate) fn parser(&self) -> clap::Command {
        (self.augment)(clap::Command::new(self.name))
    }

    /// What was given to it.
    pub(crate) fn read(&self, matches: &ArgMatches) -> Result<Command, Error> {
        (self.read)(matches)
    }
}

macro_rules! options {
    ($name:literal, $command:ident, $arguments:ty) => {
        Self {
            name: $name,
            augment: <$arguments>::augment_args,
            read: |matches| <$arguments>::from_arg_matches(matches).map(Command::$command),
        }
    };
}

macro_rules! subcommands {
    ($name:literal, $command:ident, $subcommands:ty) => {
        Self {
            name: $name,
            augment: <$subcommands>::augment_subcommands,
            read: |matches| <$subcommands>::from_arg_matches(matches).map(Command::$command),
        }
    };
}

/// One command of a group, without the others of the group.
macro_rules! one {
    ($group:literal, $command:ident, $subcommands:ty, $name:literal, $arguments:ty) => {
        Self {
            name: $group,
            augment: |group| {
                group.subcommand(<$arguments>::augment_args(clap::Command::new($name)))
            },
            read: |matches| <$subcommands>::from_arg_matches(matches).map(Command::$command),
        }
    };
}

use {one, options, subcommands};

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    /// The names of everything that can be given to a command, and of its subcommands.
    fn names(command: &clap::Command) -> Vec<String> {
        let mut names = vec![command.get_name().to_owned()];
        for argument in command.get_arguments() {
            names.push(format!("{argument:?}"));
        }
        for subcommand in command.get_subcommands() {
            names.extend(self::names(subcommand));
        }
        names
    }

    #[test]
    fn a_command_alone_takes_what_it_takes_among_the_others() {
        for command in crate::Arguments::command().get_subcommands() {
            let name = command.get_name();
            let alone = Alone::named(name, None);
            let alone = alone.unwrap_or_else(|| panic!("{name} is not known alone"));
            assert_eq!(names(&alone.parser()), names(command), "{name}");
            for subcommand in command.get_subcommands() {
                let second = subcommand.get_name();
                let alone = Alone::named(name, Some(second)).map(|alone| alone.parser());
                let alone = alone.as_ref().and_then(|group| group.find_subcommand(second));
                let alone = alone.unwrap_or_else(|| panic!("{name} {second} is not known alone"));
                assert_eq!(names(alone), names(subcommand), "{name} {second}");
            }
        }
    }
}
