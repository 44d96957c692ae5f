//! A context of Adobe's `aio` command, in the form of its configuration or of Cloud Manager's `config.json`. Source:
//! adobe/aio-lib-ims, `README.md`, adobe/aio-lib-ims-jwt, `src/ims-jwt.js`, and adobe/aio-cli-plugin-cloudmanager,
//! `README.md`.

use ims_claims::Environment;
use ims_files::can_be_path;
use zeroize::Zeroizing;

use super::user_login;
use crate::{
    credential::Credential,
    error::CredentialsError,
    reading::{
        fields::Fields,
        read_context::ReadContext,
        vocabulary::{Metascopes, Scopes, ServerToServerWords, ServiceAccountWords, key_pair},
    },
    signing_keys::KeyPair,
};

const SERVICE_ACCOUNT: ServiceAccountWords = ServiceAccountWords {
    client_id: &["client_id"],
    client_secret: &["client_secrets", "client_secret"],
    org_id: &["ims_org_id"],
    technical_account_id: &["technical_account_id"],
    metascopes: Metascopes::In("meta_scopes"),
};

const SERVER_TO_SERVER: ServerToServerWords = ServerToServerWords {
    client_id: &["client_id"],
    client_secret: &["client_secrets", "client_secret"],
    org_id: &["ims_org_id"],
    scopes: Scopes::In("scopes"),
};

pub(super) fn matches(fields: &Fields<'_>) -> bool {
    let has_contexts = fields.object("ims").is_ok_and(|ims| ims.has("contexts"));
    has_contexts || fields.has("ims_org_id")
}

pub(super) fn is_cloud_manager(fields: &Fields<'_>) -> bool {
    matches(fields) && fields.has("oauth_enabled")
}

pub(super) fn credential(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<(Environment, Credential), CredentialsError> {
    let context = &context(fields, at)?;
    let credential = if context.has("redirect_uri") {
        user_login::credential(context, "scope", context.optional("ims_org_id")?)
    } else if context.has("meta_scopes") && !context.flag("oauth_enabled")? {
        SERVICE_ACCOUNT.read(context, key_in_or_at(context, at), at)
    } else {
        SERVER_TO_SERVER.read(context)
    };
    Ok((environment(context, fields, at)?, credential?))
}

/// The redirect URI of a sign-in.
pub(super) fn redirect_uri(
    fields: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Option<String>, CredentialsError> {
    user_login::redirect_uri(&context(fields, at)?, "redirect_uri")
}

/// The context to read. The whole document may be a context without a name.
fn context<'a>(fields: &Fields<'a>, at: &ReadContext<'_>) -> Result<Fields<'a>, CredentialsError> {
    match at.selected {
        _ if fields.has("ims") => selected(&fields.object("ims")?, at),
        Some(_) => Err(CredentialsError::NoneSelected { names: String::new() }),
        None => Ok(fields.clone()),
    }
}

/// The context that is selected, else the one that `ims.config.current` names, else the only one. The context in which
/// `aio` keeps the tokens of a person has no client id, so it is skipped.
fn selected<'a>(ims: &Fields<'a>, at: &ReadContext<'_>) -> Result<Fields<'a>, CredentialsError> {
    let contexts = ims.object("contexts")?;
    if at.selected.is_none()
        && ims.has("config")
        && let Some(current) = ims.object("config")?.optional_text("current")?
        && !current.is_empty()
    {
        return contexts.object(current);
    }
    let members = contexts.members().into_iter();
    let usable = members.filter(|(_, context)| context.has("client_id"));
    let usable: Vec<_> = usable.map(|(name, context)| (name.to_owned(), context)).collect();
    let members = contexts.members();
    let holds_sign_in = members
        .iter()
        .any(|(_, context)| context.has("access_token") || context.has("refresh_token"));
    if usable.is_empty() && holds_sign_in {
        return Err(CredentialsError::AioSignInOnly { name: ims.path_of("contexts") });
    }
    if usable.is_empty() {
        let expected = "an object with a context in it that has a client_id";
        return Err(ims.wrong_type("contexts", expected));
    }
    at.select(usable)
}

/// The key itself, its lines, or a path to it.
fn key_in_or_at(context: &Fields<'_>, at: &ReadContext<'_>) -> Result<KeyPair, CredentialsError> {
    let text = context.lines("private_key")?;
    let passphrase = context.optional_text("passphrase")?;
    if can_be_path(&text) {
        let path = at.path(text.trim());
        let contents = at.read_private(&context.path_of("private_key"), &path)?;
        return key_pair(&ims_files::shown(&path), contents, passphrase);
    }
    let contents = Zeroizing::new(text.as_bytes().to_vec());
    key_pair(&context.path_of("private_key"), contents, passphrase)
}

/// `env` is `prod` or `stage`. Without it, the variable `AIO_CLI_ENV` decides, then `cli.env` of the configuration. Without
/// these, it is production. Source: adobe/aio-lib-env, `src/index.js`.
fn environment(
    context: &Fields<'_>,
    whole: &Fields<'_>,
    at: &ReadContext<'_>,
) -> Result<Environment, CredentialsError> {
    let of_variable = (at.variable)("AIO_CLI_ENV").filter(|text| !text.is_empty());
    match context.optional_text("env")? {
        None => Ok(match of_variable.or_else(|| environment_of_file(whole)) {
            Some(name) if name.eq_ignore_ascii_case("stage") => Environment::stage(),
            _ => Environment::production(),
        }),
        Some("prod") => Ok(Environment::production()),
        Some("stage") => Ok(Environment::stage()),
        Some(_) => Err(context.wrong_type("env", "\"prod\" or \"stage\"")),
    }
}

/// The environment in the configuration of `aio` itself, `cli.env`.
fn environment_of_file(whole: &Fields<'_>) -> Option<String> {
    whole.object("cli").ok()?.optional_text("env").ok()?.map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::reading::{fields::Document, read_context::FilesRead};

    #[test]
    fn the_ims_is_that_of_the_context_then_of_the_variable_then_of_the_file() {
        let (prod, stage) = (Some("prod"), Some("stage"));
        #[rustfmt::skip]
        let table = [
            // the context, AIO_CLI_ENV, the file, whether it is stage
            (None,  None,      None,  false),
            (None,  None,      stage, true),
            (None,  Some(""),  stage, true),
            (None,  prod,      stage, false),
            (None,  stage,     prod,  true),
            (prod,  stage,     stage, false),
            (stage, prod,      prod,  true),
        ];
        let files = FilesRead::default();
        for (of_context, of_variable, of_file, is_stage) in table {
            let variable = |_: &str| of_variable.map(str::to_owned);
            let at = ReadContext { variable: &variable, ..ReadContext::of_text(None, &files) };
            let context = Document::new(json!({ "env": of_context }));
            let whole = Document::new(json!({ "cli": { "env": of_file } }));
            let (context, whole) = (context.fields().unwrap(), whole.fields().unwrap());
            let expected = if is_stage { Environment::stage() } else { Environment::production() };
            let found = environment(&context, &whole, &at).unwrap();
            assert_eq!(found, expected, "{of_context:?} {of_variable:?} {of_file:?}");
        }
    }
}
