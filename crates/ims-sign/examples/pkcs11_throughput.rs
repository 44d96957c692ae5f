//! Signatures per second through a [`Pkcs11Signer`], against the module's own: a bare loop over cryptoki with the same
//! number of sessions, in the same run.
//!
//! ```text
//! cargo run --release -p ims-sign --features pkcs11 --example pkcs11_throughput -- 'pkcs11:…?module-path=…&pin-source=…'
//! ```

#![expect(clippy::print_stdout, reason = "an example prints its result")]

use std::{
    env,
    error::Error,
    num::NonZeroUsize,
    path::PathBuf,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Wake, Waker},
    thread::{self, Thread},
    time::{Duration, Instant},
};

use cryptoki::{
    context::Pkcs11,
    mechanism::Mechanism,
    object::{Attribute, ObjectClass},
};
use ims_sign::{
    Signer,
    pkcs11::{Pkcs11Config, Pkcs11Module, Pkcs11Signer, Pkcs11Uri},
};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<()> {
    let uri: Pkcs11Uri = env::args().nth(1).ok_or("give the URI of a key")?.parse()?;
    let (mut ours_alone, mut bare_alone) = (0.0, 0.0);
    for threads in [1, 4] {
        let (ours, bare) = compare(&uri, threads)?;
        if threads == 1 {
            (ours_alone, bare_alone) = (ours, bare);
        }
        println!(
            "{threads} threads: {ours:.0}/s through the signer, {bare:.0}/s bare, ratio {:.3}; \
             to 1 thread: {:.2} and {:.2}",
            ours / bare,
            ours / ours_alone,
            bare / bare_alone,
        );
    }
    Ok(())
}

/// Takes turns, so that what else the machine does falls on both.
fn compare(uri: &Pkcs11Uri, threads: usize) -> Outcome<(f64, f64)> {
    let sessions = NonZeroUsize::new(threads).ok_or("no threads")?;
    let config = Pkcs11Config::try_from(uri.clone())?.with_pool_size(sessions);
    let signer = Pkcs11Signer::open(config)?;
    let (mut ours, mut bare) = (0.0, 0.0);
    for _ in 0..ROUNDS {
        ours += per_second(threads, || through_signer(&signer))?;
        bare += per_second(threads, || through_cryptoki(uri))?;
    }
    Ok((ours / f64::from(ROUNDS), bare / f64::from(ROUNDS)))
}

fn per_second(threads: usize, work: impl Fn() -> Outcome<u32> + Sync) -> Outcome<f64> {
    let begin = Instant::now();
    let made: u32 = thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        workers
            .into_iter()
            .map(|worker| worker.join().map_err(|_| "a thread panicked")?)
            .sum::<Outcome<u32>>()
    })?;
    Ok(f64::from(made) / begin.elapsed().as_secs_f64())
}

fn through_signer(signer: &Pkcs11Signer) -> Outcome<u32> {
    let begin = Instant::now();
    let mut made = 0;
    while begin.elapsed() < ROUND {
        block_on(signer.sign(MESSAGE))?;
        made += 1;
    }
    Ok(made)
}

/// The signer has logged in already, for the whole process.
fn through_cryptoki(uri: &Pkcs11Uri) -> Outcome<u32> {
    let path: &PathBuf = uri.module_path.as_ref().ok_or("give a module-path")?;
    let token = Pkcs11Module::load(path)?.tokens()?.into_iter().find(|token| uri.token.fits(token));
    let slot_id = token.ok_or("no such token")?.slot_id;
    let session = Pkcs11::new(path)?.open_ro_session(slot_id.try_into()?)?;
    let label = uri.key.label.clone().ok_or("name the key by its label (object)")?;
    let template =
        [Attribute::Class(ObjectClass::PRIVATE_KEY), Attribute::Label(label.into_bytes())];
    let key = *session.find_objects(&template)?.first().ok_or("no such key")?;
    let begin = Instant::now();
    let mut made = 0;
    while begin.elapsed() < ROUND {
        session.sign(&Mechanism::RsaPkcs, key, &[DIGEST_INFO, &hash(MESSAGE)].concat())?;
        made += 1;
    }
    Ok(made)
}

fn hash(message: &[u8]) -> Vec<u8> {
    aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, message).as_ref().to_vec()
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

/// As long as the signing input of a usual assertion.
const MESSAGE: &[u8] = &[b'a'; 500];
const DIGEST_INFO: &[u8] =
    &[0x30, 0x31, 0x30, 0x0d, 6, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1, 5, 0, 4, 0x20];
const ROUNDS: u32 = 5;
const ROUND: Duration = Duration::from_secs(1);
