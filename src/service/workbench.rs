//! The workbench: license types with their faces, compiled once and drawn from many times.
//!
//! A [`Workbench`] is one state of the templates, and it never changes: it can draw every type it knows, and
//! whatever began on it ends on it. A later state is built beside it and takes over what did not change.
//! Drawing turns a submission's values into a face; what does not fit, or has a character no font draws, is
//! refused here with all its faults. Which state is in force is for [`Workshop`](super::workshop::Workshop) to
//! say.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::crypto::Digest;
use crate::domain::{
    AuthorityCode, Catalogue, CatalogueFault, DivisionTree, FaceData, FaceValue, FaultKind,
    IssuingAuthority, LicenseTypeCode, Script, SubmissionFault, TypeDefinition,
};
use crate::pdf::{
    DrawError, DrawFaultKind, DrawValue, DrawnFace, FaceInput, FontBook, PlannedFace, SealMark,
    draw, plan_face,
};

use super::catalogue::{
    ReadType, read_authorities, read_divisions, read_fonts, read_receipt, read_type,
};
use super::error::{Fault, Refusal};
use super::ports::TemplateSource;
use super::template_state::TemplateState;

/// What stands on the seal below the star.
const SEAL_CAPTION: &str = "电子证照专用章";

/// One state of the types, faces, fonts and seal pictures.
pub struct Workbench {
    catalogue: Arc<Catalogue>,
    divisions: DivisionTree,
    types: HashMap<(LicenseTypeCode, u32), Arc<ReadType>>,
    /// By the name of its folder: the digest of a type's files, and what they came to.
    folders: HashMap<String, (Digest, Arc<ReadType>)>,
    fonts: Arc<FontBook>,
    fonts_digest: Digest,
    digest: Digest,
    receipt: Arc<ReadType>,
    registry: RegistryTexts,
    seals: Mutex<HashMap<AuthorityCode, Arc<SealMark>>>,
}

/// The registry as it is written: what a trust pack takes to the counters.
#[derive(Clone, Debug, Default)]
pub struct RegistryTexts {
    /// `authorities.toml`.
    pub authorities: String,
    /// Every `type.toml`.
    pub types: Vec<String>,
}

impl RegistryTexts {
    /// Of a state that has been read and found whole.
    fn of(state: &TemplateState<'_>) -> Self {
        let types = state.type_files().unwrap_or_default();
        Self {
            authorities: state.text("authorities.toml").unwrap_or_default(),
            types: types.iter().map(|files| files.type_text.clone()).collect(),
        }
    }
}

/// A fault of a template, and the file it stands in.
pub type TemplateFault = CatalogueFault;

impl Workbench {
    /// Reads and compiles a state of the templates, or gives every fault of all of them together.
    ///
    /// Types whose files are those of `before` are not compiled again. What `before` knows may be mended and
    /// added to, and nothing that a license may have been made by may be taken away.
    pub fn build(
        state: &TemplateState<'_>,
        before: Option<&Self>,
    ) -> Result<Self, Vec<TemplateFault>> {
        let mut faults = Vec::new();
        let fonts_digest = state.digest_of("fonts.toml");
        let fonts = match before.filter(|before| before.fonts_digest == fonts_digest) {
            Some(before) => Some(Arc::clone(&before.fonts)),
            None => read_fonts(state).map(Arc::new).map_err(|more| faults.extend(more)).ok(),
        };
        let divisions = read_divisions(state).map_err(|more| faults.extend(more)).ok();
        let authorities = read_authorities(state, divisions.as_ref());
        let authorities = authorities.map_err(|more| faults.extend(more)).ok();
        let known = before.filter(|before| before.fonts_digest == fonts_digest);
        let receipt = match (known, &fonts) {
            (Some(before), _) => Some(Arc::clone(&before.receipt)),
            (None, Some(fonts)) => {
                read_receipt(fonts).map(Arc::new).map_err(|more| faults.extend(more)).ok()
            }
            (None, None) => None,
        };
        let mut types = HashMap::new();
        let mut folders = HashMap::new();
        let listed = state.type_files().map_err(|fault| {
            faults.push(CatalogueFault::new("types", &fault.cause));
        });
        for files in listed.unwrap_or_default() {
            let Some(fonts) = &fonts else { break };
            let digest = files.digest();
            let known = known.and_then(|before| before.folders.get(&files.name));
            let read = match known {
                Some((known, read)) if *known == digest => Ok(Arc::clone(read)),
                _ => read_type(files, fonts).map(Arc::new),
            };
            match read {
                Ok(read) => {
                    let key = (read.definition.code.clone(), read.definition.edition);
                    if types.insert(key, Arc::clone(&read)).is_some() {
                        let definition = &read.definition;
                        let message = format!(
                            "edition {} of {} stands in two folders",
                            definition.edition, definition.code
                        );
                        let place = format!("types/{}", files.name);
                        faults.push(CatalogueFault::new(place, message));
                    }
                    folders.insert(files.name.clone(), (digest, read));
                }
                Err(more) => faults.extend(more.into_iter().map(|fault| {
                    CatalogueFault::new(
                        format!("types/{} {}", files.name, fault.place),
                        fault.message,
                    )
                })),
            }
        }
        if let Some(before) = before.filter(|_| faults.is_empty()) {
            before.must_stay(&types, &mut faults);
        }
        let definitions = types.values().map(|read| read.definition.clone()).collect();
        let catalogue = authorities.and_then(|authorities| {
            Catalogue::new(definitions, authorities).map_err(|more| faults.extend(more)).ok()
        });
        match (catalogue, divisions, fonts.zip(receipt)) {
            (Some(catalogue), Some(divisions), Some((fonts, receipt))) if faults.is_empty() => {
                Ok(Self {
                    catalogue: Arc::new(catalogue),
                    divisions,
                    types,
                    folders,
                    fonts,
                    fonts_digest,
                    digest: state.digest(),
                    receipt,
                    registry: RegistryTexts::of(state),
                    seals: Mutex::default(),
                })
            }
            _ => Err(faults),
        }
    }

    /// Licenses may have been made by any edition that was in force here: each must stay, with every field that
    /// they may carry.
    fn must_stay(
        &self,
        types: &HashMap<(LicenseTypeCode, u32), Arc<ReadType>>,
        faults: &mut Vec<TemplateFault>,
    ) {
        for ((code, edition), before) in &self.types {
            let mut lost = |what: String| {
                let message = format!(
                    "{what}, and licenses may have been made by it: put it back, and make the next edition in a \
                     folder of its own"
                );
                faults.push(CatalogueFault::new(format!("types {code}"), message));
            };
            let Some(after) = types.get(&(code.clone(), *edition)) else {
                lost(format!("edition {edition} is gone"));
                continue;
            };
            for field in &before.definition.fields {
                if after.definition.field(&field.code).is_none() {
                    lost(format!("edition {edition} has lost its field `{}`", field.code));
                }
            }
        }
        faults.sort_by(|a, b| (&a.place, &a.message).cmp(&(&b.place, &b.message)));
    }

    /// The digest of everything this was read from, but for the font files.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// How many types were compiled for this state and were not in `before`.
    pub fn compiled_anew(&self, before: &Self) -> usize {
        let kept = |read: &&Arc<ReadType>| {
            let key = (read.definition.code.clone(), read.definition.edition);
            before.types.get(&key).is_some_and(|known| Arc::ptr_eq(known, read))
        };
        self.types.len() - self.types.values().filter(kept).count()
    }

    /// The types and authorities.
    pub fn catalogue(&self) -> Arc<Catalogue> {
        Arc::clone(&self.catalogue)
    }

    /// The registry in force, as it is written.
    pub fn registry(&self) -> &RegistryTexts {
        &self.registry
    }

    /// The divisions of the city.
    pub fn divisions(&self) -> &DivisionTree {
        &self.divisions
    }

    /// The fonts.
    pub fn fonts(&self) -> &FontBook {
        &self.fonts
    }

    /// Finds room for the values of a submission on its face; what its square says comes later.
    pub fn plan<'v>(
        &'v self,
        values: &'v FaceValues<'v>,
        id: &'v str,
    ) -> Result<PlannedFace<'v>, Refusal> {
        let definition = values.definition;
        let key = (definition.code.clone(), definition.edition);
        let read = self
            .types
            .get(&key)
            .ok_or_else(|| Fault::new("workshop.face", "a type in force has no compiled face"))?;
        let values = values.drawable();
        let input = FaceInput { license_id: id, values: &values, qr_text: id };
        plan_face(&read.face, &self.fonts, &input).map_err(refuse)
    }

    /// Draws the face of a submission, with its license id in the square.
    pub fn draw<'v>(
        &'v self,
        values: &'v FaceValues<'v>,
        id: &'v str,
        public_url: &str,
    ) -> Result<DrawnFace<'v>, Refusal> {
        self.plan(values, id)?.paint(&qr_text(public_url, id)).map_err(refuse)
    }

    /// Draws the face of a receipt of a verification.
    pub fn draw_receipt<'v>(&'v self, input: &FaceInput<'_, 'v>) -> Result<DrawnFace<'v>, Fault> {
        let drawn = draw(&self.receipt.face, &self.fonts, input);
        drawn.map_err(|error| Fault::new("workshop.receipt", error))
    }

    /// What drawing would find wrong with a face, complete or not: texts that do not fit, characters that no
    /// font draws, photographs that cannot be shown.
    pub fn faults_of(&self, definition: &TypeDefinition, face: &FaceData) -> Vec<SubmissionFault> {
        let values = match FaceValues::of(definition, face) {
            Ok(values) => values,
            Err(Refusal::Submission(faults)) => return faults,
            Err(_) => return Vec::new(),
        };
        match self.plan(&values, "") {
            Err(Refusal::Submission(faults)) => faults,
            _ => Vec::new(),
        }
    }

    /// The picture of an authority's seal.
    pub fn seal(&self, authority: &IssuingAuthority) -> Result<Arc<SealMark>, Fault> {
        let mut seals = self.seals.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(seal) = seals.get(&authority.code) {
            return Ok(Arc::clone(seal));
        }
        let seal = SealMark::new(&self.fonts, &authority.name, SEAL_CAPTION)
            .map_err(|fault| Fault::new("workshop.seal", fault))?;
        let seal = Arc::new(seal);
        seals.insert(authority.code.clone(), Arc::clone(&seal));
        Ok(seal)
    }
}

/// The address in the QR square: the page that verifies, with a signed statement or a license id behind a `#`, which
/// browsers do not send to any server.
pub(super) fn qr_text(public_url: &str, fragment: &str) -> String {
    format!("{public_url}/verify#{fragment}")
}

/// The values of a submission as a face takes them; photographs are decoded.
pub struct FaceValues<'s> {
    definition: &'s TypeDefinition,
    values: Vec<(&'s str, ReadyValue<'s>)>,
}

enum ReadyValue<'s> {
    Portrait { media_type: &'static str, bytes: Vec<u8> },
    Table { columns: Vec<&'s str>, rows: &'s [Vec<String>] },
    Text(&'s str),
}

impl<'s> FaceValues<'s> {
    /// The values of the face of a submission of this type.
    pub fn of(definition: &'s TypeDefinition, face: &'s FaceData) -> Result<Self, Refusal> {
        let mut faults = Vec::new();
        let mut values = Vec::new();
        for (code, value) in face.iter() {
            let ready = match value {
                FaceValue::Portrait(portrait) => match STANDARD.decode(&portrait.base64) {
                    Ok(bytes) => {
                        ReadyValue::Portrait { media_type: portrait.media_type.as_str(), bytes }
                    }
                    Err(_) => {
                        let why = "data is not base64".to_owned();
                        let kind = FaultKind::BadPortrait { why };
                        faults.push(SubmissionFault::new(format!("face.{code}"), kind));
                        continue;
                    }
                },
                FaceValue::Rows(rows) => {
                    let columns = definition.columns(code).iter();
                    let columns = columns.map(|column| column.name.as_str()).collect();
                    ReadyValue::Table { columns, rows }
                }
                FaceValue::Text { printed, .. } => ReadyValue::Text(printed),
            };
            values.push((code, ready));
        }
        if faults.is_empty() {
            Ok(Self { definition, values })
        } else {
            Err(Refusal::Submission(faults))
        }
    }

    fn drawable(&self) -> Vec<(&str, DrawValue<'_>)> {
        let drawable = |value| match value {
            &ReadyValue::Portrait { media_type, ref bytes } => {
                DrawValue::Portrait { media_type, bytes }
            }
            ReadyValue::Table { columns, rows } => DrawValue::Table { columns, rows },
            ReadyValue::Text(text) => DrawValue::Text(text),
        };
        self.values.iter().map(|(code, value)| (*code, drawable(value))).collect()
    }
}

fn refuse(error: DrawError) -> Refusal {
    let faults = match error {
        DrawError::Fault(cause) => return Refusal::Fault(Fault::new("workshop.draw", cause)),
        DrawError::Faults(faults) => faults,
    };
    let mut told: Vec<SubmissionFault> = Vec::new();
    for fault in faults {
        let mut kinds = Vec::with_capacity(1);
        match fault.kind {
            DrawFaultKind::BadPortrait(why) => {
                kinds.push(FaultKind::BadPortrait { why: why.to_string() });
            }
            DrawFaultKind::NoGlyph { missing, .. } => {
                // A script is told by name; what is left, by its code points.
                let mut scripts: Vec<Script> =
                    missing.iter().filter_map(|glyph| Script::of(glyph.character)).collect();
                scripts.sort_unstable();
                scripts.dedup();
                if !scripts.is_empty() {
                    kinds.push(FaultKind::ScriptWithoutFont { scripts });
                }
                let others = missing.iter().filter(|glyph| Script::of(glyph.character).is_none());
                let code_points: Vec<u32> =
                    others.map(|glyph| u32::from(glyph.character)).collect();
                if !code_points.is_empty() {
                    kinds.push(FaultKind::NoGlyph { code_points });
                }
            }
            DrawFaultKind::TextDoesNotFit { box_chars, .. } => {
                kinds.push(FaultKind::TextDoesNotFit { fitting_chars: box_chars });
            }
            DrawFaultKind::TableDoesNotFit { rows } => {
                kinds.push(FaultKind::TableDoesNotFit { rows });
            }
            DrawFaultKind::ColumnCount { .. } | DrawFaultKind::WrongKind => {
                let cause = "a face shows a field as another kind than its type says";
                return Refusal::Fault(Fault::new("workshop.draw", cause));
            }
        }
        for kind in kinds {
            let told_already =
                told.iter().any(|known| known.kind == kind && known.field.ends_with(&fault.field));
            if !told_already {
                told.push(SubmissionFault::new(format!("face.{}", fault.field), kind));
            }
        }
    }
    Refusal::Submission(told)
}
