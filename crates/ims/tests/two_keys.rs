//! A signing key is replaced while the other works: no caller notices, and what the certificate says comes first.

#![expect(clippy::unwrap_used, reason = "a helper of a test may panic, like the test itself")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use ims::{
    Credential, KeyPair, ServiceAccountCredential, SigningKey, SigningKeys,
    cert::{self, Validity},
    claims::{Metascope, NumericDate, ServiceAccount},
    exchange::ClientSecret,
    token::{Clock, Event, Evidence},
};
use ims_emulator::{Certificate, Integration, Refusal};
use ims_testkit::{certificates, keys};
use proptest::prelude::*;

#[path = "harness/emulated.rs"]
mod emulated;

use emulated::{ACCOUNT_ID, CLIENT_ID, Emulated, ORG_ID, START};

const DAY: Duration = Duration::from_hours(24);

/// An integration that knows these certificates.
fn integration(certificates: &[&str]) -> Integration {
    let read = |pem: &&str| Certificate::read_all(pem.as_bytes()).unwrap();
    emulated::integration()
        .with_client_secret("canary-secret")
        .with_metascopes([Metascope::ENT_DATASERVICES_SDK])
        .with_certificates(certificates.iter().flat_map(read))
}

fn pair(key: &str, certificate: Option<&str>) -> KeyPair {
    let contents = key.as_bytes().to_vec().into();
    KeyPair {
        signing_key: SigningKey::File { contents, passphrase: None },
        certificate: certificate.map(|pem| pem.as_bytes().to_vec()),
    }
}

fn first() -> KeyPair {
    pair(keys::FIRST, Some(certificates::FIRST))
}

fn second() -> KeyPair {
    pair(keys::SECOND, Some(certificates::SECOND))
}

fn account(signing_keys: impl Into<SigningKeys>) -> Credential {
    let account = ServiceAccount::new(
        CLIENT_ID.parse().unwrap(),
        ORG_ID.parse().unwrap(),
        ACCOUNT_ID.parse().unwrap(),
        [Metascope::ENT_DATASERVICES_SDK],
    );
    let client_secret = ClientSecret::new("canary-secret".to_owned());
    let credential = ServiceAccountCredential::new(account.unwrap(), client_secret, signing_keys);
    Credential::ServiceAccount(credential.unwrap())
}

/// A certificate of the first key for the period from `start` to `end`, in seconds after [`START`].
async fn certificate(start: i64, end: i64) -> String {
    let at = |seconds: i64| NumericDate::from_secs(START.as_secs() + seconds);
    let signer = ims::open_signing_key(&first().signing_key).unwrap();
    let validity = Validity::new(at(start), at(end)).unwrap();
    let subject = "/CN=test".parse().unwrap();
    cert::Certificate::self_signed(&subject, validity, &signer).await.unwrap().to_pem()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_call_of_a_hundred_callers_fails_during_a_full_rotation() {
    let emulated = Emulated::new(integration(&[certificates::FIRST])).await;
    let client = emulated.client(account(SigningKeys::new(first()).with_second(second())));
    client.access_token().await.unwrap();
    let (done, calls) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let callers: Vec<_> = (0..100)
        .map(|_| {
            let (client, done, calls) = (client.clone(), Arc::clone(&done), Arc::clone(&calls));
            tokio::spawn(async move {
                while !done.load(Ordering::Relaxed) {
                    client.access_token().await.unwrap();
                    calls.fetch_add(1, Ordering::Relaxed);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    #[rustfmt::skip]
    let steps = [
        (&[certificates::FIRST][..],                       1, "before"),
        (&[certificates::FIRST, certificates::SECOND],     1, "the new certificate is uploaded next to the old"),
        (&[certificates::SECOND],                          2, "the old one is deleted: the next call changes the key"),
        (&[certificates::SECOND],                          1, "the new key is remembered"),
    ];
    for (known, requests, step) in steps {
        emulated.emulator.register(integration(known));
        let (before, calls_before) =
            (emulated.requests_since(0).len(), calls.load(Ordering::Relaxed));
        // Every token has expired, so all callers wait for the exchange of this step.
        emulated.clock.advance(2 * DAY);
        let served = async {
            while emulated.requests_since(before).last().is_none_or(|last| !last.is_granted())
                || calls.load(Ordering::Relaxed) < calls_before + 1_000
            {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), served).await.expect("callers are served");
        assert_eq!(emulated.requests_since(before).len(), requests, "{step}");
    }
    done.store(true, Ordering::Relaxed);
    for caller in callers {
        caller.await.expect("no call failed");
    }
    assert_eq!(client.health().unwrap().failures, 0);
}

#[tokio::test]
async fn the_other_key_is_tried_for_both_answers_of_ims_to_an_unknown_key() {
    let documented = Emulated::new(integration(&[certificates::SECOND])).await;
    let change = |builder: ims_emulator::EmulatorBuilder| builder.answering_as_observed();
    let observed = Emulated::built(integration(&[certificates::SECOND]), change).await;
    for (emulated, code) in [(documented, "invalid_signature"), (observed, "invalid_token")] {
        let client = emulated.client(account(SigningKeys::new(first()).with_second(second())));
        client.access_token().await.unwrap();
        let asked = emulated.requests_since(0);
        assert_eq!(asked.len(), 2);
        assert_eq!((asked[0].refusal, asked[0].error), (Some(Refusal::SignatureWrong), Some(code)));
    }
}

#[tokio::test]
async fn a_key_whose_certificate_is_not_valid_now_is_tried_last() {
    for (start, end) in [(-100, -1), (1, 100)] {
        let invalid = pair(keys::FIRST, Some(&certificate(start, end).await));
        let emulated =
            Emulated::new(integration(&[certificates::FIRST, certificates::SECOND])).await;
        let keys = SigningKeys::new(invalid.clone()).with_second(second());
        emulated.client(account(keys)).access_token().await.unwrap();
        assert_eq!(emulated.requests_since(0).len(), 1, "the second key was tried first");

        // IMS decides: if it does not know the other key, this one is tried.
        emulated.emulator.register(integration(&[certificates::FIRST]));
        let keys = SigningKeys::new(invalid).with_second(second());
        emulated.client(account(keys)).access_token().await.unwrap();
        assert_eq!(emulated.requests_since(0).len(), 3);
    }
}

#[tokio::test]
async fn the_finding_about_the_certificate_comes_before_the_refusal() {
    let emulated = Emulated::new(integration(&[certificates::SECOND])).await;
    #[rustfmt::skip]
    let table = [
        (Some(certificate(-3_000_000, -2 * 86_400).await),   Some("the certificate expired 2 days ago")),
        (Some(certificate(2 * 86_400, 3_000_000).await),     Some("the certificate begins in 2 days")),
        (Some(certificates::SECOND.to_owned()),              Some("the certificate is not that of the key that signs")),
        (Some(certificates::FIRST.to_owned()),               None),
        (None,                                               None),
    ];
    for (certificate, said) in table {
        let client = emulated.client(account(pair(keys::FIRST, certificate.as_deref())));
        let error = client.access_token().await.unwrap_err();
        assert!(!error.is_transient());
        assert_eq!(error.evidence().map(Evidence::finding), said);
        assert_eq!(error.refusal().unwrap().code(), Some("invalid_signature"));
        if let Some(evidence) = error.evidence() {
            assert!(error.to_string().starts_with(evidence.finding()), "{error}");
            assert_eq!(Some(error.hints()[0].as_str()), evidence.remedy());
        }
    }
}

#[tokio::test]
async fn an_invalid_certificate_file_is_found_before_anything_is_sent() {
    let emulated = Emulated::new(integration(&[certificates::FIRST])).await;
    let truncated = &certificates::FIRST[..certificates::FIRST.len() / 2];
    #[rustfmt::skip]
    let table = [
        (keys::FIRST,      "this is a private key, not a certificate"),
        ("no certificate", "this is a file of an unknown kind, not a certificate"),
        ("",               "this is an empty file, not a certificate"),
        (truncated,        "certificate 1 of the file is damaged: a PEM block has no END line"),
    ];
    for (file, said) in table {
        let wrong = pair(keys::FIRST, Some(file));
        for pairs in [SigningKeys::new(wrong.clone()), SigningKeys::new(first()).with_second(wrong)]
        {
            let error = emulated.builder(account(pairs)).build().unwrap_err();
            assert_eq!(error.to_string(), said);
            assert!(!format!("{error:?}").contains("PRIVATE KEY"), "{error:?}");
        }
    }
}

#[tokio::test]
async fn the_finding_about_the_certificate_is_not_added_to_other_refusals() {
    let expired = certificate(-100, -1).await;
    let emulated = Emulated::new(emulated::integration().with_client_secret("another")).await;
    let client = emulated.client(account(pair(keys::FIRST, Some(&expired))));
    let error = client.access_token().await.unwrap_err();
    assert!(error.evidence().is_none(), "{error:?}");
    assert!(error.exchange_error().is_some());
}

#[tokio::test]
async fn the_end_of_the_certificate_is_in_the_health_and_in_a_warning() {
    let certificate = certificate(-100, 40 * 86_400).await;
    let end = NumericDate::from_secs(START.as_secs() + 40 * 86_400);
    let emulated = Emulated::new(integration(&[certificates::FIRST])).await;
    let warnings = Arc::new(AtomicUsize::new(0));
    let told = Arc::clone(&warnings);
    let client = emulated
        .builder(account(pair(keys::FIRST, Some(&certificate))))
        .with_observer(move |event| {
            if matches!(event, Event::CredentialEndsSoon { ends_at, .. } if *ends_at == end) {
                told.fetch_add(1, Ordering::Relaxed);
            }
        })
        .build()
        .unwrap();
    assert_eq!(client.health().unwrap().credential_ends_at, Some(end));
    for (day, expected) in [(0, 0), (9, 0), (10, 1), (11, 2)] {
        emulated.clock.advance(START.plus(day * DAY).since(emulated.clock.now()));
        client.refresh().await.unwrap();
        assert_eq!(warnings.load(Ordering::Relaxed), expected, "day {day}");
    }

    let two = SigningKeys::new(pair(keys::FIRST, Some(&certificate)));
    let later = emulated.client(account(two.clone().with_second(second()))).health().unwrap();
    assert!(later.credential_ends_at > Some(end), "the second certificate lasts longer");
    let unknown =
        emulated.client(account(two.with_second(pair(keys::SECOND, None)))).health().unwrap();
    assert_eq!(unknown.credential_ends_at, None, "the end of one of the two is unknown");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever certificates IMS knows from one refresh to the next, a key that it knows is found, and no request is wasted.
    #[test]
    fn a_key_that_ims_knows_is_always_found_and_the_one_that_was_accepted_comes_first(
        sequence in prop::collection::vec((any::<bool>(), any::<bool>()), 1..8),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let emulated = Emulated::new(integration(&[])).await;
            let client = emulated.client(account(SigningKeys::new(first()).with_second(second())));
            let mut taken_last = 0;
            for (knows_first, knows_second) in sequence {
                let all = [(knows_first, certificates::FIRST), (knows_second, certificates::SECOND)];
                let known: Vec<_> = all.iter().filter(|(knows, _)| *knows).map(|(_, pem)| *pem).collect();
                emulated.emulator.register(integration(&known));
                let before = emulated.requests_since(0).len();
                let obtained = client.refresh().await;
                let asked = emulated.requests_since(before).len();

                prop_assert_eq!(obtained.is_ok(), !known.is_empty());
                let is_known = [knows_first, knows_second];
                prop_assert_eq!(asked, if is_known[taken_last] { 1 } else { 2 });
                if obtained.is_ok() && !is_known[taken_last] {
                    taken_last = 1 - taken_last;
                }
            }
            Ok(())
        })?;
    }
}
