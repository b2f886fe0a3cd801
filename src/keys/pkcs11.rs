//! A sealing key in a PKCS#11 token, which it never leaves.
//!
//! A `<name>.token.toml` says where it is:
//!
//! ```toml
//! module = "/usr/lib/softhsm/libsofthsm2.so"   # the maker's library
//! token = "zhengku"                            # the label of the token
//! key = "seal-2026"                            # the label of the private key in it
//! pin_file = "/etc/zhengku/token.pin"          # a file with the PIN; beside the folder if it is relative
//! ```
//!
//! The public key is taken from the certificate, and a first signature, over nothing of importance, proves that the
//! two belong together; every later one is verified before it is given out, since a token put in for another may hold
//! another key under the same label. A token that is taken away fails the signature that needs it and nothing else
//! ([`SignFault::Away`]): every signature opens what it lacks anew, so that the next one after the token has come
//! back succeeds.
//!
//! A token locks itself after a few wrong PINs. So one that was refused is not tried again, for no key of the token
//! and however often the folder is read, until the file with the PIN holds another, the `.token.toml` says something
//! else, or the program is started anew.
//!
//! A library may have to be ended and started anew before it sees a token that has come back. Nobody may be inside
//! while it ends, so every call holds a lock for reading, and that takes it for writing.
//!
//! Sources: PKCS#11 2.40, sections 5.6 (sessions), 5.11 (signing), 2.3.1 (`CKM_ECDSA` signs a digest and gives r and s).

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, RwLock};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

use crate::crypto::{Digest, Secret, SignFault, Signature, Signer, Suite, verify_raw};
use crate::domain::WireValue;
use crate::domain::wire_table::Table;
use crate::pki::Certificate;

/// Sessions kept open for one key; more are opened when needed and closed behind it. Our own bound.
const SESSIONS_KEPT: usize = 8;
/// What the first signature is made over.
const PROBE: &[u8] = b"zhengku: does this key belong to its certificate?";

/// The libraries in use: each may be started once in a process, so its keys share it.
static MODULES: LazyLock<Mutex<HashMap<PathBuf, Arc<Module>>>> = LazyLock::new(Mutex::default);

/// The texts of the `.token.toml` files that were opened, by their paths.
static TEXTS: LazyLock<Mutex<HashMap<PathBuf, Digest>>> = LazyLock::new(Mutex::default);

/// A library.
#[derive(Default)]
struct Module {
    started: RwLock<Started>,
    pins: Mutex<RefusedPins>,
}

#[derive(Default)]
struct Started {
    library: Option<Pkcs11>,
    /// How often it was started.
    times: u64,
    /// Sessions that nobody uses just now, by the labels of token and key. They lie here so that they go before
    /// the library ends: afterwards their numbers may be those of others.
    idle: Mutex<HashMap<(String, String), Vec<Opened>>>,
}

/// A private key in a token.
pub struct TokenKey {
    place: TokenPlace,
    module: Arc<Module>,
    suite: Suite,
    public_key: Vec<u8>,
}

struct TokenPlace {
    module: PathBuf,
    token: String,
    key: String,
    pin_file: PathBuf,
}

/// The PIN each token of a library refused last, by the token's label.
#[derive(Default)]
struct RefusedPins(HashMap<String, Digest>);

impl RefusedPins {
    /// Tries a PIN, unless the token has refused it before.
    fn attempt(
        &mut self,
        token: &str,
        pin: &[u8],
        login: impl FnOnce() -> Result<(), TokenFault>,
    ) -> Result<(), TokenFault> {
        let pin = Digest::of(pin);
        if self.0.get(token) == Some(&pin) {
            return Err(TokenFault::Pin);
        }
        let tried = login();
        if tried == Err(TokenFault::Pin) {
            tracing::error!(
                "a token refused its PIN, which is not tried again before pin_file or the .token.toml is changed"
            );
            self.0.insert(token.to_owned(), pin);
        }
        tried
    }

    /// Lets the PIN be tried again.
    fn forget(&mut self, token: &str) {
        self.0.remove(token);
    }
}

/// A session that is logged in, and the key in it.
struct Opened {
    session: Session,
    key: ObjectHandle,
}

impl TokenKey {
    /// The key that the text of this `.token.toml` names, for this certificate.
    ///
    /// Where the token `may_be_away`, as one that has proven its key may while the program runs, it is no fault if the
    /// token, its library or its PIN is not there just now.
    pub fn open(
        text: &str,
        file: &Path,
        leaf: &Certificate,
        may_be_away: bool,
    ) -> Result<Self, TokenFault> {
        let place = TokenPlace::read(text, file.parent().unwrap_or(file))?;
        let suite = leaf.suite().ok_or(TokenFault::OtherKey)?;
        let public_key = leaf.public_key().to_vec();
        let module = Module::at(&place.module);
        if says_something_else(file, text) {
            module.pins().forget(&place.token);
        }
        let key = Self { place, module, suite, public_key };
        let proven =
            key.module.start(&key.place.module, 0).and_then(|()| key.sign_again(PROBE).map(drop));
        match proven {
            Err(fault) if may_be_away && fault.may_pass() => {
                tracing::warn!(%fault, "the token with a sealing key is not there just now");
                Ok(key)
            }
            Err(fault) => Err(fault),
            Ok(()) => Ok(key),
        }
    }

    /// A signature, in a library that was started anew where one from before sees no token or refuses.
    fn sign_again(&self, message: &[u8]) -> Result<Signature, TokenFault> {
        match self.sign_once(message) {
            Ok(signature) => Ok(signature),
            Err((TokenFault::NoToken | TokenFault::Refused(_), times)) => {
                self.module.start(&self.place.module, times)?;
                self.sign_once(message).map_err(|(fault, _)| fault)
            }
            Err((fault, _)) => Err(fault),
        }
    }

    /// A signature in a session that is idle or new; with a fault comes how often the library had been started.
    fn sign_once(&self, message: &[u8]) -> Result<Signature, (TokenFault, u64)> {
        let started = self.module.started.read().unwrap_or_else(PoisonError::into_inner);
        let name = (self.place.token.clone(), self.place.key.clone());
        let idle = || started.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().get_mut(&name).and_then(Vec::pop);
        let signed = match (kept, &started.library) {
            (Some(opened), _) => Ok(opened),
            (None, Some(library)) => self.place.open_session(library, &self.module),
            (None, None) => Err(TokenFault::NoToken),
        }
        .and_then(|opened| Ok((self.sign_in(&opened, message)?, opened)));
        let (signature, opened) = signed.map_err(|fault| (fault, started.times))?;
        let mut idle = idle();
        let sessions = idle.entry(name).or_default();
        if sessions.len() < SESSIONS_KEPT {
            sessions.push(opened);
        }
        Ok(signature)
    }

    fn sign_in(&self, opened: &Opened, message: &[u8]) -> Result<Signature, TokenFault> {
        let raw = match self.suite {
            // The token hashes for neither: many cannot.
            Suite::EcdsaP256Sha256 => {
                let digest = Digest::of(message);
                opened.session.sign(&Mechanism::Ecdsa, opened.key, digest.as_bytes())
            }
            Suite::RsaPkcs1Sha256 => {
                opened.session.sign(&Mechanism::Sha256RsaPkcs, opened.key, message)
            }
        };
        let raw = raw.map_err(TokenFault::from)?;
        let signature = Signature::from_raw(self.suite, raw).map_err(|_| TokenFault::Nonsense)?;
        verify_raw(self.suite, &self.public_key, message, signature.raw())
            .map_err(|_| TokenFault::OtherKey)?;
        Ok(signature.lowered())
    }
}

impl Module {
    fn at(path: &Path) -> Arc<Self> {
        let mut modules = MODULES.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(modules.entry(path.to_owned()).or_default())
    }

    fn pins(&self) -> MutexGuard<'_, RefusedPins> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the library, for the first time or anew, unless somebody has since it had been started `times` times.
    fn start(&self, path: &Path, times: u64) -> Result<(), TokenFault> {
        let mut started = self.started.write().unwrap_or_else(PoisonError::into_inner);
        if started.times != times {
            return Ok(());
        }
        started.idle = Mutex::default();
        if let Some(library) = started.library.take() {
            // If it does not end well it is started again all the same, and says so then.
            let _ = library.finalize();
        }
        let library = Pkcs11::new(path).map_err(|_| TokenFault::Module)?;
        match library.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK)) {
            Ok(()) | Err(Error::Pkcs11(RvError::CryptokiAlreadyInitialized, _)) => {}
            Err(error) => return Err(error.into()),
        }
        started.library = Some(library);
        started.times += 1;
        Ok(())
    }
}

impl Signer for TokenKey {
    fn suite(&self) -> Suite {
        self.suite
    }

    fn sign(&self, message: &[u8]) -> Result<Signature, SignFault> {
        self.sign_again(message).map_err(|fault| {
            tracing::error!(%fault, "the token with a sealing key did not sign");
            match fault {
                TokenFault::Nonsense | TokenFault::OtherKey => SignFault::Nonsense,
                fault if fault.may_pass() => SignFault::Away,
                _ => SignFault::Refused,
            }
        })
    }

    fn public_key(&self) -> &[u8] {
        &self.public_key
    }
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({})", self.suite)
    }
}

impl TokenPlace {
    fn read(text: &str, folder: &Path) -> Result<Self, TokenFault> {
        let wrong = |why: String| TokenFault::Settings(why);
        let value: WireValue =
            toml::from_str(text).map_err(|error| wrong(error.message().to_owned()))?;
        let WireValue::Object(object) = &value else {
            return Err(wrong("the file has no keys".to_owned()));
        };
        let mut table = Table::new(object, String::new());
        let (module, token, key) = (table.text("module"), table.text("token"), table.text("key"));
        let pin_file = table.text("pin_file");
        let faults = table.finish();
        let (Some(module), Some(token), Some(key), Some(pin_file), true) =
            (module, token, key, pin_file, faults.is_empty())
        else {
            let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
            return Err(wrong(faults.join("; ")));
        };
        Ok(Self { module: folder.join(module), token, key, pin_file: folder.join(pin_file) })
    }

    fn open_session(&self, library: &Pkcs11, module: &Module) -> Result<Opened, TokenFault> {
        let slots = library.get_slots_with_initialized_token()?;
        let slot = slots.into_iter().find(|slot| {
            library.get_token_info(*slot).is_ok_and(|token| token.label() == self.token)
        });
        let session = library.open_ro_session(slot.ok_or(TokenFault::NoToken)?)?;
        // Read each time, so that a file that was mended is taken up by the next signature.
        let pin = std::fs::read_to_string(&self.pin_file).map_err(|_| TokenFault::PinFile)?;
        let pin = Secret::new(pin);
        let pin = pin.expose().trim_end_matches(['\r', '\n']);
        // One at a time: of two that are wrong together the second must find what became of the first.
        module.pins().attempt(&self.token, pin.as_bytes(), || {
            match session.login(UserType::User, Some(&AuthPin::new(pin.into()))) {
                // The login is the process's and not the session's.
                Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => Ok(()),
                Err(Error::Pkcs11(
                    RvError::PinExpired
                    | RvError::PinIncorrect
                    | RvError::PinInvalid
                    | RvError::PinLenRange
                    | RvError::PinLocked,
                    _,
                )) => Err(TokenFault::Pin),
                Err(error) => Err(error.into()),
            }
        })?;
        let wanted = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::Label(self.key.as_bytes().to_vec()),
        ];
        match session.find_objects(&wanted)?[..] {
            [key] => Ok(Opened { session, key }),
            [] => Err(TokenFault::NoKey),
            _ => Err(TokenFault::SeveralKeys),
        }
    }
}

/// Whether the file said something else when it was opened last; if it never was, it does not.
fn says_something_else(file: &Path, text: &str) -> bool {
    let mut texts = TEXTS.lock().unwrap_or_else(PoisonError::into_inner);
    let now = Digest::of(text.as_bytes());
    texts.insert(file.to_owned(), now).is_some_and(|before| before != now)
}

/// Why a key in a token cannot be used. Nothing of the PIN or the key is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenFault {
    /// The library cannot be loaded.
    Module,
    /// The token has no private key with this label.
    NoKey,
    /// No token with this label is there.
    NoToken,
    /// What came back is no signature.
    Nonsense,
    /// The key in the token is not that of the certificate.
    OtherKey,
    /// The PIN is wrong or locked.
    Pin,
    /// The file with the PIN cannot be read.
    PinFile,
    /// The library refused, with its own word for why.
    Refused(String),
    /// The text of the `.token.toml` does not hold together.
    Settings(String),
    /// Several private keys have this label.
    SeveralKeys,
}

impl TokenFault {
    /// Whether it passes when token, library or PIN are back in their place, and speaks of no other key.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Module | Self::NoToken | Self::Pin | Self::PinFile | Self::Refused(_))
    }
}

impl From<Error> for TokenFault {
    fn from(error: Error) -> Self {
        Self::Refused(match error {
            Error::Pkcs11(code, function) => format!("{code:?} in {function:?}"),
            _ => "the library gave something unforeseen".to_owned(),
        })
    }
}

impl fmt::Display for TokenFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Module => f.write_str("the PKCS#11 library cannot be loaded: see `module`"),
            Self::NoKey => f.write_str("the token has no private key with this label: see `key`"),
            Self::NoToken => f.write_str("no token with this label is there: see `token`"),
            Self::Nonsense => f.write_str("the token gave something that is no signature"),
            Self::OtherKey => f.write_str("the key in the token is not that of the certificate"),
            Self::Pin => f.write_str("the token does not take the PIN, or has locked it"),
            Self::PinFile => f.write_str("the file with the PIN cannot be read: see `pin_file`"),
            Self::Refused(why) => write!(f, "the token refused: {why}"),
            Self::Settings(faults) => f.write_str(faults),
            Self::SeveralKeys => f.write_str("several private keys in the token have this label"),
        }
    }
}

impl std::error::Error for TokenFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pki::test_chain::TestChain;

    #[test]
    fn what_does_not_lead_to_a_key_is_told_by_name() {
        let (chain, folder) = (TestChain::new(), tempfile::tempdir().unwrap());
        let file = folder.path().join("x.token.toml");
        let open = |text: &str, known| TokenKey::open(text, &file, chain.seal(), known);
        let text = "module = \"none.so\"\ntoken = \"t\"\nkey = \"k\"\npin_file = \"pin\"\n";
        assert_eq!(open(text, false).err(), Some(TokenFault::Module));
        for broken in ["token = 1", "", "[[", &format!("{text}pin = \"1234\"")] {
            let Err(TokenFault::Settings(why)) = open(broken, true) else { panic!("{broken}") };
            assert!(!why.contains("1234"), "{why}");
        }
        let known = open(text, true).unwrap();
        assert_eq!(known.sign(PROBE).err(), Some(SignFault::Away));
    }

    #[test]
    fn a_pin_that_was_refused_is_tried_once() {
        let (mut pins, mut tried) = (RefusedPins::default(), 0);
        let mut attempt = |pins: &mut RefusedPins, token, pin: &[u8], answer| {
            let before = tried;
            let came = pins.attempt(token, pin, || {
                tried += 1;
                answer
            });
            (came, tried - before)
        };
        let (wrong, away) = (Err(TokenFault::Pin), Err(TokenFault::NoToken));
        assert_eq!(attempt(&mut pins, "a", b"1", away.clone()), (away, 1));
        assert_eq!(attempt(&mut pins, "a", b"1", wrong.clone()), (wrong.clone(), 1));
        assert_eq!(attempt(&mut pins, "a", b"1", Ok(())), (wrong.clone(), 0));
        assert_eq!(attempt(&mut pins, "b", b"1", Ok(())), (Ok(()), 1), "another token");
        assert_eq!(attempt(&mut pins, "a", b"2", wrong.clone()), (wrong.clone(), 1), "another PIN");
        assert_eq!(attempt(&mut pins, "a", b"2", Ok(())), (wrong, 0));
        pins.forget("a");
        assert_eq!(attempt(&mut pins, "a", b"2", Ok(())), (Ok(()), 1), "another text");
    }

    #[test]
    fn a_text_that_has_changed_is_seen_and_a_new_one_is_none() {
        let file = Path::new("a_text_that_has_changed.token.toml");
        let told = ["a", "a", "b", "b", "a"].map(|text| says_something_else(file, text));
        assert_eq!(told, [false, false, true, false, true]);
    }
}
