//! Who may ask: users of the system on a Unix socket, and over TCP anyone who can read the file of the capability.

use std::{collections::BTreeSet, fmt, path::Path};

use aws_lc_rs::{constant_time::verify_slices_are_equal, rand};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use http::{HeaderMap, HeaderName, Uri, header};
use secrecy::{ExposeSecret, SecretString};

use crate::{answer::Fault, error::Error};

/// The users and groups whose processes may ask on a Unix socket: the user of the agent, root, and those that are added.
///
/// ```
/// use ims_agent::AllowedCallers;
///
/// // The user of the agent, root, and the web server.
/// let callers = AllowedCallers::own_user().with_user(33);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedCallers {
    users: BTreeSet<u32>,
    groups: BTreeSet<u32>,
}

impl AllowedCallers {
    /// The user of the agent and root alone.
    #[must_use]
    pub fn own_user() -> Self {
        Self::default()
    }

    /// Allows the processes of a user too, by its number.
    ///
    /// ```
    /// use ims_agent::AllowedCallers;
    ///
    /// let callers = AllowedCallers::own_user().with_user(1001).with_user(1002);
    /// ```
    #[must_use]
    pub fn with_user(mut self, uid: u32) -> Self {
        self.users.insert(uid);
        self
    }

    /// Allows the processes of a group too, by its number. It has to be the effective group of the process: supplementary
    /// groups do not count.
    ///
    /// ```
    /// use ims_agent::AllowedCallers;
    ///
    /// let callers = AllowedCallers::own_user().with_group(100);
    /// ```
    #[must_use]
    pub fn with_group(mut self, gid: u32) -> Self {
        self.groups.insert(gid);
        self
    }

    /// Whether there are others than the user of the agent.
    #[cfg(unix)]
    pub(crate) fn are_others(&self) -> bool {
        !self.users.is_empty() || !self.groups.is_empty()
    }

    #[cfg(unix)]
    pub(crate) fn allow(&self, uid: u32, gid: u32) -> bool {
        const ROOT: u32 = 0;
        let own = rustix::process::geteuid().as_raw();
        uid == own || uid == ROOT || self.users.contains(&uid) || self.groups.contains(&gid)
    }
}

/// A secret that a caller over TCP sends in each request. It is in a file, so that the permissions of the file say who may
/// ask.
///
/// ```
/// use ims_agent::Capability;
///
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("capability");
/// let capability = Capability::read_or_create(&path)?; // made, because it is not there
/// assert!(Capability::read_or_create(&path).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Capability(SecretString);

impl Capability {
    /// The capability in the file at `path`. If there is no file, it is made of 256 random bits, and its owner alone can
    /// read it.
    ///
    /// # Errors
    /// [`Error::File`], also for a file that others can read, [`Error::NoCapability`] and [`Error::NoRandomness`].
    pub fn read_or_create(path: &Path) -> Result<Self, Error> {
        let bytes = match ims_files::read_private(path, LONGEST_FILE) {
            Ok(bytes) => bytes,
            Err(error) if error.is_not_found() => return Self::create(path),
            Err(error) => return Err(Error::File(error)),
        };
        let text = std::str::from_utf8(&bytes).unwrap_or_default().trim();
        if text.len() < SHORTEST || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Error::NoCapability(path.to_owned()));
        }
        Ok(Self(text.into()))
    }

    fn create(path: &Path) -> Result<Self, Error> {
        let mut bits = [0; 32];
        rand::fill(&mut bits).map_err(|_| Error::NoRandomness)?;
        let text = SecretString::from(BASE64_URL_SAFE_NO_PAD.encode(bits));
        ims_files::create_new(path, text.expose_secret().as_bytes()).map_err(Error::File)?;
        Ok(Self(text))
    }

    /// Whether `headers` have it in `field`, as `Bearer …`, or as the password of `Basic …`, which is what clients make from
    /// a proxy's URL. The comparison takes constant time, so that its duration reveals nothing.
    fn is_in(&self, headers: &HeaderMap, field: &HeaderName) -> bool {
        let mut values = headers.get_all(field).iter();
        let (Some(value), None) = (values.next(), values.next()) else { return false };
        let value = value.to_str().unwrap_or_default();
        let Some((scheme, shown)) = value.split_once(' ') else { return false };
        let expected = self.0.expose_secret().as_bytes();
        if scheme.eq_ignore_ascii_case("bearer") {
            return verify_slices_are_equal(shown.trim().as_bytes(), expected).is_ok();
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return false;
        }
        let decoded = BASE64_STANDARD.decode(shown.trim()).unwrap_or_default();
        let colon = decoded.iter().position(|byte| *byte == b':');
        colon.is_some_and(|at| verify_slices_are_equal(&decoded[at + 1..], expected).is_ok())
    }
}

impl fmt::Debug for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Capability")
    }
}

/// 192 bits as base64.
const SHORTEST: usize = 32;

/// The longest file of a capability.
const LONGEST_FILE: u64 = 4096;

/// What is checked in every request, besides the process that opened the connection.
#[derive(Debug)]
pub(crate) struct RequestRules {
    pub(crate) capability: Option<Capability>,
    /// `localhost:8080` and similar authorities, to which a request has to be addressed. Empty on a Unix socket, which no
    /// browser reaches.
    pub(crate) hosts: Vec<String>,
    /// The field that shows the capability.
    pub(crate) field: HeaderName,
}

impl RequestRules {
    /// Fails unless a program of this machine has sent the request, and not a page in a browser of this machine.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Result<(), Fault> {
        // A page sends these with every request that could do harm (Fetch Standard, "HTTP extensions"; Fetch Metadata), a
        // program does not. Node sends Sec-Fetch-Mode.
        if headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site") {
            return Err(Fault::FROM_BROWSER);
        }
        match &self.capability {
            Some(capability) if !capability.is_in(headers, &self.field) => {
                let is_proxy = self.field == header::PROXY_AUTHORIZATION;
                Err(if is_proxy { Fault::NO_PROXY_CAPABILITY } else { Fault::NO_CAPABILITY })
            }
            _ => Ok(()),
        }
    }

    /// Fails unless the request is addressed to this machine: a request of a page with DNS rebinding has the host name of
    /// that page.
    pub(crate) fn check_host(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Fault> {
        if self.hosts.is_empty() {
            return Ok(());
        }
        let mut named = headers.get_all(header::HOST).iter();
        let (host, second) = (named.next(), named.next());
        let authority = uri.authority().map(http::uri::Authority::as_str);
        let host = host.map(|host| host.to_str().unwrap_or_default());
        let are_right =
            authority.is_none_or(|it| self.is_own(it)) && host.is_none_or(|it| self.is_own(it));
        let is_named = authority.is_some() || host.is_some();
        if second.is_none() && are_right && is_named { Ok(()) } else { Err(Fault::WRONG_HOST) }
    }

    /// Whether `authority` is the address that is listened at.
    pub(crate) fn is_own(&self, authority: &str) -> bool {
        self.hosts.iter().any(|own| own.eq_ignore_ascii_case(authority))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use std::fs;

    const SECRET: &str = "canary-0123456789-0123456789-0123456789";

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn rules(field: HeaderName) -> RequestRules {
        let hosts = ["127.0.0.1:80", "localhost:80"].map(str::to_owned).to_vec();
        RequestRules { capability: Some(Capability(SECRET.into())), hosts, field }
    }

    #[test]
    fn a_request_shows_the_capability_once_and_in_the_right_field() {
        let bearer = format!("Bearer {SECRET}");
        let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("x:{SECRET}")));
        #[rustfmt::skip]
        let table = [
            (header::AUTHORIZATION,       headers(&[("authorization", &bearer)]), true),
            (header::AUTHORIZATION,       headers(&[("authorization", &bearer.to_lowercase())]), true),
            (header::PROXY_AUTHORIZATION, headers(&[("proxy-authorization", &basic)]), true),
            (header::PROXY_AUTHORIZATION, headers(&[("authorization", &bearer)]), false),
            (header::AUTHORIZATION,       headers(&[]), false),
            (header::AUTHORIZATION,       headers(&[("authorization", &bearer), ("authorization", &bearer)]), false),
            (header::AUTHORIZATION,       headers(&[("authorization", &bearer[..bearer.len() - 1])]), false),
            (header::AUTHORIZATION,       headers(&[("authorization", SECRET)]), false),
            (header::AUTHORIZATION,       headers(&[("authorization", "Bearer ")]), false),
        ];
        for (field, headers, expected) in table {
            assert_eq!(rules(field).check(&headers).is_ok(), expected, "{headers:?}");
        }
    }

    #[test]
    fn a_page_in_a_browser_is_refused_and_node_is_not() {
        let rules = RequestRules { capability: None, ..rules(header::AUTHORIZATION) };
        assert_eq!(rules.check(&headers(&[("origin", "null")])), Err(Fault::FROM_BROWSER));
        assert_eq!(
            rules.check(&headers(&[("sec-fetch-site", "same-origin")])),
            Err(Fault::FROM_BROWSER)
        );
        assert_eq!(rules.check(&headers(&[("sec-fetch-mode", "cors")])), Ok(()));
    }

    #[test]
    fn a_request_for_another_host_is_refused() {
        #[rustfmt::skip]
        let table = [
            ("/",                   &["localhost:80"][..],           true),
            ("/",                   &["LOCALHOST:80"],               true),
            ("/",                   &["127.0.0.1:80"],               true),
            ("http://127.0.0.1:80/", &[],                            true),
            ("/",                   &[],                             false),
            ("/",                   &["evil.example:80"],            false),
            ("/",                   &["localhost"],                  false),
            ("/",                   &["localhost:80", "localhost:80"], false),
            ("http://evil.example/", &["localhost:80"],              false),
            ("http://localhost:80/", &["evil.example"],              false),
            ("http://x@localhost:80/", &["localhost:80"],            false),
        ];
        let rules = rules(header::AUTHORIZATION);
        for (uri, hosts, expected) in table {
            let hosts: Vec<_> = hosts.iter().map(|host| ("host", *host)).collect();
            let found = rules.check_host(&uri.parse().unwrap(), &headers(&hosts));
            assert_eq!(found.is_ok(), expected, "{uri} {hosts:?}");
        }
    }

    #[test]
    fn a_capability_is_made_once_and_kept_in_a_private_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("capability");
        let first = Capability::read_or_create(&path).unwrap();
        let second = Capability::read_or_create(&path).unwrap();
        assert_eq!(first.0.expose_secret(), second.0.expose_secret());
        assert_eq!(first.0.expose_secret().len(), 43);
        assert_eq!(format!("{first:?}"), "Capability");

        fs::write(&path, "short").unwrap();
        assert!(matches!(Capability::read_or_create(&path), Err(Error::NoCapability(_))));
        #[cfg(unix)]
        {
            use ims_files::FileError;
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
            let refused = Capability::read_or_create(&path);
            assert!(matches!(refused, Err(Error::File(FileError::Exposed { .. }))));
        }
    }
}
