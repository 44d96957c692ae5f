//! SoftHSM 2: the right bytes, every way to name a key, and an error for every way to name none.

use std::{fs, thread};

use ims_sign::{
    PublicKey, SharedSigner, Signer,
    pkcs11::{
        KeySelector, NewKey, Pin, PinState, Pkcs11Config, Pkcs11Error, Pkcs11Mechanism,
        Pkcs11Module, Pkcs11Signer, Pkcs11Uri, RsaKeySize, TokenSelector,
    },
    testing::check_signer,
};
use ims_testkit::{certificates, keys};

use crate::rig::{
    KEY, PIN, TOKEN, block_on, config, empty_token, expected, import, isolated, open, pin, refusal,
    run, sign, softhsm, threads, token_with_a_key,
};

fn user_pin() -> Pin {
    Pin::new(PIN.to_owned()).unwrap()
}

fn named(key: KeySelector) -> Pkcs11Config {
    Pkcs11Config::new(softhsm(), TokenSelector::label(TOKEN), key).with_pin(pin(PIN))
}

isolated! {
    fn the_bytes_are_those_of_a_key_in_memory(folder) {
        empty_token(TOKEN);
        for (label, id, key) in [("2048", "01", keys::FIRST), ("4096", "02", keys::LARGE)] {
            import(folder, TOKEN, label, id, key);
            for mechanism in [Pkcs11Mechanism::RsaPkcs, Pkcs11Mechanism::Sha256RsaPkcs] {
                let signer = open(named(KeySelector::label(label)).with_mechanism(mechanism));
                for message in [b"".as_slice(), b"message", &[0; 10_000]] {
                    assert_eq!(sign(&signer, message), expected(key, message), "{label} {mechanism:?}");
                }
            }
        }
    }

    fn it_passes_the_tests_for_every_signer(folder) {
        token_with_a_key(folder);
        let signer = open(config(&softhsm()));
        block_on(check_signer(&signer)).unwrap();
        block_on(check_signer(&SharedSigner::new(signer))).unwrap();
    }

    fn a_key_is_found_by_each_of_its_names(folder) {
        token_with_a_key(folder);
        import(folder, TOKEN, "another", "02", keys::SECOND);
        let token = Pkcs11Module::load(&softhsm()).unwrap().tokens().unwrap().remove(0);
        let first = PublicKey::from_bytes(keys::FIRST_PUBLIC.as_bytes()).unwrap();
        let tokens = [
            TokenSelector::default(),
            TokenSelector::label(TOKEN),
            TokenSelector { serial: Some(token.serial.clone()), ..TokenSelector::default() },
            TokenSelector { slot_id: Some(token.slot_id), ..TokenSelector::default() },
            TokenSelector { manufacturer: Some(token.manufacturer.clone()), ..TokenSelector::default() },
            token.selector(),
        ];
        let by_both = KeySelector { label: Some(KEY.to_owned()), id: Some(vec![1]) };
        for key in [KeySelector::label(KEY), KeySelector::id([1]), by_both] {
            for token in &tokens {
                let config = Pkcs11Config::new(softhsm(), token.clone(), key.clone()).with_pin(pin(PIN));
                assert_eq!(open(config).public_key(), &first, "{token} {key}");
            }
        }
    }

    fn a_uri_and_a_pin_file_are_enough(folder) {
        token_with_a_key(folder);
        let pin_file = folder.join("pin");
        fs::write(&pin_file, format!("{PIN}\n")).unwrap();
        run("chmod", &["600", pin_file.to_str().unwrap()]);
        let (module, pin_file) = (softhsm(), pin_file.display().to_string());
        let uri = format!(
            "pkcs11:token=ims%20test;object=signing%20key?module-path={}&pin-source=file:{pin_file}",
            module.display()
        );
        let config = Pkcs11Config::try_from(uri.parse::<Pkcs11Uri>().unwrap()).unwrap();
        assert_eq!(sign(&open(config), b"message"), expected(keys::FIRST, b"message"));
        run("chmod", &["644", &pin_file]);
        let config = Pkcs11Config::try_from(uri.parse::<Pkcs11Uri>().unwrap()).unwrap();
        assert!(matches!(refusal(config), Pkcs11Error::PinFile { source, .. } if source.is_unsafe()));
        let nowhere: Pkcs11Uri = "pkcs11:token=ims".parse().unwrap();
        assert!(matches!(Pkcs11Config::try_from(nowhere), Err(Pkcs11Error::NoModulePath)));
    }

    fn an_error_about_a_wrong_name_lists_the_names_that_exist(folder) {
        token_with_a_key(folder);
        import(folder, TOKEN, "twin", "02", keys::SECOND);
        import(folder, TOKEN, "twin", "03", keys::FIRST);
        import(folder, TOKEN, "small", "04", keys::SMALL);
        import(folder, TOKEN, "ec", "05", keys::EC);
        let listed = "the label \"signing key\" and the id 01";
        #[rustfmt::skip]
        let table = [
            (named(KeySelector::label("nothing")), "no private key has the label \"nothing\"; there is"),
            (named(KeySelector::label("nothing")), listed),
            (named(KeySelector::id([0xab])),       "no private key has the id ab; there is"),
            (named(KeySelector::label("twin")),    "several private keys have the label \"twin\": "),
            (named(KeySelector::label("small")),   "the private key with the label \"small\" and the id 04 cannot sign for IMS"),
            (named(KeySelector::label("ec")),      "the private key with the label \"ec\" and the id 05 cannot sign for IMS"),
            (Pkcs11Config::new(softhsm(), TokenSelector::label("x"), KeySelector::default()),
                "no token has the label \"x\"; there is the label \"ims test\" (serial number "),
            (Pkcs11Config::new(softhsm(), TokenSelector::label(TOKEN), KeySelector::default()),
                "the token asks for a PIN and none is given"),
            (Pkcs11Config::new("softhsm.so", TokenSelector::default(), KeySelector::default()),
                "the path of the PKCS#11 module is not absolute: softhsm.so"),
            (Pkcs11Config::new("/nowhere.so", TokenSelector::default(), KeySelector::default()),
                "/nowhere.so cannot be used as a PKCS#11 module"),
            (Pkcs11Config::new("/etc/passwd", TokenSelector::default(), KeySelector::default()),
                "/etc/passwd cannot be used as a PKCS#11 module"),
        ];
        for (config, said) in table {
            let error = refusal(config);
            assert!(error.to_string().contains(said), "{error}");
            assert!(!error.is_transient(), "{error}");
        }
    }

    fn of_two_tokens_with_one_label_none_is_guessed(_folder) {
        empty_token(TOKEN);
        empty_token(TOKEN);
        let error = refusal(config(&softhsm()));
        assert!(matches!(error, Pkcs11Error::SeveralTokens { .. }), "{error}");
    }

    fn a_library_that_is_not_a_module_is_refused(folder) {
        let library = folder.join("library.so");
        let source = folder.join("library.c");
        fs::write(&source, "int nothing(void) { return 0; }\n").unwrap();
        run("cc", &["-shared", "-o", library.to_str().unwrap(), source.to_str().unwrap()]);
        let error = refusal(config(&library));
        assert!(matches!(error, Pkcs11Error::NoModule { .. }), "{error}");
    }

    fn a_wrong_pin_is_not_tried_again_and_the_right_one_still_works(folder) {
        token_with_a_key(folder);
        for _ in 0..3 {
            let error = refusal(config(&softhsm()).with_pin(pin("wrong")));
            assert!(matches!(error, Pkcs11Error::PinWrong), "{error}");
        }
        assert_eq!(sign(&open(config(&softhsm())), b"message"), expected(keys::FIRST, b"message"));
    }

    fn two_signers_of_one_module_do_not_depend_on_each_other(folder) {
        token_with_a_key(folder);
        import(folder, TOKEN, "another", "02", keys::SECOND);
        let first = open(config(&softhsm()));
        let second = open(named(KeySelector::label("another")));
        assert_eq!(sign(&first, b"message"), expected(keys::FIRST, b"message"));
        drop(first);
        assert_eq!(sign(&second, b"message"), expected(keys::SECOND, b"message"));
        drop(second);
        assert_eq!(sign(&open(config(&softhsm())), b"message"), expected(keys::FIRST, b"message"));
    }

    fn many_threads_share_one_signer(folder) {
        token_with_a_key(folder);
        let signer = open(config(&softhsm()));
        thread::scope(|scope| {
            for thread in 0..16 {
                let signer = &signer;
                scope.spawn(move || {
                    for number in 0..20 {
                        let message = format!("{thread} {number}");
                        assert_eq!(sign(signer, message.as_bytes()), expected(keys::FIRST, message.as_bytes()));
                    }
                });
            }
        });
    }

    fn dropping_the_signer_ends_its_threads(folder) {
        token_with_a_key(folder);
        let signer = open(config(&softhsm()));
        block_on(check_signer(&signer)).unwrap();
        // Four that sign, and one that watches the clock.
        assert_eq!(threads(), 5);
        drop(signer);
        // A thread that has released everything is still listed for a moment.
        while threads() > 0 {
            thread::yield_now();
        }
    }

    fn a_token_and_its_keys_can_be_listed(folder) {
        token_with_a_key(folder);
        import(folder, TOKEN, "ec", "02", keys::EC);
        let certificate = folder.join("certificate.der");
        fs::write(&certificate, certificates::FIRST_DER).unwrap();
        let module = softhsm();
        run("pkcs11-tool", &[
            "--module", module.to_str().unwrap(), "--token-label", TOKEN, "--login", "--pin", PIN, "--type", "cert",
            "--write-object", certificate.to_str().unwrap(), "--label", "certificate", "--id", "77",
        ]);
        let module = Pkcs11Module::load(&module).unwrap();
        let tokens = module.tokens().unwrap();
        let token = tokens.iter().find(|token| token.label == TOKEN).unwrap();
        assert_eq!((token.manufacturer.as_str(), token.model.as_str()), ("SoftHSM project", "SoftHSM v2"));
        assert!(token.is_initialized && token.login_required);
        assert_eq!((token.pin, token.serial.len()), (PinState::Set, 16));
        assert!(tokens.iter().any(|token| !token.is_initialized));

        assert_eq!(module.keys(&token.selector(), None).unwrap(), []);
        let mut keys = module.keys(&token.selector(), Some(&user_pin())).unwrap();
        keys.sort_by(|one, other| one.id.cmp(&other.id));
        let [rsa, ec] = keys.as_slice() else { panic!("{keys:?}") };
        assert_eq!((rsa.label.as_str(), rsa.id.as_slice(), rsa.can_sign), (KEY, [1].as_slice(), true));
        assert_eq!(rsa.public_key.as_ref().unwrap().modulus_bits(), 2048);
        assert!(rsa.has_certificate);
        assert_eq!(
            ec.public_key.as_ref().unwrap_err().to_string(),
            "the key is an elliptic curve key, and RS256 needs an RSA key"
        );
        assert!(!ec.has_certificate);
    }

    fn a_key_that_is_made_in_the_token_signs_and_stays_there(folder) {
        empty_token(TOKEN);
        let module = Pkcs11Module::load(&softhsm()).unwrap();
        let token = TokenSelector::label(TOKEN);
        for size in [RsaKeySize::Bits2048, RsaKeySize::Bits3072, RsaKeySize::Bits4096] {
            let label = size.bits().to_string();
            let made = module.generate_key(&token, &user_pin(), &NewKey::new(&*label, size)).unwrap();
            assert_eq!((made.label.as_str(), made.id.len(), made.can_sign), (label.as_str(), 8, true));
            let signer = open(named(made.selector()));
            assert_eq!(signer.public_key().modulus_bits(), size.bits());
            assert_eq!(made.public_key.as_ref(), Ok(signer.public_key()));
            let again = module.generate_key(&token, &user_pin(), &NewKey::new(&*label, size));
            assert!(matches!(again, Err(Pkcs11Error::KeyExists { .. })), "{again:?}");
        }
        let signer = open(named(KeySelector::label("2048")));
        block_on(check_signer(&signer)).unwrap();

        // Other makers' tools judge: openssl the signature, pkcs11-tool the key.
        let file = |name: &str, bytes: &[u8]| {
            fs::write(folder.join(name), bytes).unwrap();
            folder.join(name).to_str().unwrap().to_owned()
        };
        let public_key = file("public.der", signer.public_key().spki_der());
        let signature = file("signature", &sign(&signer, b"message"));
        let message = file("message", b"message");
        run("openssl", &[
            "dgst", "-sha256", "-keyform", "DER", "-verify", &public_key, "-signature", &signature, &message,
        ]);
        let module = softhsm();
        let listed = run("pkcs11-tool", &[
            "--module", module.to_str().unwrap(), "--token-label", TOKEN, "--login", "--pin", PIN,
            "--list-objects", "--type", "privkey",
        ]);
        let listed = String::from_utf8(listed.stdout).unwrap();
        let access = "Access:     sensitive, always sensitive, never extractable, local";
        assert_eq!(listed.matches(access).count(), 3, "{listed}");
        assert_eq!(listed.lines().filter(|line| line.trim_end().ends_with("Usage:      sign")).count(), 3, "{listed}");
    }

    fn nothing_shows_the_pin(folder) {
        token_with_a_key(folder);
        let config = config(&softhsm());
        let signer = open(config.clone());
        assert_eq!(format!("{signer:?}"), "Pkcs11Signer(RSA 2048)");
        let error = Pkcs11Signer::open(config.clone().with_pin(pin("canary-wrong"))).err();
        assert!(!format!("{config:?} {signer:?} {error:?}").contains("canary"));
    }
}
