//! The sealing keys of the house, with everything that can be prepared before a license comes.
//!
//! What is the same for every license of an authority (the header of the e-certificate, the frame of the CMS
//! message, the revocation lists that go into the file) is made once for each key and kept.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::domain::{AuthorityCode, Moment};
use crate::ecert::SealedHeader;
use crate::pki::{Revocation, SealTemplate, TrustStore, VerifiedPath, verify_path};

use super::error::Fault;
use super::ports::{SealingKey, SealingKeys};

/// A key that is ready to seal.
pub struct PreparedKey {
    /// The key and its chain.
    pub key: Arc<dyn SealingKey>,
    /// Writes the CMS message of a sealed PDF.
    pub cms: SealTemplate,
    /// The header of its e-certificates.
    pub header: SealedHeader,
    /// The revocation lists of its chain, in DER, as far as they are known here.
    pub crls: Vec<Vec<u8>>,
    /// The path from its certificate to an anchor of ours.
    path: VerifiedPath,
}

impl PreparedKey {
    /// When the first certificate of its path ends: until then a seal without a time-stamp can be checked.
    pub fn ends(&self) -> Moment {
        self.path.window().1
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

/// Finds prepared keys.
pub struct Sealing {
    keys: Arc<dyn SealingKeys>,
    trust: Arc<TrustStore>,
    prepared: Mutex<HashMap<AuthorityCode, Arc<PreparedKey>>>,
}

impl Sealing {
    /// Over the keys of the house; `trust` is where the revocation lists come from.
    pub fn new(keys: Arc<dyn SealingKeys>, trust: Arc<TrustStore>) -> Self {
        Self { keys, trust, prepared: Mutex::default() }
    }

    /// The prepared key of an authority, fit to seal at `at`.
    ///
    /// # Errors
    ///
    /// A fault if the authority has no key here, or one whose certificate has ended, was revoked, or leads to
    /// no anchor of ours: the registry says it may issue, so this is ours to mend.
    pub fn find(&self, authority: &AuthorityCode, at: Moment) -> Result<Arc<PreparedKey>, Fault> {
        let ready = self.prepared_key(authority, at)?;
        ready.may_seal(at)?;
        Ok(ready)
    }

    fn prepared_key(
        &self,
        authority: &AuthorityCode,
        at: Moment,
    ) -> Result<Arc<PreparedKey>, Fault> {
        let mut prepared = self.prepared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = prepared.get(authority) {
            return Ok(Arc::clone(known));
        }
        let key = self.keys.find(authority).ok_or_else(|| {
            Fault::new("sealing.no_key", format!("authority {authority} has no sealing key here"))
        })?;
        let ready = Arc::new(self.prepare(key, at)?);
        prepared.insert(authority.clone(), Arc::clone(&ready));
        Ok(ready)
    }

    fn prepare(&self, key: Arc<dyn SealingKey>, at: Moment) -> Result<PreparedKey, Fault> {
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
        Ok(PreparedKey { key, cms, header, crls, path })
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
