//! NSS softokn of Mozilla: a module of another maker, which behaves differently. It answers a logout with another code
//! than SoftHSM, does not know some attributes, and names its token itself.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use ims_sign::{
    Signer,
    pkcs11::{
        KeySelector, NewKey, Pin, Pkcs11Config, Pkcs11Error, Pkcs11Module, RsaKeySize,
        TokenSelector,
    },
    testing::check_signer,
};

use crate::rig::{PIN, block_on, compile, installed, isolated, open, pin, refusal, run, sign};

const TOKEN: &str = "NSS Certificate DB";

/// Makes a database with a password in `folder`, and the module that opens it.
#[track_caller]
fn module(folder: &Path) -> PathBuf {
    let password = folder.join("password");
    fs::write(&password, format!("{PIN}\n")).unwrap();
    let database = format!("sql:{}", folder.display());
    run("certutil", &["-N", "-d", &database, "-f", password.to_str().unwrap()]);
    let softokn = installed(
        &["/usr/lib/x86_64-linux-gnu/libsoftokn3.so", "/usr/lib64/libsoftokn3.so"],
        "libnss3",
    );
    let softokn = format!("-DSOFTOKN=\"{}\"", softokn.display());
    compile(include_str!("nss_module.c"), &folder.join("nss.so"), &[&softokn])
}

fn generate(module: &Path) -> Pkcs11Config {
    let user_pin = Pin::new(PIN.to_owned()).unwrap();
    let token = TokenSelector::label(TOKEN);
    let new = NewKey::new("key", RsaKeySize::Bits2048).with_id([7]);
    let made = Pkcs11Module::load(module).unwrap().generate_key(&token, &user_pin, &new).unwrap();
    assert!(made.can_sign);
    // NSS derives a key from the password at each login, which takes seconds on a machine that is busy with other tests.
    Pkcs11Config::new(module, token, KeySelector::label("key"))
        .with_pin(pin(PIN))
        .with_deadline(Duration::from_mins(1))
}

isolated! {
    fn a_key_that_is_made_in_it_signs(folder) {
        let config = generate(&module(folder));
        let signer = open(config);
        block_on(check_signer(&signer)).unwrap();
        assert_eq!(signer.public_key().modulus_bits(), 2048);
    }

    fn a_lost_login_is_renewed(folder) {
        let module = module(folder);
        let signer = open(generate(&module));
        let signature = sign(&signer, b"message");
        log_everyone_out(&module);
        assert_eq!(sign(&signer, b"message"), signature);
    }

    fn a_wrong_pin_and_a_missing_one_are_different_errors(folder) {
        let config = generate(&module(folder));
        assert!(matches!(refusal(config.clone().with_pin(pin("wrong"))), Pkcs11Error::PinWrong));
        let module = folder.join("nss.so");
        let without = Pkcs11Config::new(module, TokenSelector::label(TOKEN), KeySelector::label("key"));
        assert!(matches!(refusal(without), Pkcs11Error::PinMissing));
        open(config);
    }
}

/// Ends the login of the whole process, as any other part of it may.
fn log_everyone_out(module: &Path) {
    let context = cryptoki::context::Pkcs11::new(module).unwrap();
    for slot in context.get_slots_with_token().unwrap() {
        // The slot without a login says so. It is not the slot of the test.
        let _ = context.open_ro_session(slot).unwrap().logout();
    }
}
