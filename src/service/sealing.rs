//! The sealing keys of the house, with everything that can be prepared before a license comes.
//!
//! What is the same for every license of an authority (the header of the e-certificate, the frame of the CMS
//! message, the revocation lists that go into the file) is made once for each key and kept. An authority may
//! have several keys: the newest that our own verifier would accept seals.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::crypto::{SignFault, Signer, Suite};
use crate::domain::{AuthorityCode, Moment};
use crate::ecert::SealedHeader;
use crate::pki::{
    Certificate, CmsBuildError, Revocation, SealTemplate, TrustStore, VerifiedPath, verify_path,
};

use super::error::Fault;
use super::ports::{KeyId, KeyUse, SealedWith, SealingKey, SealingKeys};

/// A key that is ready to seal.
pub struct PreparedKey {
    /// The key and its chain.
    pub key: Arc<dyn SealingKey>,
    /// How it is known.
    pub id: KeyId,
    /// Writes the CMS message of a sealed PDF.
    pub cms: SealTemplate,
    /// The header of its e-certificates.
    pub header: SealedHeader,
    /// The revocation lists of its chain, in DER, as far as they are known here.
    crls: Vec<Vec<u8>>,
    /// The path from its certificate to an anchor of ours.
    path: VerifiedPath,
}

impl PreparedKey {
    /// When the first certificate of its path ends: until then a seal without a time-stamp can be checked.
    pub fn ends(&self) -> Moment {
        self.path.window().1
    }

    /// Its certificates in DER, leaf first and without the root.
    pub fn chain_ders(&self) -> Vec<&[u8]> {
        self.key.chain().iter().map(Certificate::der).collect()
    }

    /// The revocation lists of its chain, in DER.
    pub fn crl_ders(&self) -> Vec<&[u8]> {
        self.crls.iter().map(Vec::as_slice).collect()
    }

    /// A use of it for so many signatures, as an intention states it.
    pub fn to_use(&self, signatures: u32) -> KeyUse {
        KeyUse { key: self.id, signatures, limit: self.key.max_uses() }
    }

    /// Whether our own verifier would call a seal made at `at` authentic. A license that is issued under a
    /// certificate that has ended or was revoked could never be relied on.
    fn may_seal(&self, at: Moment) -> Result<(), Fault> {
        let (first, last) = self.path.window();
        if at < first || last < at {
            let cause =
                format!("the sealing certificate or one above it holds from {first} to {last}");
            return Err(Fault::new("sealing.certificate_period", cause));
        }
        match self.path.revocation(at) {
            Revocation::Revoked { since, .. } => {
                let cause =
                    format!("the sealing certificate or one above it was revoked on {since}");
                Err(Fault::new("sealing.certificate_revoked", cause))
            }
            // Without a current list nobody can say more; verifiers will ask for one.
            Revocation::Good { .. } | Revocation::Unknown => Ok(()),
        }
    }
}

/// The keys that both forms of one license are sealed with.
pub struct LicenseKeys {
    /// Seals the PDF.
    pub seal: Arc<PreparedKey>,
    /// Signs the e-certificate in place of `seal`.
    companion: Option<Arc<PreparedKey>>,
}

impl LicenseKeys {
    /// What signs the e-certificate, and the header that goes with it.
    pub fn ecert(&self) -> (&dyn Signer, &SealedHeader) {
        let prepared = self.companion.as_ref().unwrap_or(&self.seal);
        (prepared.key.signer(), &prepared.header)
    }

    /// What signs the statement of the printed square, with its certificate; none where no key here is for ES256.
    pub fn statement(&self) -> Option<(&dyn Signer, &Certificate)> {
        let prepared = self.companion.as_ref().unwrap_or(&self.seal);
        let signer = prepared.key.signer();
        let leaf = prepared.key.chain().first()?;
        (signer.suite() == Suite::EcdsaP256Sha256).then_some((signer, leaf))
    }

    /// What sealing one license will use, as its intention states it.
    pub fn to_use(&self) -> Vec<KeyUse> {
        let statement = u32::from(self.statement().is_some());
        match &self.companion {
            Some(companion) => vec![self.seal.to_use(1), companion.to_use(1 + statement)],
            None => vec![self.seal.to_use(2 + statement)],
        }
    }

    /// Whether sealing may keep its thread waiting for a device.
    pub fn may_wait(&self) -> bool {
        [Some(&self.seal), self.companion.as_ref()]
            .into_iter()
            .flatten()
            .any(|prepared| prepared.key.may_wait())
    }

    /// What the shelf writes down.
    pub fn sealed_with(&self) -> SealedWith {
        let companion = self.companion.as_ref().unwrap_or(&self.seal);
        SealedWith { seal: self.seal.id, ecert: companion.id }
    }
}

/// Does `work`, which waits for a device where it `waits`: the other work of the thread moves elsewhere meanwhile,
/// if this runtime has threads that can take it over.
pub fn in_its_time<T>(waits: bool, work: impl FnOnce() -> T) -> T {
    let has_other_threads = || {
        tokio::runtime::Handle::try_current().is_ok_and(|runtime| {
            runtime.runtime_flavor() == tokio::runtime::RuntimeFlavor::MultiThread
        })
    };
    if waits && has_other_threads() { tokio::task::block_in_place(work) } else { work() }
}

/// The fault of a key that did not sign: at `keys.token_gone` where its token is away, else at `place`.
pub fn sign_fault(place: &'static str, fault: SignFault) -> Fault {
    Fault::new(if fault == SignFault::Away { "keys.token_gone" } else { place }, fault)
}

/// As [`sign_fault`], of the seal of a PDF.
pub fn seal_fault(place: &'static str, error: CmsBuildError) -> Fault {
    match error {
        CmsBuildError::Signer(fault) => sign_fault(place, fault),
        error => Fault::new(place, error),
    }
}

/// Finds prepared keys.
pub struct Sealing {
    keys: Arc<dyn SealingKeys>,
    trust: Arc<TrustStore>,
    prepared: Mutex<HashMap<KeyId, Arc<PreparedKey>>>,
}

impl Sealing {
    /// Over the keys of the house; `trust` is where the revocation lists come from.
    pub fn new(keys: Arc<dyn SealingKeys>, trust: Arc<TrustStore>) -> Self {
        Self { keys, trust, prepared: Mutex::default() }
    }

    /// The certificates of every key of the house.
    pub fn certificates(&self) -> Vec<Certificate> {
        self.keys.certificates()
    }

    /// The prepared key of an authority, the newest that is fit to seal at `at`.
    ///
    /// # Errors
    ///
    /// A fault if the authority has no key here, or none whose certificate holds, was not revoked and leads to
    /// an anchor of ours: the registry says it may issue, so this is ours to mend.
    pub fn find(&self, authority: &AuthorityCode, at: Moment) -> Result<Arc<PreparedKey>, Fault> {
        self.newest_fit(self.keys.find(authority, at), at)?.ok_or_else(|| {
            Fault::new("sealing.no_key", format!("authority {authority} has no sealing key here"))
        })
    }

    /// The keys for both forms of a license. Where no companion is fit, the sealing key signs both.
    ///
    /// # Errors
    ///
    /// As [`find`](Self::find).
    pub fn for_license(&self, authority: &AuthorityCode, at: Moment) -> Result<LicenseKeys, Fault> {
        let seal = self.find(authority, at)?;
        let companions = self.keys.find_companions(authority, at);
        let companion = self.newest_fit(companions, at).unwrap_or_default();
        Ok(LicenseKeys { seal, companion })
    }

    /// The first of these that is fit to seal; where none is, why the first of them is not.
    fn newest_fit(
        &self,
        keys: Vec<Arc<dyn SealingKey>>,
        at: Moment,
    ) -> Result<Option<Arc<PreparedKey>>, Fault> {
        let mut refused = None;
        for key in keys {
            let fit =
                self.prepared_key(key, at).and_then(|ready| ready.may_seal(at).map(|()| ready));
            match fit {
                Ok(ready) => return Ok(Some(ready)),
                Err(fault) => refused = refused.or(Some(fault)),
            }
        }
        refused.map_or(Ok(None), Err)
    }

    fn prepared_key(
        &self,
        key: Arc<dyn SealingKey>,
        at: Moment,
    ) -> Result<Arc<PreparedKey>, Fault> {
        let id = key.id();
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        // A ring read anew brings the key anew, perhaps with another limit: what is kept holds the key it
        // was made from.
        if let Some(known) = prepared.get(&id).filter(|known| Arc::ptr_eq(&known.key, &key)) {
            return Ok(Arc::clone(known));
        }
        let ready = Arc::new(self.prepare(key, id, at)?);
        prepared.insert(id, Arc::clone(&ready));
        Ok(ready)
    }

    fn prepare(
        &self,
        key: Arc<dyn SealingKey>,
        id: KeyId,
        at: Moment,
    ) -> Result<PreparedKey, Fault> {
        let [leaf, above @ ..] = key.chain() else {
            return Err(Fault::new("sealing.no_certificate", "a sealing key has no certificate"));
        };
        let path = verify_path(leaf, above, &self.trust, &[], at)
            .map_err(|error| Fault::new("sealing.certificate_path", error))?;
        let cms =
            SealTemplate::new(key.chain()).map_err(|error| Fault::new("sealing.cms", error))?;
        let chain: Vec<&[u8]> = key.chain().iter().map(|certificate| certificate.der()).collect();
        let header = SealedHeader::new(key.signer().suite(), &chain);
        let issuers: Vec<&[u8]> =
            key.chain().iter().map(|certificate| certificate.issuer()).collect();
        let concerned = self.trust.crls().iter().filter(|crl| issuers.contains(&crl.issuer()));
        let crls = concerned.map(|crl| crl.der().to_owned()).collect();
        Ok(PreparedKey { key, id, cms, header, crls, path })
    }
}

/// The serial (流水号) of a new license: its year, and 60 random bits in 12 characters.
///
/// Random, because a serial that counts tells everybody how many licenses there are and lets them be walked
/// through; and because two servers need not agree on the next one. The alphabet leaves out I, L, O and U,
/// which are misread or spell words.
pub fn serial(year: u16, random: &dyn crate::crypto::Random) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let mut drawn = [0; 12];
    random.fill(&mut drawn);
    let letters = drawn.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)]));
    format!("{year:04}{}", letters.collect::<String>())
}
