//! Where a request of a proxy goes, and where not.

use super::*;

fn shown(found: Result<Url, DestinationError>) -> String {
    match found {
        Ok(url) => url.into(),
        Err(error) => format!("{error:?}"),
    }
}

#[test]
fn a_request_to_the_proxy_goes_to_a_path_of_the_destination_and_nowhere_else() {
    #[rustfmt::skip]
    let table = [
        ("/a?b=c",            "https://platform.adobe.io/data/a?b=c"),
        ("/",                 "https://platform.adobe.io/data/"),
        ("?b",                "https://platform.adobe.io/data?b"),
        ("/a%2Fb",            "https://platform.adobe.io/data/a%2Fb"),
        ("//evil.example/a",  "https://platform.adobe.io/data//evil.example/a"),
        ("/@evil.example/a",  "https://platform.adobe.io/data/@evil.example/a"),
        ("/../a",             "Target"),
        ("/%2e%2e/a",         "Target"),
        ("/..",               "Target"),
        ("x",                 "Target"),
        ("@evil.example/a",   "Target"),
        (".evil.example/a",   "Target"),
        (":80/a",             "Target"),
        ("",                  "Target"),
    ];
    let destination: Destination = "https://platform.adobe.io/data/".parse().unwrap();
    for (path_and_query, expected) in table {
        assert_eq!(shown(destination.url_of(path_and_query)), expected, "{path_and_query}");
    }
    let without_path: Destination = "https://platform.adobe.io".parse().unwrap();
    for text in ["@evil.example/a", ".evil.example/a", ":81/a"] {
        assert_eq!(without_path.url_of(text), Err(DestinationError::Target), "{text}");
    }
}

#[test]
fn a_target_that_names_its_host_is_sent_over_tls_if_a_token_may() {
    #[rustfmt::skip]
    let table = [
        ("http://platform.adobe.io/a?b",           "https://platform.adobe.io/a?b"),
        ("http://platform.adobe.io",               "https://platform.adobe.io/"),
        ("http://platform.adobe.io:80/a",          "https://platform.adobe.io/a"),
        ("https://PLATFORM.adobe.io/a",            "https://platform.adobe.io/a"),
        ("https://platform.adobe.io:443/a",        "https://platform.adobe.io/a"),
        ("http://platform.adobe.io:8080/a",        "Host"),
        ("https://platform.adobe.io:80/a",         "Host"),
        ("http://evil.example/a",                  "Host"),
        ("http://evil-adobe.io/a",                 "Host"),
        ("http://platform.adobe.io./a",            "Host"),
        ("http://platform.adobe.io@evil.example/", "Target"),
        ("http://evil.example@platform.adobe.io/", "Target"),
        ("ftp://platform.adobe.io/a",              "Target"),
        ("http://127.0.0.1:8080/a",                "Host"),
        ("platform.adobe.io:443",                  "Target"),
        ("/a",                                     "Target"),
    ];
    for (target, expected) in table {
        let found = AllowedHosts::default().url_of(&target.parse().unwrap());
        assert_eq!(shown(found), expected, "{target}");
    }
    let local = AllowedHosts::none().with_loopback();
    for target in ["http://127.0.0.1:8080/a?b", "https://localhost:8443/", "http://[::1]:1/"] {
        assert_eq!(shown(local.url_of(&target.parse().unwrap())), target);
    }
    // Other parsers read these as loopback addresses.
    for target in ["http://127.1/", "http://2130706433/", "http://0x7f000001/"] {
        assert_eq!(shown(local.url_of(&target.parse().unwrap())), "Host", "{target}");
    }
}

#[test]
fn a_destination_is_a_base_url() {
    for text in [
        "http://platform.adobe.io",
        "https://user@platform.adobe.io",
        "https://:password@platform.adobe.io",
        "https://platform.adobe.io?a",
        "https://platform.adobe.io#a",
        "ftp://127.0.0.1",
        "platform.adobe.io",
        "",
    ] {
        assert_eq!(text.parse::<Destination>(), Err(DestinationError::Base), "{text}");
    }
    for text in ["https://platform.adobe.io", "http://127.0.0.1:8080/a", "http://[::1]:1"] {
        assert_eq!(format!("{text}/").parse::<Destination>().unwrap().to_string(), text);
    }
}
