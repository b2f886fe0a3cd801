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
//! back succeeds. A PIN that was refused is not tried again until the folder is read anew, because a token locks itself
//! after a few.
//!
//! A library may have to be ended and started anew before it sees a token that has come back. Nobody may be inside
//! while it ends, so every call holds a lock for reading, and that takes it for writing.
//!
//! Sources: PKCS#11 2.40, sections 5.6 (sessions), 5.11 (signing), 2.3.1 (`CKM_ECDSA` signs a digest and gives r and s).

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, RwLock};

use cryptoki::context::{CInitializeArgs, CInitializeFlags, Pkcs11};
use cryptoki::error::{Error, RvError};
use cryptoki::mechanism::Mechanism;
use cryptoki::object::{Attribute, ObjectClass, ObjectHandle};
use cryptoki::session::{Session, UserType};
use cryptoki::types::AuthPin;

use crate::crypto::{Digest, SignFault, Signature, Signer, Suite, verify_raw};
use crate::domain::WireValue;
use crate::domain::wire_table::Table;
use crate::pki::Certificate;

/// Sessions kept open for one key; more are opened when needed and closed behind it. Our own bound.
const SESSIONS_KEPT: usize = 8;
/// What the first signature is made over.
const PROBE: &[u8] = b"zhengku: does this key belong to its certificate?";

/// The libraries in use: each may be started once in a process, so its keys share it.
static MODULES: LazyLock<Mutex<HashMap<PathBuf, Arc<Module>>>> = LazyLock::new(Mutex::default);

/// A library.
#[derive(Default)]
struct Module(RwLock<Started>);

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
    /// The token did not take the PIN.
    pin_refused: AtomicBool,
}

struct TokenPlace {
    module: PathBuf,
    token: String,
    key: String,
    pin: AuthPin,
}

/// A session that is logged in, and the key in it.
struct Opened {
    session: Session,
    key: ObjectHandle,
}

impl TokenKey {
    /// The key that the text of a `.token.toml` names, for this certificate; `folder` is where the text lies.
    ///
    /// Where the token `may_be_away`, as it may while the program runs, its absence is no fault.
    pub fn open(
        text: &str,
        folder: &Path,
        leaf: &Certificate,
        may_be_away: bool,
    ) -> Result<Self, TokenFault> {
        let place = TokenPlace::read(text, folder)?;
        let suite = leaf.suite().ok_or(TokenFault::OtherKey)?;
        let public_key = leaf.public_key().to_vec();
        let module = Module::at(&place.module);
        module.start(&place.module, 0)?;
        let pin_refused = AtomicBool::new(false);
        let key = Self { place, module, suite, public_key, pin_refused };
        match key.sign_again(PROBE) {
            Err(fault @ (TokenFault::NoToken | TokenFault::Refused(_))) if may_be_away => {
                tracing::warn!(%fault, "the token with a sealing key is not there just now");
                Ok(key)
            }
            Err(fault) => Err(fault),
            Ok(_) => Ok(key),
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
        let started = self.module.0.read().unwrap_or_else(PoisonError::into_inner);
        let name = (self.place.token.clone(), self.place.key.clone());
        let idle = || started.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = idle().get_mut(&name).and_then(Vec::pop);
        let signed = match (kept, &started.library) {
            (Some(opened), _) => Ok(opened),
            (None, Some(library)) => self.open_session(library),
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

    fn open_session(&self, library: &Pkcs11) -> Result<Opened, TokenFault> {
        if self.pin_refused.load(Ordering::Acquire) {
            return Err(TokenFault::Pin);
        }
        let opened = self.place.open_session(library);
        if let Err(TokenFault::Pin) = opened {
            self.pin_refused.store(true, Ordering::Release);
        }
        opened
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

    /// Starts the library, for the first time or anew, unless somebody has since it had been started `times` times.
    fn start(&self, path: &Path, times: u64) -> Result<(), TokenFault> {
        let mut started = self.0.write().unwrap_or_else(PoisonError::into_inner);
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
                TokenFault::Module | TokenFault::NoToken | TokenFault::Refused(_) => {
                    SignFault::Away
                }
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
        let pin =
            std::fs::read_to_string(folder.join(pin_file)).map_err(|_| TokenFault::PinFile)?;
        let pin = AuthPin::new(pin.trim_end_matches(['\r', '\n']).into());
        Ok(Self { module: folder.join(module), token, key, pin })
    }

    fn open_session(&self, module: &Pkcs11) -> Result<Opened, TokenFault> {
        let slots = module.get_slots_with_initialized_token()?;
        let slot = slots.into_iter().find(|slot| {
            module.get_token_info(*slot).is_ok_and(|token| token.label() == self.token)
        });
        let session = module.open_ro_session(slot.ok_or(TokenFault::NoToken)?)?;
        match session.login(UserType::User, Some(&self.pin)) {
            // The login is the process's and not the session's.
            Ok(()) | Err(Error::Pkcs11(RvError::UserAlreadyLoggedIn, _)) => {}
            Err(Error::Pkcs11(RvError::PinIncorrect | RvError::PinLocked, _)) => {
                return Err(TokenFault::Pin);
            }
            Err(error) => return Err(error.into()),
        }
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
        std::fs::write(folder.path().join("pin"), "1234\n").unwrap();
        let open = |text: &str| TokenKey::open(text, folder.path(), chain.seal(), true).err();
        let text = |pin: &str| {
            format!("module = \"none.so\"\ntoken = \"t\"\nkey = \"k\"\npin_file = \"{pin}\"\n")
        };
        assert_eq!(open(&text("pin")), Some(TokenFault::Module));
        assert_eq!(open(&text("nowhere")), Some(TokenFault::PinFile));
        for broken in ["token = 1", "", "[[", &format!("{}pin = \"1234\"", text("pin"))] {
            let Some(TokenFault::Settings(why)) = open(broken) else { panic!("{broken}") };
            assert!(!why.contains("1234"), "{why}");
        }
    }
}
