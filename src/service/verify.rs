//! Verifying (核验): a verdict on whatever is brought, a file or a number.
//!
//! `judge` has the opinions; this desk gives it what it needs of the world: the trust store, the registry, and
//! what the vault says of the license a file turned out to be. A vault that cannot be asked is a finding and
//! never an error, so a clerk always gets a verdict. For a number the sealed PDF on the shelf is judged as if it
//! had been brought, so that the same verdict comes out whatever form goes in. A file whose certificate has ended or
//! was revoked is judged by the same file with the protection that was appended to it since, where the vault has that.

use std::panic::resume_unwind;
use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::domain::{CopyNumber, LicenseId, Moment};
use crate::judge::{
    self, ComparedField, PictureRead, Signers, Trust, VaultFact, VaultRecord, Verdict,
};
use crate::picture::looks_like_picture;
use crate::pki::{Certificate, PathCache, TrustStore};

use super::compare::{self, Viewer};
use super::desks::{CatalogueDesk, VerifyDesk};
use super::error::{Fault, Refusal};
use super::hold::form_bytes;
use super::issue::Indexes;
use super::ports::{Clock, Form, FormRecord, Later, SealingKeys, Vault, VersionRecord};
use super::standing::look_up;
use super::trust_pack::OpenPack;
use super::whole::sealed_pdf;

/// Whom to trust, and what names are known here.
pub struct Judging {
    /// Where trust begins.
    pub trust: Arc<TrustStore>,
    /// Certificate paths that were verified before.
    pub paths: PathCache,
    /// The keys of the house, by whose certificates statements are signed; none where there are none.
    pub signers: Option<Arc<dyn SealingKeys>>,
    /// The registry of types and authorities; names are taken from it and never from a document.
    pub catalogue: Arc<dyn CatalogueDesk>,
    /// Whether certificates made for development count.
    pub development: bool,
}

/// Judges files and numbers.
pub struct Verifying {
    /// Whom to trust.
    pub judging: Arc<Judging>,
    /// The vault, or `None` where none is at hand.
    pub vault: Option<Arc<dyn Vault>>,
    /// The trust pack that speaks where no vault is at hand.
    pub pack: Option<Arc<OpenPack>>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The blind indexes, by which a holder is known; none where nobody signs in.
    pub indexes: Option<Arc<Indexes>>,
}

impl VerifyDesk for Verifying {
    fn file_for<'a>(&'a self, bytes: &'a [u8], viewer: &'a Viewer) -> Later<'a, Verdict> {
        Box::pin(async move {
            let at = self.clock.now();
            if looks_like_picture(bytes) {
                return self.picture(bytes.to_vec(), viewer, at).await;
            }
            let mut examined = self.examine(bytes.to_vec(), at).await;
            if let Some(copy) = self.protected_copy(&examined, bytes).await {
                examined = examined.or_protected_copy(self.examine(copy, at).await);
            }
            let fact = match examined.license_id() {
                Some(id) => self.ask(id, examined.copy_number(), at).await,
                None => VaultFact::NotAsked,
            };
            let comparison = self.comparison(&examined, &fact, viewer, at).await;
            Verdict { comparison, ..examined.conclude(fact, at) }
        })
    }

    fn square_for<'a>(&'a self, text: &'a str, viewer: &'a Viewer) -> Later<'a, Verdict> {
        Box::pin(async move {
            let at = self.clock.now();
            let (judging, text) = (Arc::clone(&self.judging), text.to_owned());
            let judged = spawn_blocking(move || judging.examine_square(&text, at)).await;
            let examined = judged.unwrap_or_else(|broken| resume_unwind(broken.into_panic()));
            let fact = match examined.license_id() {
                Some(id) => self.ask(id, None, at).await,
                None => VaultFact::NotAsked,
            };
            let comparison = self.comparison(&examined, &fact, viewer, at).await;
            Verdict { comparison, ..examined.conclude(fact, at) }
        })
    }

    fn id_for<'a>(&'a self, id: &'a LicenseId, viewer: &'a Viewer) -> Later<'a, Verdict> {
        Box::pin(async move {
            let at = self.clock.now();
            match self.look_at_shelf(id, at).await {
                Ok(Some((bytes, fact))) => {
                    let examined = self.examine(bytes, at).await.from_shelf();
                    if examined.license_id() == Some(id) {
                        let comparison = self.comparison(&examined, &fact, viewer, at).await;
                        return Verdict { comparison, ..examined.conclude(fact, at) };
                    }
                    // Our own copy is not what the row says: ours to mend, and no verdict on the license.
                    tracing::error!(
                        place = "verify.id",
                        "a sealed PDF on the shelf is not that of its id"
                    );
                    judge::judge_id(&VaultFact::CannotAskNow, at)
                }
                Ok(None) => judge::judge_id(&VaultFact::NotInVault { as_of: at }, at),
                Err(fault) => {
                    tracing::error!(place = fault.place, cause = %fault.cause, "the vault could not be asked");
                    judge::judge_id(&VaultFact::CannotAskNow, at)
                }
            }
        })
    }
}

impl Judging {
    /// What a file is and says, before the vault is asked.
    pub fn examine(&self, bytes: &[u8], at: Moment) -> judge::Examined {
        self.believing(|trust| judge::examine(bytes, trust, at))
    }

    /// What the text of a printed square is and says, before the vault is asked.
    pub fn examine_square(&self, text: &str, at: Moment) -> judge::Examined {
        self.believing(|trust| judge::examine_square(text, trust, at))
    }

    fn believing<T>(&self, judge: impl FnOnce(&Trust<'_>) -> T) -> T {
        let catalogue = self.catalogue.catalogue();
        let signers = self.signers.as_deref().map(Known);
        judge(&Trust {
            store: &self.trust,
            paths: Some(&self.paths),
            signers: signers.as_ref().map(|known| -> &dyn Signers { known }),
            registry: catalogue.as_ref(),
            development: self.development,
        })
    }
}

/// The certificates of our own keys.
struct Known<'k>(&'k dyn SealingKeys);

impl Signers for Known<'_> {
    fn chain_of(&self, thumbprint: [u8; 8]) -> Vec<Certificate> {
        self.0.chain_of(thumbprint)
    }
}

impl Verifying {
    /// Judges on a thread set aside for work: what strangers send must not hold up the answers to everybody else.
    ///
    /// That goes for small files as well. Ours take a fraction of a millisecond, but certificates and time-stamps
    /// that cost a hundred times that fit into a few kilobytes. Going over there takes some 50 microseconds, the copy
    /// of the bytes included, and less than finding out whether a file has later revisions.
    async fn examine(&self, bytes: Vec<u8>, at: Moment) -> judge::Examined {
        let judging = Arc::clone(&self.judging);
        let judged = spawn_blocking(move || judging.examine(&bytes, at)).await;
        // A panic in the judge is a fault of ours, and told as one wherever it arises.
        judged.unwrap_or_else(|broken| resume_unwind(broken.into_panic()))
    }

    /// What is to be said of a picture: of the license that its square names, and that a picture proves nothing.
    async fn picture(&self, bytes: Vec<u8>, viewer: &Viewer, at: Moment) -> Verdict {
        let read = spawn_blocking(move || judge::read_picture(&bytes, at)).await;
        match read.unwrap_or_else(|broken| resume_unwind(broken.into_panic())) {
            PictureRead::Nothing(verdict) => *verdict,
            PictureRead::Id(id) => {
                let of_id = match self.vault {
                    Some(_) => self.id_for(&id, viewer).await,
                    None => judge::judge_id(&VaultFact::NotAsked, at),
                };
                judge::shown_on_picture(of_id)
            }
            PictureRead::Square(text) => {
                judge::shown_on_picture(self.square_for(&text, viewer).await)
            }
        }
    }

    /// The file that was brought with what was appended since, if it is ours and that could settle what it leaves
    /// open: the vault knows it by the digest of what was sealed, and its copy begins with the very bytes. A vault that
    /// cannot be asked settles nothing.
    async fn protected_copy(&self, examined: &judge::Examined, bytes: &[u8]) -> Option<Vec<u8>> {
        let (id, digest) = examined.open_question()?;
        let vault = self.vault.as_ref()?;
        let record = vault.find(id).await.ok().flatten()?;
        let is_ours = |form: &FormRecord| form.form == Form::SealedPdf && form.digest == digest;
        record.forms.iter().find(|form| is_ours(form))?;
        let (whole, _) = sealed_pdf(vault.as_ref(), &record).await.ok()?;
        (whole.len() > bytes.len() && whole.starts_with(bytes)).then_some(whole)
    }

    /// The document beside the vault's data. Where that cannot be had, the verdict stands without it.
    async fn comparison(
        &self,
        examined: &judge::Examined,
        fact: &VaultFact,
        viewer: &Viewer,
        at: Moment,
    ) -> Option<Vec<ComparedField>> {
        let (Some(vault), Some(id), VaultFact::Found(_)) =
            (&self.vault, examined.license_id(), fact)
        else {
            return None;
        };
        let catalogue = self.judging.catalogue.catalogue();
        let held = (vault.as_ref(), self.indexes.as_ref(), catalogue.as_ref());
        let found = compare::beside(held, (id, examined.shown()), viewer, at).await;
        found.unwrap_or_else(|fault| {
            tracing::error!(place = fault.place, cause = %fault.cause, "a comparison could not be made");
            None
        })
    }

    /// What the vault says of a version, and of the annotated copy of it with this number.
    async fn ask(&self, id: &LicenseId, copy: Option<&CopyNumber>, at: Moment) -> VaultFact {
        let Some(vault) = &self.vault else {
            let word = self.pack.as_ref().map(|pack| pack.word(id, at));
            return word.map_or(VaultFact::NotAsked, VaultFact::Carried);
        };
        let asked = async {
            let found = look_up(vault.as_ref(), id, at.day_in_china()).await?;
            let copy = match copy {
                Some(number) => vault.find_copy(number).await?.filter(|copy| copy.original == *id),
                None => None,
            };
            Ok::<_, Fault>((found, copy))
        };
        match asked.await {
            Ok((Some((record, standing)), copy)) => {
                let mut fact = found(&record, standing, at);
                if let (VaultFact::Found(known), Some(copy)) = (&mut fact, copy) {
                    known.files.push(copy.file.digest);
                }
                fact
            }
            Ok((None, _)) => VaultFact::NotInVault { as_of: at },
            Err(fault) => {
                tracing::error!(place = fault.place, cause = %fault.cause, "the vault could not be asked");
                VaultFact::CannotAskNow
            }
        }
    }

    /// The sealed PDF of a version and what the vault says of it.
    async fn look_at_shelf(
        &self,
        id: &LicenseId,
        at: Moment,
    ) -> Result<Option<(Vec<u8>, VaultFact)>, Fault> {
        let vault =
            self.vault.as_ref().ok_or_else(|| Fault::new("verify.id", "no vault is at hand"))?;
        let Some((record, standing)) = look_up(vault.as_ref(), id, at.day_in_china()).await? else {
            return Ok(None);
        };
        let bytes = match form_bytes(vault.as_ref(), &record, Form::SealedPdf).await {
            Ok(bytes) => bytes,
            Err(Refusal::Fault(fault)) => return Err(fault),
            Err(_) => return Err(Fault::new("verify.id", "a version has no sealed PDF")),
        };
        Ok(Some((bytes, found(&record, standing, at))))
    }
}

fn found(record: &VersionRecord, standing: crate::domain::Standing, at: Moment) -> VaultFact {
    VaultFact::Found(VaultRecord {
        standing,
        content_digest: record.content_digest,
        files: record.forms.iter().map(|form| form.digest).collect(),
        as_of: at,
    })
}
