//! From a file to a verdict, in two steps around the vault.
//!
//! [`examine`] finds out what a file is, has it looked at, and draws integrity and authenticity from the
//! findings. Only then is it known which license to ask the vault about, and [`Examined::license_id`] gives
//! the id only if the file earned it. [`Examined::conclude`] adds the standing and writes the headline.

use super::facts::{Form, Trust, VaultFact, VaultRecord};
use super::finding::{About, Finding, FindingOutcome, Text2};
use super::texts::{self, Observed, standing_text};
use super::verdict::{LicenseFacts, Outcome, Overall, StandingState, Verdict, outcome};
use super::{ecert, pdf};
use crate::crypto::Digest;
use crate::domain::{LicenseId, Moment, Standing, Validity};
use crate::ecert::{EcertFacts, looks_like_ecert};

/// Largest file that is judged, in bytes; our own bound, said up front on every page that takes files.
pub const MAX_FILE_BYTES: usize = 20_000_000;

/// The checks without which no authority is known to stand behind a document.
const AUTHENTICITY: &[&str] = &[
    "seal.certificate_path",
    "seal.certificate_usage",
    "seal.certificate_period",
    "seal.certificate_revocation",
    "seal.authority",
    "seal.development",
];

/// What looking at a file brought.
#[derive(Default)]
pub(super) struct Look {
    pub(super) seen: Vec<Observed>,
    /// What the document says, if every check of its integrity passed.
    pub(super) said: Option<Said>,
    /// The digest of the file, where looking at it brought it along.
    pub(super) file_digest: Option<Digest>,
}

/// What an unaltered document says.
pub(super) struct Said {
    pub(super) facts: EcertFacts,
    pub(super) sealed_at: Moment,
    /// The common name of the sealing certificate, if its path held.
    pub(super) subject: Option<String>,
    /// Whether values of the license are left out of the file.
    pub(super) partial: bool,
}

/// A file that has been looked at; where its license stands has not been asked yet.
#[derive(Clone, Debug)]
pub struct Examined {
    form: Form,
    findings: Vec<Finding>,
    integrity: Outcome,
    authenticity: Outcome,
    license: Option<LicenseFacts>,
    validity: Option<Validity>,
    partial: bool,
    file_digest: Option<Digest>,
}

/// Looks at a file as it stands at `at`.
pub fn examine(file: &[u8], trust: &Trust<'_>, at: Moment) -> Examined {
    if file.len() > MAX_FILE_BYTES {
        let limit_mb = MAX_FILE_BYTES / 1_000_000;
        let look = Look { seen: vec![Observed::TooLarge { limit_mb }], ..Look::default() };
        return Examined::new(Form::Unknown, look, &[], trust);
    }
    let head = file.get(..file.len().min(1_024)).unwrap_or_default();
    let (form, required, mut look) = if head.windows(5).any(|window| window == b"%PDF-") {
        (Form::SealedPdf, pdf::INTEGRITY, pdf::look(file, trust, at))
    } else if looks_like_ecert(file) {
        (Form::Ecert, ecert::INTEGRITY, ecert::look(file, trust, at))
    } else {
        let look = Look { seen: vec![Observed::KindUnknown], ..Look::default() };
        (Form::Unknown, &[][..], look)
    };
    look.file_digest.get_or_insert_with(|| Digest::of(file));
    Examined::new(form, look, required, trust)
}

impl Examined {
    fn new(form: Form, look: Look, required: &[&str], trust: &Trust<'_>) -> Self {
        let findings: Vec<Finding> = look.seen.iter().map(Observed::finding).collect();
        let integrity = outcome(&findings, About::Integrity, required);
        let authenticity = match integrity {
            Outcome::Passed => outcome(&findings, About::Authenticity, AUTHENTICITY),
            Outcome::Failed | Outcome::Unknown => Outcome::Unknown,
        };
        // If integrity fails nothing in the file is to be believed, and nothing of it is kept.
        let said = look.said.filter(|_| integrity == Outcome::Passed);
        let genuine = authenticity == Outcome::Passed;
        let license = said.as_ref().map(|said| license_facts(said, genuine, trust));
        Self {
            form,
            findings,
            integrity,
            authenticity,
            license,
            validity: said.as_ref().map(|said| said.facts.validity),
            partial: said.is_some_and(|said| said.partial),
            file_digest: look.file_digest,
        }
    }

    /// The license to ask the vault about: only where the file is unaltered and nothing speaks against
    /// whoever sealed it.
    pub fn license_id(&self) -> Option<&LicenseId> {
        let known = self.integrity == Outcome::Passed && self.authenticity != Outcome::Failed;
        self.license.as_ref().filter(|_| known).map(|license| &license.id)
    }

    /// The verdict, with what the vault said.
    pub fn conclude(mut self, vault: VaultFact, at: Moment) -> Verdict {
        let overall = match (self.integrity, self.authenticity) {
            (Outcome::Failed, _) | (_, Outcome::Failed) => Overall::Invalid,
            (Outcome::Passed, Outcome::Passed) => Overall::Valid,
            _ if self.has("seal.present", FindingOutcome::CouldNotBeMade) => Overall::Unsigned,
            _ => Overall::Indeterminate,
        };
        let standing = match self.license_id() {
            Some(_) => self.stand(&vault, at),
            None => Standings::unasked(),
        };
        self.findings.extend(standing.seen.iter().map(Observed::finding));
        let (headline, next_step) = self.headline(overall, &standing);
        Verdict {
            overall,
            integrity: self.integrity,
            authenticity: self.authenticity,
            standing: standing.outcome,
            standing_state: standing.state,
            standing_detail: standing.detail,
            standing_as_of: standing.as_of,
            headline,
            next_step,
            findings: self.findings,
            license: self.license,
            file_digest: self.file_digest,
            form: self.form,
            judged_at: at,
        }
    }

    fn has(&self, code: &str, outcome: FindingOutcome) -> bool {
        self.findings.iter().any(|finding| finding.code == code && finding.outcome == outcome)
    }

    /// Where the license stands, out of the vault's answer and the sealed validity.
    fn stand(&self, vault: &VaultFact, at: Moment) -> Standings {
        let mut standing = match vault {
            VaultFact::Found(record) => {
                let mut standing = Standings::of(&record.standing, false);
                standing.as_of = Some(record.as_of);
                standing.seen.insert(0, self.held_against(record));
                if standing.seen.contains(&Observed::VaultOther) {
                    standing.outcome = Outcome::Failed;
                }
                return standing;
            }
            VaultFact::CannotAskNow => {
                Standings::unknown(StandingState::CannotCheckNow, Observed::StandingUnknownNow)
            }
            VaultFact::NotAsked => Standings::unasked_about(),
            VaultFact::NotInVault { as_of } => {
                let mut standing =
                    Standings::unknown(StandingState::NotInVault, Observed::VaultMissing);
                standing.as_of = Some(*as_of);
                standing
            }
        };
        // That a validity period has ended is known without asking anybody.
        let by_validity = self
            .validity
            .map(|validity| Standing::by_validity(&validity, at.day_in_china()))
            .filter(|by_validity| !by_validity.is_in_force());
        if let Some(by_validity) = by_validity {
            let Standings { seen, as_of, .. } = standing;
            standing = Standings::of(&by_validity, true);
            standing.as_of = as_of;
            let asked = seen.into_iter().filter(|seen| *seen != Observed::StandingNotChecked);
            standing.seen = asked.chain(standing.seen).collect();
        }
        standing
    }

    /// The document against what the vault holds under its id.
    fn held_against(&self, record: &VaultRecord) -> Observed {
        let content = self.license.as_ref().map(|license| license.content_digest);
        let same_file = self.file_digest.is_some_and(|digest| record.files.contains(&digest));
        let same_content = content == Some(record.content_digest);
        if same_file {
            Observed::VaultSame
        } else if same_content && self.partial {
            // A presentation that withholds values is another file by right.
            Observed::VaultSameContent
        } else {
            Observed::VaultOther
        }
    }

    /// The one sentence, and what to do now.
    fn headline(&self, overall: Overall, standing: &Standings) -> (Text2, Text2) {
        match overall {
            Overall::Valid | Overall::ValidWithLaterChanges => self.genuine(standing),
            Overall::Invalid => {
                let failed = self.reason(FindingOutcome::Failed);
                (prefixed("不可采信", "Do not accept", failed), step(failed, &texts::REFUSE))
            }
            Overall::Unsigned => {
                let absent = self.reason(FindingOutcome::CouldNotBeMade);
                let headline = Text2::fixed(
                    "不是电子证照原件：文件没有电子签章",
                    "Not an original: the file has no seal",
                );
                (headline, step(absent, &texts::FETCH_AGAIN))
            }
            Overall::Indeterminate => {
                let open = self.reason(FindingOutcome::CouldNotBeMade);
                let (zh, en) = ("无法判断真伪", "Cannot tell whether it is genuine");
                let mut headline = prefixed(zh, en, open);
                if let Some(standing) = standing.detail.as_ref().filter(|s| !s.is_in_force()) {
                    let Text2 { zh, en } = standing_text(standing);
                    headline = Text2::filled(
                        format!("{}；且证照{zh}，今日不得采信", headline.zh),
                        format!("{}; besides, the license is {en}", headline.en),
                    );
                }
                (headline, step(open, &texts::ASK_AUTHORITY))
            }
        }
    }

    /// The first finding that came out so, of those that decide about the document.
    fn reason(&self, outcome: FindingOutcome) -> Option<&Finding> {
        let of = |about: About| {
            let mut findings = self.findings.iter();
            findings.find(|finding| finding.outcome == outcome && finding.about == about)
        };
        of(About::Integrity).or_else(|| of(About::Authenticity))
    }

    fn genuine(&self, standing: &Standings) -> (Text2, Text2) {
        let name = self.license.as_ref().and_then(|license| license.authority_name.as_deref());
        let (zh, en) = match name {
            Some(name) => (format!("文件真实，由{name}签章"), format!("Genuine, sealed by {name}")),
            None => ("文件真实".to_owned(), "Genuine".to_owned()),
        };
        if standing.seen.contains(&Observed::VaultOther) {
            let headline = Text2::fixed(
                "不可采信：签章有效，但证照库中此标识对应的是另一份文件",
                "Do not accept: the seal is genuine, but the vault holds another file under this id",
            );
            return (headline, texts::REFUSE);
        }
        let (say_zh, say_en, next): (String, String, Text2) = match &standing.detail {
            Some(detail) if detail.is_in_force() => (
                "证照有效，可以采信".to_owned(),
                "in force, may be relied on".to_owned(),
                Text2::fixed("可以采信", "It may be relied on"),
            ),
            Some(detail) => {
                let Text2 { zh, en } = standing_text(detail);
                let next = match detail {
                    Standing::Replaced { .. } => Text2::fixed(
                        "今日不得采信；请持证人提供新版本",
                        "Do not accept it today; ask the holder for the newer version",
                    ),
                    _ => texts::NOT_TODAY,
                };
                (
                    format!("但证照{zh}，今日不得采信"),
                    format!("but the license is {en}: do not accept it today"),
                    next,
                )
            }
            None => match standing.state {
                StandingState::NotInVault => (
                    "但证照库中没有此证照".to_owned(),
                    "but the vault has no such license".to_owned(),
                    texts::ASK_AUTHORITY,
                ),
                StandingState::CannotCheckNow => (
                    "但暂时无法查询证照当前状态".to_owned(),
                    "but its standing cannot be looked up just now".to_owned(),
                    texts::CHECK_STANDING,
                ),
                _ => (
                    "未查询证照当前状态".to_owned(),
                    "its standing today was not looked up".to_owned(),
                    texts::CHECK_STANDING,
                ),
            },
        };
        (Text2::filled(format!("{zh}；{say_zh}"), format!("{en}; {say_en}")), next)
    }
}

/// What the vault says of a license id that was typed, without a file.
pub fn judge_id(vault: &VaultFact, at: Moment) -> Verdict {
    let mut standing = match vault {
        VaultFact::Found(record) => {
            let mut standing = Standings::of(&record.standing, false);
            standing.as_of = Some(record.as_of);
            standing
        }
        VaultFact::CannotAskNow => {
            Standings::unknown(StandingState::CannotCheckNow, Observed::StandingUnknownNow)
        }
        VaultFact::NotAsked => Standings::unasked_about(),
        VaultFact::NotInVault { as_of } => {
            let mut standing =
                Standings::unknown(StandingState::NotInVault, Observed::VaultMissing);
            standing.as_of = Some(*as_of);
            standing
        }
    };
    let (headline, next_step) = match (&standing.detail, standing.state) {
        (Some(detail), _) => {
            let Text2 { zh, en } = standing_text(detail);
            let next = match detail.is_in_force() {
                true => Text2::fixed(
                    "如需确认手中的文件，请提交文件核验",
                    "To be sure of the file in hand, have the file checked",
                ),
                false => texts::NOT_TODAY,
            };
            let refuse = if detail.is_in_force() { "" } else { "，今日不得采信" };
            let headline = Text2::filled(
                format!("证照库记载：证照{zh}{refuse}（未核验文件）"),
                format!("By the vault, the license is {en} (no file was checked)"),
            );
            (headline, next)
        }
        (None, StandingState::NotInVault) => (
            Text2::fixed("证照库中没有此证照", "The vault has no such license"),
            texts::ASK_AUTHORITY,
        ),
        (None, _) => (
            Text2::fixed("暂时无法查询证照状态", "The standing cannot be looked up just now"),
            texts::CHECK_STANDING,
        ),
    };
    standing.seen.insert(0, Observed::KindId);
    Verdict {
        overall: Overall::Indeterminate,
        integrity: Outcome::Unknown,
        authenticity: Outcome::Unknown,
        standing: standing.outcome,
        standing_state: standing.state,
        standing_detail: standing.detail,
        standing_as_of: standing.as_of,
        headline,
        next_step,
        findings: standing.seen.iter().map(Observed::finding).collect(),
        license: None,
        file_digest: None,
        form: Form::LicenseId,
        judged_at: at,
    }
}

/// Where the license stands, as far as that is known.
struct Standings {
    outcome: Outcome,
    state: StandingState,
    detail: Option<Standing>,
    as_of: Option<Moment>,
    seen: Vec<Observed>,
}

impl Standings {
    fn of(standing: &Standing, from_document: bool) -> Self {
        Self {
            outcome: if standing.is_in_force() { Outcome::Passed } else { Outcome::Failed },
            state: StandingState::from(standing),
            detail: Some(standing.clone()),
            as_of: None,
            seen: vec![Observed::Stands { standing: standing.clone(), from_document }],
        }
    }

    fn unknown(state: StandingState, seen: Observed) -> Self {
        Self { outcome: Outcome::Unknown, state, detail: None, as_of: None, seen: vec![seen] }
    }

    fn unasked_about() -> Self {
        Self::unknown(StandingState::NotChecked, Observed::StandingNotChecked)
    }

    /// For a document whose license is nobody's business: nothing is said about its standing.
    fn unasked() -> Self {
        Self { seen: Vec::new(), ..Self::unasked_about() }
    }
}

fn license_facts(said: &Said, genuine: bool, trust: &Trust<'_>) -> LicenseFacts {
    let facts = &said.facts;
    let key = facts.license_id.key();
    LicenseFacts {
        id: facts.license_id.clone(),
        type_code: key.type_code().clone(),
        type_name: (trust.types)(key.type_code().as_str()),
        authority_code: key.authority().to_owned(),
        // Beside a seal we do not trust, our own registry's name would lend it a credit it has not earned.
        authority_name: genuine.then(|| (trust.authorities)(key.authority())).flatten(),
        issued_on: facts.issued_on,
        valid_from: facts.validity.from(),
        valid_to: facts.validity.to(),
        version: facts.license_id.version(),
        content_digest: facts.content_digest,
        sealed_at: said.sealed_at,
        certificate_subject: said.subject.clone().filter(|_| genuine),
    }
}

fn prefixed(zh: &str, en: &str, finding: Option<&Finding>) -> Text2 {
    match finding {
        Some(finding) => Text2::filled(
            format!("{zh}：{}", finding.fact.zh),
            format!("{en}: {}", finding.fact.en),
        ),
        None => Text2::filled(zh.to_owned(), en.to_owned()),
    }
}

fn step(finding: Option<&Finding>, otherwise: &Text2) -> Text2 {
    finding.and_then(|finding| finding.next_step.clone()).unwrap_or_else(|| otherwise.clone())
}
