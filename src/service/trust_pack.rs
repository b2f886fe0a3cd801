//! The trust pack (离线信任包): made of a vault, and opened at a counter without network.
//!
//! Who opens one trusts an anchor of its own, and whoever runs a library by its own registry, or names that body. The
//! pack then brings the rest: it is as trustworthy as the body that signed it, and says where licenses stand as of its
//! moment.

use std::fmt;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::Digest;
use crate::domain::{Catalogue, CatalogueFault, Day, LicenseId, Moment, Standing, VersionNo};
use crate::ecert::jws::JwsError;
use crate::ecert::standing_list::StandingList;
use crate::ecert::trust_pack::{self, PackAnchor, PackBody, PackFacts};
use crate::judge::PackWord;
use crate::pdf::{deflate, inflate};
use crate::pki::{
    Certificate, Crl, Evidence, PathError, Purpose, Revocation, TrustStore, verify_path_for,
};

use super::catalogue::read_registry;
use super::error::Fault;
use super::issue::Issuing;
use super::ports::{Later, TemplateSource, TypeFiles, VersionRecord};
use super::sealing::{in_its_time, sign_fault};
use super::standing::standing_on;

/// How many changed licenses are asked for at once.
const AT_ONCE: u32 = 1_000;
/// Largest list that is unpacked, in bytes: that of ten million words.
const MAX_LIST_BYTES: usize = 200_000_000;
/// Seconds of a day.
const DAY: i64 = 86_400;

/// Makes trust packs.
pub trait PackDesk: Send + Sync {
    /// A pack of now, from which standings may be taken for so many days.
    fn make(&self, fresh_days: u16) -> Later<'_, Result<Vec<u8>, Fault>>;
}

/// Makes trust packs of one vault.
pub struct TrustPacks {
    /// Where vault, registry, anchors and keys are.
    pub issuing: Arc<Issuing>,
}

impl PackDesk for TrustPacks {
    fn make(&self, fresh_days: u16) -> Later<'_, Result<Vec<u8>, Fault>> {
        Box::pin(self.of_now(fresh_days))
    }
}

impl TrustPacks {
    async fn of_now(&self, fresh_days: u16) -> Result<Vec<u8>, Fault> {
        let Issuing { workshop, vault, clock, random, judging, sealing, .. } =
            self.issuing.as_ref();
        let now = clock.now();
        // What is in force, and not what may be half-copied into the folder at this moment.
        let bench = workshop.bench();
        let (library, key) = self.issuing.library(&bench, now)?;
        let fresh_until = now.plus_seconds(i64::from(fresh_days) * DAY);
        let mut salt = [0; 16];
        random.fill(&mut salt);
        // Counted first: a version that is shelved meanwhile is not spoken of.
        let versions = vault.count().await?.versions;
        let list = self.list(salt, now.day_in_china(), fresh_until.day_in_china()).await?;
        let list = deflate(&list.to_bytes());
        let base64 = |der: &[u8]| STANDARD.encode(der);
        let trust = &judging.trust;
        let anchors = trust.anchors_with_limits().map(|(anchor, only_for)| PackAnchor {
            certificate: base64(anchor.der()),
            only_for: only_for.to_vec(),
        });
        let ours = sealing.certificates();
        let mut certificates: Vec<String> =
            trust.helpers().iter().chain(&ours).map(|one| base64(one.der())).collect();
        certificates.sort_unstable();
        certificates.dedup();
        let body = PackBody {
            library: library.code.as_str(),
            made_at: now,
            fresh_until,
            versions,
            anchors: anchors.collect(),
            certificates,
            crls: trust.crls().iter().map(|crl| base64(crl.der())).collect(),
            authorities: &bench.registry().authorities,
            types: bench.registry().types.iter().map(String::as_str).collect(),
            standing_list: Digest::of(&list),
        };
        let chain = key.chain_ders();
        let crls = key.crl_ders();
        in_its_time(key.key.may_wait(), || {
            trust_pack::sign(&body, &list, (&chain, &crls), key.key.signer())
        })
        .map_err(|fault| sign_fault("trust_pack.sign", fault))
    }

    /// Where every version stands that does not stand by its validity alone, today and on each day up to the last.
    async fn list(&self, salt: [u8; 16], today: Day, last: Day) -> Result<StandingList, Fault> {
        let vault = self.issuing.vault.as_ref();
        let mut list = StandingList::new(salt);
        let mut after = 0;
        loop {
            let changed = vault.changed(after, AT_ONCE).await?;
            let Some((place, _)) = changed.last() else { return Ok(list) };
            after = *place;
            for (_, newest) in &changed {
                let changes = vault.standing_changes(newest.key()).await?;
                let versions = std::iter::successors(Some(VersionNo::FIRST), |one| one.next());
                let mut records = Vec::new();
                for version in versions.take_while(|version| *version <= newest.version()) {
                    records.extend(vault.find(&newest.key().version(version)).await?);
                }
                for (index, record) in records.iter().enumerate() {
                    let on = |day| standing_on(record, records.get(index + 1), &changes, day);
                    say(&mut list, record, on, today, last);
                }
            }
        }
    }
}

/// Writes down where a version stands today, and what changes until the last day.
fn say(
    list: &mut StandingList,
    record: &VersionRecord,
    on: impl Fn(Day) -> Standing,
    today: Day,
    last: Day,
) {
    let named = |standing: &Standing| {
        use Standing::{Replaced, Revoked, Suspended};
        matches!(standing, Replaced { .. } | Revoked { .. } | Suspended { .. })
    };
    let mut before = on(today);
    list.add(&record.id, &before);
    let days = std::iter::successors(Some(today), |day| Some(day.plus_days(1)));
    for day in days.skip(1).take_while(|day| *day <= last) {
        let then = on(day);
        if then != before {
            if named(&then) {
                list.add(&record.id, &then);
            } else if named(&before) {
                list.add_reinstated(&record.id, day);
            }
            before = then;
        }
    }
}

/// A pack that was opened, and found to be by who should have signed it.
#[derive(Debug)]
pub struct OpenPack {
    /// The code of the body that runs the library.
    pub library: String,
    /// The moment of which it speaks.
    pub made_at: Moment,
    /// Until when where a license stands may be taken from it.
    pub fresh_until: Moment,
    /// Where trust begins, by the pack.
    pub trust: TrustStore,
    /// The registry, by the pack.
    pub registry: Catalogue,
    list: StandingList,
}

impl OpenPack {
    /// Opens a pack. It must be signed by a body that `is_library`, under an anchor of `trust`.
    pub fn open(
        file: &[u8],
        trust: &TrustStore,
        is_library: impl Fn(&str) -> bool,
        at: Moment,
    ) -> Result<Self, PackError> {
        let (sealed, facts, packed) = trust_pack::read(file).map_err(PackError::Form)?;
        let certificates = sealed.chain.iter().map(|der| Certificate::from_der(der));
        let certificates: Result<Vec<_>, _> = certificates.collect();
        let certificates = certificates.map_err(|_| PackError::Form(JwsError::Chain))?;
        let [leaf, above @ ..] = certificates.as_slice() else {
            return Err(PackError::Form(JwsError::Chain));
        };
        let signed = leaf.suite().is_some_and(|it| sealed.verify(it, leaf.public_key()).is_ok());
        if !signed || facts.standing_list != Digest::of(packed) {
            return Err(PackError::Altered);
        }
        let purpose = Purpose::DocumentSigning;
        let path =
            verify_path_for(purpose, leaf, above, trust, &[], at).map_err(PackError::Path)?;
        let mut evidence = Evidence::new();
        for crl in sealed.crls.iter().filter_map(|der| Crl::from_der(der).ok()) {
            evidence.add_crl(crl, at);
        }
        match path.with(&evidence).revocation(at) {
            Revocation::Good { .. } => {}
            Revocation::Revoked { .. } => return Err(PackError::Revoked),
            Revocation::Unknown => return Err(PackError::RevocationUnknown),
        }
        let named = leaf.organization_identifier() == Some(facts.library.as_str());
        if !named
            || !is_library(&facts.library)
            || !trust.is_trusted_for(path.anchor(), &facts.library)
        {
            return Err(PackError::NotLibrary { code: facts.library });
        }
        let list = inflate(packed, MAX_LIST_BYTES).and_then(|bytes| StandingList::read(&bytes));
        let list = list.ok_or(PackError::Altered)?;
        let (trust, registry) = (anchors(&facts)?, registry(&facts)?);
        let PackFacts { library, made_at, fresh_until, .. } = facts;
        Ok(Self { library, made_at, fresh_until, trust, registry, list })
    }

    /// What it says of a version.
    pub fn word(&self, id: &LicenseId, at: Moment) -> PackWord {
        PackWord {
            standing: self.list.find(id, at.day_in_china()),
            as_of: self.made_at,
            fresh_until: self.fresh_until,
        }
    }
}

fn anchors(facts: &PackFacts) -> Result<TrustStore, PackError> {
    let certificate = |der: &Vec<u8>| Certificate::from_der(der).map_err(|_| PackError::Content);
    let mut builder = TrustStore::builder();
    for (der, only_for) in &facts.anchors {
        builder = builder.add_anchor_for(certificate(der)?, only_for);
    }
    for der in &facts.certificates {
        builder = builder.add_helper(certificate(der)?);
    }
    for der in &facts.crls {
        builder = builder.add_crl(Crl::from_der(der).map_err(|_| PackError::Content)?);
    }
    builder.build().map_err(|_| PackError::Content)
}

fn registry(facts: &PackFacts) -> Result<Catalogue, PackError> {
    read_registry(&PackedTemplates(facts)).map_err(PackError::Registry)
}

/// The registry of a pack as files.
struct PackedTemplates<'p>(&'p PackFacts);

impl TemplateSource for PackedTemplates<'_> {
    fn types(&self) -> Result<Vec<TypeFiles>, Fault> {
        let files = |text: &String| TypeFiles {
            name: String::new(),
            type_text: text.clone(),
            face_text: String::new(),
            art: Vec::new(),
        };
        Ok(self.0.types.iter().map(files).collect())
    }

    fn text(&self, name: &str) -> Result<String, Fault> {
        match name {
            "authorities.toml" => Ok(self.0.authorities.clone()),
            _ => Err(Fault::new("trust_pack.registry", "a pack has no such file")),
        }
    }

    fn font(&self, _: &str) -> Option<Arc<[u8]>> {
        None
    }
}

/// Why a pack is not used.
#[derive(Debug)]
#[non_exhaustive]
pub enum PackError {
    /// It was changed after it was signed.
    Altered,
    /// What it brings cannot be read.
    Content,
    /// It is no trust pack.
    Form(JwsError),
    /// Who signed it does not run a library that is known here.
    NotLibrary {
        /// Who it says that is.
        code: String,
    },
    /// Nobody who is trusted here stands behind who signed it.
    Path(PathError),
    /// Its registry does not hold together.
    Registry(Vec<CatalogueFault>),
    /// The certificate of who signed it was revoked.
    Revoked,
    /// Whether it was revoked is not known.
    RevocationUnknown,
}

impl fmt::Display for PackError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Altered => f.write_str("the trust pack was changed or cut off: fetch it again"),
            Self::Content => f.write_str("a certificate or list in the trust pack cannot be read"),
            Self::Form(why) => write!(f, "this is no trust pack: {why}"),
            Self::NotLibrary { code } => write!(
                f,
                "the trust pack is by {code}, which runs no library that is known here: name it with --library"
            ),
            Self::Path(why) => {
                write!(f, "who signed the trust pack is not trusted here: {why}; see --trust")
            }
            Self::Registry(faults) => {
                write!(
                    f,
                    "the registry in the trust pack does not hold together ({})",
                    faults.len()
                )
            }
            Self::Revoked => {
                f.write_str("the certificate of who signed the trust pack was revoked")
            }
            Self::RevocationUnknown => f.write_str(
                "whether the certificate of who signed the trust pack was revoked is not known",
            ),
        }
    }
}

impl std::error::Error for PackError {}
