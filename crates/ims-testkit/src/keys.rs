//! Private and public keys as `openssl genpkey`, `openssl rsa` and `openssl pkcs8 -topk8` write them.

macro_rules! files {
    ($($(#[$doc:meta])* $name:ident = $file:literal;)*) => {
        $($(#[$doc])* pub const $name: &str = include_str!(concat!("../data/keys/", $file));)*
    };
}

files! {
    /// RSA 2048, PKCS#8: the key that most tests sign with.
    FIRST = "first.pem";
    /// [`FIRST`] as PKCS#1, `BEGIN RSA PRIVATE KEY`.
    FIRST_PKCS1 = "first.pkcs1.pem";
    /// [`FIRST`]'s public key, `SubjectPublicKeyInfo`.
    FIRST_PUBLIC = "first.public.pem";
    /// [`FIRST`]'s public key, PKCS#1.
    FIRST_PUBLIC_PKCS1 = "first.public.pkcs1.pem";
    /// RSA 2048, PKCS#8, another key.
    SECOND = "second.pem";
    /// RSA 4096, PKCS#8.
    LARGE = "large.pem";
    /// RSA 1024, PKCS#8: too small to be accepted.
    SMALL = "small.pem";
    /// RSA 2048 restricted to RSASSA-PSS.
    PSS = "pss.pem";
    /// ECDSA P-256.
    EC = "ec.pem";
    /// [`FIRST`] in PBES2: PBKDF2-HMAC-SHA256, AES-256-CBC.
    FIRST_PBES2_AES256_SHA256 = "first.pbes2-aes256-sha256.pem";
    /// [`FIRST`] in PBES2: PBKDF2-HMAC-SHA1, AES-128-CBC.
    FIRST_PBES2_AES128_SHA1 = "first.pbes2-aes128-sha1.pem";
    /// [`FIRST`] in PBES2: PBKDF2-HMAC-SHA512, DES-EDE3-CBC.
    FIRST_PBES2_DES3_SHA512 = "first.pbes2-des3-sha512.pem";
    /// [`FIRST`] in PBES2 with scrypt.
    FIRST_PBES2_SCRYPT = "first.pbes2-scrypt.pem";
    /// [`FIRST`] in PBES1, `PBE-SHA1-3DES`.
    FIRST_PBES1_3DES = "first.pbes1-3des.pem";
    /// [`FIRST`] as legacy encrypted PEM, AES-128-CBC.
    FIRST_LEGACY_AES128 = "first.legacy-aes128.pem";
    /// [`FIRST`] as legacy encrypted PEM, AES-192-CBC.
    FIRST_LEGACY_AES192 = "first.legacy-aes192.pem";
    /// [`FIRST`] as legacy encrypted PEM, AES-256-CBC.
    FIRST_LEGACY_AES256 = "first.legacy-aes256.pem";
    /// [`FIRST`] as legacy encrypted PEM, DES-EDE3-CBC.
    FIRST_LEGACY_DES3 = "first.legacy-des3.pem";
}
