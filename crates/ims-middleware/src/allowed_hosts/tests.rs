//! Where a token may go, and where not.

use http::Uri;
use proptest::prelude::*;

use super::*;

#[track_caller]
fn allows(hosts: &AllowedHosts, uri: &str) -> bool {
    let uri: Uri = uri.parse().unwrap();
    hosts.allows(uri.scheme().unwrap(), uri.host().unwrap())
}

#[test]
fn a_token_goes_to_hosts_of_adobe_over_https_and_nowhere_else() {
    #[rustfmt::skip]
    let table = [
        ("https://adobe.io/",                        true),
        ("https://platform.adobe.io/data?x=1",       true),
        ("https://a.b.c.adobe.com:8443/",            true),
        ("https://ims-na1.adobelogin.com/",          true),
        ("HTTPS://Platform.ADOBE.io/",               true),
        ("http://platform.adobe.io/",                false),
        ("ws://platform.adobe.io/",                  false),
        ("https://evil-adobe.io/",                   false),
        ("https://eviladobe.io/",                    false),
        ("https://adobe.io.evil.example/",           false),
        ("https://evil.example/adobe.io",            false),
        ("https://evil.example?.adobe.io",           false),
        ("https://platform.adobe.io@evil.example/",  false),
        ("https://evil.example:443/platform.adobe.io", false),
        ("https://io/",                              false),
        ("https://adobe.io./",                       false),
        ("https://adobe.org/",                       false),
        ("https://localhost/",                       false),
        ("https://127.0.0.1/",                       false),
    ];
    let hosts = AllowedHosts::default();
    for (uri, is_allowed) in table {
        assert_eq!(allows(&hosts, uri), is_allowed, "{uri}");
    }
}

#[test]
fn loopback_is_allowed_only_on_request() {
    #[rustfmt::skip]
    let table = [
        ("http://127.0.0.1:8080/",            true),
        ("https://127.8.9.10/",               true),
        ("http://[::1]:8080/",                true),
        ("http://LocalHost/",                 true),
        ("http://10.0.0.1/",                  false),
        ("http://0.0.0.0/",                   false),
        ("http://[::]/",                      false),
        ("http://localhost.evil.example/",    false),
        ("http://127.0.0.1.evil.example/",    false),
        ("http://platform.adobe.io/",         false),
        ("ftp://127.0.0.1/",                  false),
    ];
    let hosts = AllowedHosts::default().with_loopback();
    for (uri, is_allowed) in table {
        assert_eq!(allows(&hosts, uri), is_allowed, "{uri}");
        assert!(!allows(&AllowedHosts::default(), uri), "{uri}");
    }
}

#[test]
fn a_domain_is_added_if_it_is_one() {
    let hosts = AllowedHosts::none().with_domain("Api.Example").unwrap();
    assert!(allows(&hosts, "https://eu.api.example/"));
    assert!(!allows(&hosts, "https://platform.adobe.io/"));
    for text in
        ["", ".", "io", ".io", "adobe.io.", "a..b", "*.adobe.io", "10.0.0.1", "a b.c", "a.b:1"]
    {
        assert_eq!(AllowedHosts::none().with_domain(text), Err(DomainError), "{text}");
    }
}

/// The rule by labels, in other words than those of the implementation.
fn ends_with_labels(host: &str, domain: &str) -> bool {
    let lower = |text: &str| text.to_ascii_lowercase();
    let (host, domain) = (lower(host), lower(domain));
    let (host, domain): (Vec<_>, Vec<_>) = (host.split('.').collect(), domain.split('.').collect());
    host.ends_with(&domain)
}

proptest! {
    #[test]
    fn a_host_is_allowed_if_its_last_labels_are_a_domain(
        host in "([aäA-]?[.]?(adobe|ADOBE|io|com|adobelogin)[.]?){0,5}",
    ) {
        let expected = ADOBE_DOMAINS.iter().any(|domain| ends_with_labels(&host, domain));
        prop_assert_eq!(AllowedHosts::default().allows(&Scheme::HTTPS, &host), expected);
    }

    #[test]
    fn a_name_that_only_looks_like_a_domain_is_refused(
        domain in proptest::sample::select(ADOBE_DOMAINS),
        glued in "[a-z0-9-]{1,20}",
        tail in "[.][a-z]{2,10}[.]example",
    ) {
        let hosts = AllowedHosts::default();
        let (below, glued_on) = (format!("{glued}.{domain}"), format!("{glued}{domain}"));
        let elsewhere = format!("{domain}{tail}");
        prop_assert!(hosts.allows(&Scheme::HTTPS, &below));
        prop_assert!(!hosts.allows(&Scheme::HTTPS, &glued_on));
        prop_assert!(!hosts.allows(&Scheme::HTTPS, &elsewhere));
    }

    #[test]
    fn only_https_is_allowed_beyond_this_machine(
        scheme in "(https?|HTTP|[a-zA-Z+.-]{0,8})",
        label in "[a-z]{1,12}",
    ) {
        let Ok(parsed) = Scheme::try_from(scheme.as_str()) else { return Ok(()) };
        let is_https = scheme.eq_ignore_ascii_case("https");
        let hosts = AllowedHosts::default().with_loopback();
        let host = format!("{label}.adobe.io");
        prop_assert_eq!(hosts.allows(&parsed, &host), is_https);
    }
}
