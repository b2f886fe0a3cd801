//! Signing, behind one trait.
//!
//! A [`Signer`] takes the message, not its digest: a token or a remote service hashes the few hundred bytes
//! of signed attributes itself, and the software key below has no way to sign a digest. [`KeySigner`] holds a
//! key in memory; a key in a PKCS#11 token (`keys::pkcs11`) is another implementation. Where a key comes from and whose it is, is
//! the business of `keys`.
//!
//! A key may be encrypted (PBES2 with PBKDF2 or scrypt and AES, as `openssl pkcs8 -topk8` writes it); it is opened with a
//! passphrase once, when it is read.
//!
//! Sources: RFC 5958 (PKCS#8), RFC 7468 (PEM), RFC 8018 (PBES2).

use std::fmt;

use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};

use super::pem;
use super::random;
use super::secret::Secret;
use super::signature::Signature;
use super::suite::Suite;

/// Something that holds a private key and signs with it.
pub trait Signer: Send + Sync {
    /// The suite of every signature it makes.
    fn suite(&self) -> Suite;

    /// Signs `message`, which it hashes itself. Of two ECDSA signatures it gives the lower.
    fn sign(&self, message: &[u8]) -> Result<Signature, SignFault>;

    /// The bits of the public key as an X.509 `subjectPublicKey` holds them: the uncompressed point of 65
    /// bytes for P-256, the DER `RSAPublicKey` for RSA.
    fn public_key(&self) -> &[u8];
}

/// The label of an encrypted key.
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";

/// A private key in memory.
pub struct KeySigner {
    key: Key,
    random: ring::rand::SystemRandom,
}

enum Key {
    Ecdsa(Box<EcdsaKeyPair>),
    Rsa(Box<RsaKeyPair>),
}

impl KeySigner {
    /// Reads a key from PKCS#8 DER: P-256, or RSA of 2048 to 4096 bits.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        let random = random::ring_source();
        let key = match EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der, &random) {
            Ok(pair) => Key::Ecdsa(Box::new(pair)),
            Err(_) => Key::Rsa(Box::new(RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError::Key)?)),
        };
        Ok(Self { key, random })
    }

    /// Reads the one private key in a PEM text (`BEGIN PRIVATE KEY`, or `BEGIN ENCRYPTED PRIVATE KEY`, which
    /// `passphrase` opens); other blocks are passed over.
    pub fn open_pkcs8_pem(
        text: &str,
        passphrase: Option<&Secret<String>>,
    ) -> Result<Self, KeyError> {
        let blocks = pem::blocks(text).map_err(|_| KeyError::Pem)?;
        let mut keys =
            blocks.iter().filter(|block| ["PRIVATE KEY", ENCRYPTED].contains(&block.label()));
        let block = keys.next().ok_or(KeyError::NoKey)?;
        if keys.next().is_some() {
            return Err(KeyError::SeveralKeys);
        }
        let der = Secret::new(block.decode().map_err(|_| KeyError::Pem)?);
        if block.label() != ENCRYPTED {
            return Self::from_pkcs8_der(der.expose());
        }
        let passphrase = passphrase.ok_or(KeyError::Encrypted)?;
        let sealed = pkcs8::EncryptedPrivateKeyInfo::try_from(&der.expose()[..])
            .map_err(|_| KeyError::Key)?;
        // A wrong passphrase and a damaged key cannot be told apart.
        let opened = sealed.decrypt(passphrase.expose()).map_err(|_| KeyError::Passphrase)?;
        Self::from_pkcs8_der(opened.as_bytes())
    }

    /// Reads the one private key in a PEM text that is not encrypted.
    pub fn from_pkcs8_pem(text: &str) -> Result<Self, KeyError> {
        Self::open_pkcs8_pem(text, None)
    }

    /// Whether the key in a PEM text is encrypted.
    pub fn is_encrypted(text: &str) -> bool {
        pem::blocks(text).is_ok_and(|blocks| blocks.iter().any(|block| block.label() == ENCRYPTED))
    }
}

impl Signer for KeySigner {
    fn suite(&self) -> Suite {
        match &self.key {
            Key::Ecdsa(_) => Suite::EcdsaP256Sha256,
            Key::Rsa(_) => Suite::RsaPkcs1Sha256,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignFault> {
        let raw = match &self.key {
            Key::Ecdsa(pair) => {
                pair.sign(&self.random, message).map_err(|_| SignFault::Refused)?.as_ref().to_vec()
            }
            Key::Rsa(pair) => {
                let mut raw = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &self.random, message, &mut raw)
                    .map_err(|_| SignFault::Refused)?;
                raw
            }
        };
        let signature = Signature::from_raw(self.suite(), raw).map_err(|_| SignFault::Nonsense)?;
        Ok(signature.lowered())
    }

    fn public_key(&self) -> &[u8] {
        match &self.key {
            Key::Ecdsa(pair) => pair.public_key().as_ref(),
            Key::Rsa(pair) => pair.public_key().as_ref(),
        }
    }
}

impl fmt::Debug for KeySigner {
    /// Names the suite and hides the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeySigner({})", self.suite())
    }
}

/// Why a text holds no key we can sign with. Never says anything about the key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyError {
    /// The key is encrypted, and no passphrase was given.
    Encrypted,
    /// The block is no PKCS#8 key of P-256, or of RSA with 2048 to 4096 bits.
    Key,
    /// No `PRIVATE KEY` block is there. A `EC PRIVATE KEY` or `RSA PRIVATE KEY` block is the older form:
    /// `openssl pkcs8 -topk8 -nocrypt` rewrites it.
    NoKey,
    /// The passphrase does not open the key, or the key is damaged.
    Passphrase,
    /// The PEM armour is broken.
    Pem,
    /// More than one private key is there, and which is meant cannot be guessed.
    SeveralKeys,
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encrypted => "the key is encrypted: name the file with its passphrase",
            Self::Passphrase => "the passphrase does not open the key, or the key is damaged",
            Self::Key => {
                "the key is not PKCS#8 with a P-256 key or an RSA key of 2048 to 4096 bits"
            }
            Self::NoKey => {
                "no PRIVATE KEY block (rewrite older forms with openssl pkcs8 -topk8 -nocrypt)"
            }
            Self::Pem => "the PEM text of the key is damaged",
            Self::SeveralKeys => "the text holds several private keys; leave one",
        })
    }
}

impl std::error::Error for KeyError {}

/// Why a key did not sign: a fault of ours, never of the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SignFault {
    /// The device that holds the key is not there, or does not answer.
    Away,
    /// What came back is no signature of the suite.
    Nonsense,
    /// The key or its device did not sign.
    Refused,
}

impl fmt::Display for SignFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Away => "the token that holds the signing key is not there",
            Self::Nonsense => "the signing key gave something that is no signature of its suite",
            Self::Refused => "the signing key did not sign",
        })
    }
}

impl std::error::Error for SignFault {}

#[cfg(test)]
mod tests {
    use super::super::check::{BadSignature, verify_der, verify_raw};
    use super::*;

    const PBKDF2: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\
        MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAhH6vcwQw+irQICCAAw\n\
        DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEPLHOgD5LXabQBKHWLfX3AQEgZCO\n\
        FNsTRfWw5BFEaU2qgKbHSTX8rADt19pQCVEH8UzGSeK5AFvNdtIfJnOcL6ZPQHJJ\n\
        dWqYkYMpdHYKTmOOIFvqm0Y5sBE/p7AqQaPF/mKl70Vyubm7D0POrdEUEkyia29Y\n\
        +8jg21X4KaR/LxIvstklBcOgmQUQqsqBDbbaaKiAp0xblztACc8oVp6HNm9nEuU=\n\
        -----END ENCRYPTED PRIVATE KEY-----\n";
    const SCRYPT: &str = "-----BEGIN ENCRYPTED PRIVATE KEY-----\n\
        MIHkME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAjEgd8MXEdYpwICBAAC\n\
        AQgCAQEwHQYJYIZIAWUDBAEqBBAKpZ4ks/oO/YIF04wXtgYqBIGQmlvgmURBIgtv\n\
        wqWaV4TqE7gmA+FgHybbQweCl9vj/aTB3icxBvbtY1CgMxb815O1QV6LVSYStll8\n\
        mr5kWjKawwKMmDthOZ09rjfmvTRfFs5acSVz6SgUU1Rj+uyzO1yREPZ7iUW1+zem\n\
        O4OKSjnh+KgWdrPERNJfxAIZO/VLwMwzrjoo+WME5zbWNRxEYywL\n\
        -----END ENCRYPTED PRIVATE KEY-----\n";

    fn p256() -> KeySigner {
        let key = rcgen::KeyPair::generate().unwrap();
        KeySigner::from_pkcs8_pem(&key.serialize_pem()).unwrap()
    }

    #[test]
    fn a_signature_verifies_in_both_spellings_and_only_over_its_message() {
        let signer = p256();
        let signature = signer.sign(b"message").unwrap();
        let key = signer.public_key();
        let suite = signature.suite();
        assert_eq!(verify_raw(suite, key, b"message", signature.raw()), Ok(()));
        assert_eq!(verify_der(suite, key, b"message", &signature.der()), Ok(()));
        assert_eq!(verify_raw(suite, key, b"massage", signature.raw()), Err(BadSignature));
        assert_eq!(verify_der(suite, key, b"message", signature.raw()), Err(BadSignature));
        assert_eq!(
            verify_raw(suite, p256().public_key(), b"message", signature.raw()),
            Err(BadSignature)
        );
    }

    #[test]
    fn both_signatures_of_a_pair_verify_and_the_lower_is_given() {
        let signer = p256();
        for round in 0..16_u8 {
            let low = signer.sign(&[round]).unwrap();
            assert!(low.is_low());
            let key = signer.public_key();
            let high = low.clone().raised();
            assert_eq!(verify_raw(low.suite(), key, &[round], high.raw()), Ok(()));
            assert!(!high.is_low());
            assert_eq!(high.lowered(), low);
        }
    }

    #[test]
    fn each_text_that_holds_no_key_meets_its_own_refusal() {
        let good = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let p384 = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P384_SHA384).unwrap();
        let rows = [
            ("empty", String::new(), KeyError::NoKey),
            ("older form", good.replace("PRIVATE", "EC PRIVATE"), KeyError::NoKey),
            ("two keys", format!("{good}{good}"), KeyError::SeveralKeys),
            ("another curve", p384.serialize_pem(), KeyError::Key),
            ("end cut off", good[..good.len() - 20].to_owned(), KeyError::Pem),
        ];
        for (trick, text, refusal) in rows {
            assert_eq!(KeySigner::from_pkcs8_pem(&text).err(), Some(refusal), "{trick}");
        }
    }

    /// Made with `openssl pkcs8 -topk8`, once with PBKDF2 and once with scrypt; the passphrase is `correct horse`.
    #[test]
    fn an_encrypted_key_opens_with_its_passphrase_and_no_other() {
        let passphrase = |text: &str| Secret::new(text.to_owned());
        for text in [PBKDF2, SCRYPT] {
            assert!(KeySigner::is_encrypted(text));
            let open = |passphrase: Option<&Secret<String>>| {
                KeySigner::open_pkcs8_pem(text, passphrase).map(|key| key.suite())
            };
            assert_eq!(open(Some(&passphrase("correct horse"))), Ok(Suite::EcdsaP256Sha256));
            assert_eq!(open(Some(&passphrase("correct house"))), Err(KeyError::Passphrase));
            assert_eq!(open(Some(&passphrase(""))), Err(KeyError::Passphrase));
            assert_eq!(open(None), Err(KeyError::Encrypted));
        }
        assert!(!KeySigner::is_encrypted("-----BEGIN PRIVATE KEY-----"));
    }

    #[test]
    fn a_key_is_never_printed() {
        assert_eq!(format!("{:?}", p256()), "KeySigner(ECDSA P-256 with SHA-256)");
    }
}
