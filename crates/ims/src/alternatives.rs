//! Alternatives, of which the one that worked last is tried first.

use std::sync::atomic::{AtomicUsize, Ordering};

use ims_claims::ClientId;
use ims_credentials::ClientSecrets;
use ims_exchange::{ClientSecret, ExchangeError, Reason};
use ims_token::{Alternative, Event, Observer};

/// Alternatives, tried in order; the one that worked last is tried first. There is at least one.
#[derive(Debug)]
pub(crate) struct Alternatives<T> {
    all: Vec<T>,
    /// The index of the one that worked last.
    first: AtomicUsize,
    kind: Alternative,
    notice: Notice,
}

/// The observer of the event that IMS accepted another alternative than the one that was tried first.
#[derive(Debug, Clone)]
pub(crate) struct Notice {
    pub(crate) client_id: ClientId,
    pub(crate) observer: Observer,
}

impl<T> Alternatives<T> {
    pub(crate) fn new(kind: Alternative, all: impl IntoIterator<Item = T>, notice: Notice) -> Self {
        Self { all: all.into_iter().collect(), first: AtomicUsize::new(0), kind, notice }
    }

    /// Tries one after the other, as long as `another_may_do` after an error, and remembers which worked. Those for which
    /// `last` is true are tried after all others. If none works, the error is that of the first that was tried.
    pub(crate) async fn try_each<'a, Outcome, Error, Trying>(
        &'a self,
        last: impl Fn(&T) -> bool,
        attempt: impl Fn(&'a T) -> Trying,
        another_may_do: impl Fn(&Error) -> bool,
    ) -> Result<Outcome, Error>
    where
        Trying: Future<Output = Result<Outcome, Error>>,
    {
        let mut first_error = None;
        // Two passes instead of a sorted list, which would be allocated for each token.
        let in_turn = self.in_turn();
        let usual = in_turn.clone().filter(|place| !last(&self.all[*place]));
        let lasts = in_turn.filter(|place| last(&self.all[*place]));
        for place in usual.chain(lasts) {
            match attempt(&self.all[place]).await {
                Ok(outcome) => {
                    // Relaxed: a thread that still sees the old value only tries the alternatives in another order.
                    self.first.store(place, Ordering::Relaxed);
                    if first_error.is_some() {
                        let event = Event::OtherAccepted { kind: self.kind };
                        self.notice.observer.report(&self.notice.client_id, &event);
                    }
                    return Ok(outcome);
                }
                Err(error) if another_may_do(&error) => first_error = first_error.or(Some(error)),
                Err(error) => return Err(error),
            }
        }
        Err(first_error.expect("there is at least one, and none worked"))
    }

    /// The indices of all alternatives, from the one that worked last on.
    fn in_turn(&self) -> impl Iterator<Item = usize> + Clone + use<T> {
        let first = self.first.load(Ordering::Relaxed);
        (first..self.all.len()).chain(0..first)
    }
}

/// What a user's client sends: one of its secrets, or none if it is a public client.
pub(crate) fn one_or_none(
    client_secrets: Option<&ClientSecrets>,
    notice: Notice,
) -> Alternatives<Option<ClientSecret>> {
    let all = client_secrets
        .map_or_else(|| vec![None], |secrets| secrets.iter().cloned().map(Some).collect());
    Alternatives::new(Alternative::ClientSecret, all, notice)
}

/// Whether IMS refused the client secret as wrong: the only refusal after which another is tried.
pub(crate) fn is_wrong_secret(error: &ExchangeError) -> bool {
    error.reason().is_some_and(Reason::is_about_the_secret)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn alternatives(all: &str) -> (Alternatives<char>, Arc<AtomicUsize>) {
        let reports = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&reports);
        let observer = Observer::new(move |event| {
            let kind = Alternative::Key;
            assert!(matches!(event, Event::OtherAccepted { kind: it } if *it == kind), "{event:?}");
            counted.fetch_add(1, Ordering::Relaxed);
        });
        let notice = Notice { client_id: "client".parse().unwrap(), observer };
        (Alternatives::new(Alternative::Key, all.chars(), notice), reports)
    }

    /// Tries the alternatives, of which only those in `working` work, and returns those that were tried.
    async fn tried(alternatives: &Alternatives<char>, last: char, working: &str) -> String {
        let tried = std::cell::RefCell::new(String::new());
        let attempt = async |one: &char| {
            tried.borrow_mut().push(*one);
            if working.contains(*one) { Ok(*one) } else { Err(*one) }
        };
        let outcome = alternatives.try_each(|one| *one == last, attempt, |one| *one != 'x').await;
        let tried = tried.into_inner();
        match outcome {
            Ok(one) => assert!(tried.ends_with(one)),
            Err('x') => assert!(tried.ends_with('x')),
            Err(first) => assert!(tried.starts_with(first)),
        }
        tried
    }

    #[tokio::test]
    async fn what_worked_comes_first_and_the_others_follow_in_their_order() {
        let (alternatives, reports) = alternatives("abc");
        #[rustfmt::skip]
        let table = [
            ("abc", "a"), ("b",  "ab"), ("b", "b"), ("ac", "bc"), ("c", "c"), ("a", "ca"), ("", "abc"), ("a", "a"),
        ];
        for (working, expected) in table {
            let before = reports.load(Ordering::Relaxed);
            assert_eq!(tried(&alternatives, '-', working).await, expected);
            let has_changed = expected.len() > 1 && !working.is_empty();
            let reported = reports.load(Ordering::Relaxed) - before;
            assert_eq!(reported, usize::from(has_changed), "{working}");
        }
        assert_eq!(tried(&alternatives, 'a', "").await, "bca");
        assert_eq!(tried(&alternatives, 'a', "a").await, "bca");
        assert_eq!(tried(&alternatives, 'a', "b").await, "b");
    }

    #[tokio::test]
    async fn nothing_else_is_tried_after_an_error_that_another_alternative_cannot_avoid() {
        let (alternatives, _) = alternatives("xb");
        assert_eq!(tried(&alternatives, '-', "b").await, "x");
    }
}
