//! What an issuing system pushes to have a license made.
//!
//! A [`Submission`] is the proof that the data hold together: the type was in force, the authority may issue
//! it, every number agrees with its check digit, the face fits its definition. It is made by
//! [`Submission::read`] alone, which reports every fault of what was sent. What only the vault or the drawing
//! can know (an earlier version, a box that is too small) is left to `service`.

use super::catalogue::matches_form;
use super::catalogue::{
    Catalogue, HolderRule, IssuingAuthority, NumberRule, TermEnd, TypeDefinition,
};
use super::face::FaceData;
use super::fill::{self, Filled};
use super::holder::{Holder, HolderCode, HolderCodeKind};
use super::license_id::LicenseId;
use super::number::{CreditCode, FoodLicenseNumber};
use super::submission_fault::{FaultKind, SubmissionFault};
use super::text::{Texts, check_keys};
use super::time::Day;
use super::validity::Validity;
use super::wire::{WireObject, WireValue};

/// Longest name of a holder, in characters; our own bound, as wide as the national column allows for one.
const NAME_LIMIT_CHARS: usize = 200;

/// License data (制证数据) that hold together.
#[derive(Clone, Debug)]
pub struct Submission<'c> {
    /// The edition of the type it was read against.
    pub definition: &'c TypeDefinition,
    /// Who grants the license.
    pub authority: &'c IssuingAuthority,
    /// Who holds it; never empty.
    pub holders: Vec<Holder>,
    /// The license number (证照编号).
    pub license_number: String,
    /// The day of issue.
    pub issued_on: Day,
    /// How long it is valid.
    pub validity: Validity,
    /// The version this one follows, if it is not the first.
    pub replaces: Option<LicenseId>,
    /// The values on the face.
    pub face: FaceData,
}

impl<'c> Submission<'c> {
    /// Reads what was sent against the types in force; `today` is the day in China.
    pub fn read(
        sent: &WireValue,
        catalogue: &'c Catalogue,
        today: Day,
    ) -> Result<Self, Vec<SubmissionFault>> {
        Self::read_with_face(sent, catalogue, today).map_err(|unread| unread.faults)
    }

    /// The same; what was turned away comes back with as much of its face as could be read, so that whoever
    /// draws faces can find out what is wrong with that, too, before the sender hears of it.
    pub fn read_with_face(
        sent: &WireValue,
        catalogue: &'c Catalogue,
        today: Day,
    ) -> Result<Self, Unread<'c>> {
        let mut faults = Vec::new();
        let mut face = None;
        match read(sent, catalogue, today, &mut faults, &mut face) {
            Some(submission) if faults.is_empty() => Ok(submission),
            read => {
                faults.sort_by(|a, b| (&a.field, a.code()).cmp(&(&b.field, b.code())));
                let face = face.or(read.map(|read| (read.definition, read.face)));
                Err(Unread { faults, face })
            }
        }
    }
}

/// A submission that does not hold together.
#[derive(Debug)]
pub struct Unread<'c> {
    /// Everything that is wrong with it, by field.
    pub faults: Vec<SubmissionFault>,
    /// The type and the values of its face that are in order, if the type is known.
    pub face: Option<(&'c TypeDefinition, FaceData)>,
}

const KEYS: [&str; 9] = [
    "type",
    "authority",
    "holders",
    "license_number",
    "issued_on",
    "valid_from",
    "valid_to",
    "replaces",
    "face",
];

fn read<'c>(
    sent: &WireValue,
    catalogue: &'c Catalogue,
    today: Day,
    faults: &mut Vec<SubmissionFault>,
    readable: &mut Option<(&'c TypeDefinition, FaceData)>,
) -> Option<Submission<'c>> {
    let WireValue::Object(object) = sent else {
        let kind = FaultKind::WrongKind { expected: "an object", found: sent.kind() };
        faults.push(SubmissionFault::new("", kind));
        return None;
    };
    check_keys(object, &KEYS, "", faults);
    let mut texts = Texts { faults };

    let issued_on =
        texts.required(object, "", "issued_on").and_then(|day| texts.day("issued_on", day));
    if issued_on.is_some_and(|day| day > today) {
        texts.fault("issued_on", FaultKind::IssuedInFuture);
    }
    // Where the day of issue is missing or wrong, the rest is still held against today's edition, so that the
    // sender learns of everything at once.
    let in_force_on = issued_on.unwrap_or(today);
    let definition = texts.required(object, "", "type").and_then(|text| {
        let code = texts.bad_code("type", text.parse())?;
        let found = catalogue.find(&code, in_force_on);
        if found.is_none() {
            texts.fault("type", FaultKind::UnknownLicenseType);
        }
        found
    });
    let authority = texts.required(object, "", "authority").and_then(|text| {
        let code = texts.bad_code("authority", text.parse())?;
        let found = catalogue.authority(&code);
        match (found, definition) {
            (None, _) => texts.fault("authority", FaultKind::UnknownAuthority),
            (Some(_), Some(definition)) if !definition.issuers.contains(&code) => {
                texts.fault("authority", FaultKind::AuthorityMayNotIssue);
            }
            _ => {}
        }
        found
    });
    let holders = read_holders(object, definition, &mut texts);
    let first_code = holders.as_ref().and_then(|all| all.first()).map(Holder::code);
    let license_number = texts
        .required(object, "", "license_number")
        .filter(|text| check_number(text, definition, first_code, &mut texts))
        .map(str::to_owned);
    let validity = read_validity(object, definition, issued_on, &mut texts);
    let replaces = texts.optional(object, "", "replaces").and_then(|text| match text.parse() {
        Ok(id) => Some(id),
        Err(why) => {
            texts.fault("replaces", FaultKind::BadLicenseId { why });
            None
        }
    });

    let empty = WireObject::default();
    let sent_face = match object.values.get("face") {
        Some(WireValue::Object(face)) => face,
        None | Some(WireValue::Null) => &empty,
        Some(other) => {
            texts.wrong_kind("face", "an object", other);
            return None;
        }
    };
    let definition = definition?;
    let filled = Filled {
        authority_name: authority.map(|authority| authority.name.as_str()),
        holders: holders.as_deref().unwrap_or_default(),
        license_number: license_number.as_deref(),
        issued_on,
        validity,
    };
    let face = fill::fill(definition, sent_face, &filled, texts.faults);
    let parts = (authority, holders, license_number, issued_on, validity);
    let (Some(authority), Some(holders), Some(license_number), Some(issued_on), Some(validity)) =
        parts
    else {
        *readable = Some((definition, face));
        return None;
    };
    Some(Submission {
        definition,
        authority,
        holders,
        license_number,
        issued_on,
        validity,
        replaces,
        face,
    })
}

fn read_holders(
    object: &WireObject,
    definition: Option<&TypeDefinition>,
    texts: &mut Texts<'_>,
) -> Option<Vec<Holder>> {
    let list = match object.values.get("holders") {
        None | Some(WireValue::Null) => &[][..],
        Some(WireValue::List(list)) => list,
        Some(other) => {
            texts.wrong_kind("holders", "a list", other);
            return None;
        }
    };
    if list.is_empty() {
        texts.fault("holders", FaultKind::MissingField);
    }
    if let Some(limit) = definition.map(|definition| definition.holders_max)
        && list.len() > limit
    {
        texts.fault("holders", FaultKind::TooManyHolders { limit });
        // No more than the limit is looked at: the list is the sender's and may be very long.
        return None;
    }
    let rule = definition.map_or(HolderRule::Either, |definition| definition.holder);
    let read: Vec<Option<Holder>> = list
        .iter()
        .enumerate()
        .map(|(index, value)| read_holder(&format!("holders[{index}]"), value, rule, texts))
        .collect();
    read.into_iter().collect()
}

fn read_holder(
    place: &str,
    value: &WireValue,
    rule: HolderRule,
    texts: &mut Texts<'_>,
) -> Option<Holder> {
    let WireValue::Object(object) = value else {
        texts.wrong_kind(place, "an object", value);
        return None;
    };
    let prefix = format!("{place}.");
    check_keys(object, &["kind", "code", "name"], &prefix, texts.faults);
    let kind = texts.required(object, &prefix, "kind").and_then(|text| {
        let kind = HolderCodeKind::from_code(text);
        let refusal = match kind {
            None => Some(FaultKind::UnknownHolderKind),
            Some(kind) => {
                let fits = match rule {
                    HolderRule::Either => true,
                    HolderRule::Organization => !kind.is_person(),
                    HolderRule::Person => kind.is_person(),
                };
                (!fits).then_some(FaultKind::HolderKindNotAllowed)
            }
        };
        if let Some(refusal) = refusal {
            texts.fault(format!("{prefix}kind"), refusal);
        }
        kind
    });
    let name = texts
        .required(object, &prefix, "name")
        .filter(|name| texts.printable(&format!("{prefix}name"), name, NAME_LIMIT_CHARS, false));
    let code = texts.required(object, &prefix, "code").zip(kind).and_then(|(text, kind)| {
        match HolderCode::parse(kind, text) {
            Ok(code) => Some(code),
            Err(why) => {
                texts.fault(format!("{prefix}code"), FaultKind::BadNumber { why });
                None
            }
        }
    });
    Some(Holder::new(name?.to_owned(), code?))
}

fn check_number(
    text: &str,
    definition: Option<&TypeDefinition>,
    first_holder: Option<&HolderCode>,
    texts: &mut Texts<'_>,
) -> bool {
    let place = "license_number";
    if !texts.printable(place, text, NAME_LIMIT_CHARS, false) {
        return false;
    }
    let number = match definition.map(|definition| &definition.number) {
        Some(NumberRule::CreditCode) => text.parse::<CreditCode>().map(drop),
        Some(NumberRule::FoodLicense) => text.parse::<FoodLicenseNumber>().map(drop),
        Some(NumberRule::Form(form)) if !matches_form(form, text) => {
            texts.fault(place, FaultKind::LicenseNumberForm { form: form.clone() });
            return false;
        }
        Some(NumberRule::HolderCode) if first_holder.is_some_and(|code| code.as_str() != text) => {
            let form = "the code of the first holder".to_owned();
            texts.fault(place, FaultKind::LicenseNumberForm { form });
            return false;
        }
        Some(NumberRule::Text { limit_chars }) => {
            return texts.printable(place, text, *limit_chars, false);
        }
        _ => Ok(()),
    };
    match number {
        Ok(()) => true,
        Err(why) => {
            texts.fault(place, FaultKind::BadNumber { why });
            false
        }
    }
}

fn read_validity(
    object: &WireObject,
    definition: Option<&TypeDefinition>,
    issued_on: Option<Day>,
    texts: &mut Texts<'_>,
) -> Option<Validity> {
    let sent_from = texts.optional(object, "", "valid_from");
    let from = match sent_from {
        Some(text) => texts.day("valid_from", text),
        None => issued_on,
    };
    let to = texts.optional(object, "", "valid_to").map(|text| texts.day("valid_to", text));
    let term = definition.map(|definition| definition.term);
    match (term.map(|term| term.end), to) {
        (Some(TermEnd::FixedEnd), None) => texts.fault("valid_to", FaultKind::EndRequired),
        (Some(TermEnd::NoEnd), Some(_)) => texts.fault("valid_to", FaultKind::EndNotAllowed),
        _ => {}
    }
    let to = match to {
        // Sent and unreadable: already reported.
        Some(None) => return None,
        Some(Some(day)) => Some(day),
        None => None,
    };
    let from = from?;
    if let (Some(to), Some(limit_years)) = (to, term.and_then(|term| term.max_years))
        && to > from.plus_years(limit_years)
    {
        texts.fault("valid_to", FaultKind::TermTooLong { limit_years });
    }
    match Validity::new(from, to) {
        Ok(validity) => Some(validity),
        Err(_) => {
            texts.fault("valid_to", FaultKind::BadValidity);
            None
        }
    }
}
