//! `ims exchange cluster`: a user's token for one of another of the user's accounts.

use clap::Args;
use ims::{
    claims::OrgId,
    exchange::{ClusterExchange, ClusterTarget, UserId},
};

use super::ExchangeOptions;
use crate::{failure::Failure, output::Answer};

/// Exchange a user's token for one of another of the user's accounts.
///
/// The account is named by its user id, or by the organization that it belongs to.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  ims exchange cluster -c app.json --org-id 1234@AdobeOrg user-token.txt"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    options: ExchangeOptions,

    #[command(flatten)]
    target: Target,
}

/// Whose token it is to be.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// The account's user id
    #[arg(long, value_name = "ID")]
    user_id: Option<UserId>,

    /// The organization of the account
    #[arg(long, value_name = "ID")]
    org_id: Option<OrgId>,
}

pub(super) fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let Arguments { options, target } = arguments;
    let target = match (&target.user_id, &target.org_id) {
        (Some(user_id), _) => ClusterTarget::User(user_id),
        (None, Some(org_id)) => ClusterTarget::Organization(org_id),
        // clap requires one of the two.
        (None, None) => return Err(Failure::usage("no account is named")),
    };
    let exchanger = options.given.read()?;
    let (client_id, secret) = (exchanger.client_id(), &exchanger.client_secret);
    let grant = ClusterExchange::new(client_id, secret, &exchanger.user_token()?, target)
        .with_scopes(&options.given.scopes)
        .with_resources(&options.resource);
    options.exchange(&exchanger, &grant)
}
