//! What was changed after sealing, held against the list of what may be.
//!
//! Every object of the sealed revision that stands elsewhere now is looked at, in every role it had ([`uses`]). It may
//! have changed only as its role allows; whatever no rule knows is a [`Change`]. Objects that nothing referred to and
//! new ones do no harm by themselves: what leads to them is judged.
//!
//! Allowed are validation data, time-stamps, metadata, further signatures, and the values of fields that the
//! certification and the locks leave open.
//!
//! Sources: ISO 32000-1:2008, 12.8.2.2 and 12.8.2.4; ISO 32000-2:2020, 12.8.4.3.

use std::collections::{HashMap, HashSet};

use super::document::{Document, Object};
use super::field::{Field, fields};
use super::object::{Dict, ForeignError, Number, Value};
use super::role::{Role, uses};
use super::signature::{Lock, Permission};

/// What a signature field that is new may have: nothing that acts.
const PLAIN: &str = "AP AS BS Border C DA DR F FT Ff H Kids Lock M MK NM P Parent Q Rect SV StructParent Subtype T \
                     TM TU Type V";

/// Something that was changed and may not be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The object, by its number; none for the trailer.
    pub object: Option<u32>,
    /// What it is: a fixed word.
    pub what: &'static str,
}

/// What `new` changes of `old` and may not, under this permission and these locks.
pub(super) fn changes(
    old: &Document<'_, '_>,
    new: &Document<'_, '_>,
    permission: Permission,
    locks: &[Lock],
) -> Result<Vec<Change>, ForeignError> {
    // What is new counts as well: something that was sealed may have led to it when it was nowhere.
    let touched: HashSet<Number> = old
        .numbers()
        .chain(new.numbers())
        .filter(|number| old.home(*number) != new.home(*number))
        .collect();
    let before: HashMap<Number, Field> =
        fields(old)?.into_iter().map(|field| (field.number, field)).collect();
    // The looks that fields had are asked about too: where something else shows them, the field cannot let go of them.
    let looks = before.values().filter(|field| touched.contains(&field.number));
    let looks = looks.filter_map(|field| field.dict.get("AP").and_then(Value::as_reference));
    let asked: HashSet<Number> = looks.chain(touched.iter().copied()).collect();
    let uses = uses(old, &asked)?;
    let mut rules =
        Rules { old, new, permission, locks, before, uses: &uses, added: HashSet::new() };
    rules.added = rules.added_fields()?;

    let mut changes = Vec::new();
    // Readers leave out objects whose numbers reach it.
    let size = |document: &Document<'_, '_>| document.trailer.get("Size").and_then(Value::as_size);
    if size(new) < size(old) {
        changes.push(Change { object: None, what: "trailer" });
    }
    // Nothing refers to an object stream, but what says how long it is can be exchanged like anything else.
    for stream in old.object_streams() {
        let place = |document: &Document<'_, '_>| {
            document.object(stream).map(|object| object.stream.clone())
        };
        if place(old)? != place(new)? {
            changes.push(Change { object: Some(stream.number), what: "content" });
        }
    }
    let root = |document: &Document<'_, '_>| document.trailer.get("Root").cloned();
    if !rules.edge(Role::Catalog, root(old).as_ref(), root(new).as_ref())? {
        changes.push(Change { object: None, what: "trailer" });
    }
    for (number, roles) in uses.iter().filter(|(number, _)| touched.contains(number)) {
        let (then, now) = (old.object(*number)?, new.object(*number)?);
        for role in roles {
            if !rules.object(*role, *number, &then, &now)? {
                changes.push(Change { object: Some(number.number), what: word(*role) });
            }
        }
    }
    changes.sort_by_key(|change| change.object);
    Ok(changes)
}

/// The rules, and what they look at.
struct Rules<'d> {
    old: &'d Document<'d, 'd>,
    new: &'d Document<'d, 'd>,
    permission: Permission,
    locks: &'d [Lock],
    /// The fields of the sealed revision.
    before: HashMap<Number, Field>,
    uses: &'d HashMap<Number, HashSet<Role>>,
    /// New signature fields, and where they are shown.
    added: HashSet<Number>,
}

impl Rules<'_> {
    /// The fields that are new and may be: signatures, and time-stamps where nothing else may come.
    fn added_fields(&self) -> Result<HashSet<Number>, ForeignError> {
        let (mut added, mut signed) = (HashSet::new(), HashSet::new());
        for field in fields(self.new)? {
            let is_new = !self.before.contains_key(&field.number)
                && self.old.object(field.number)?.value == Value::Null;
            let is_place = field.dict.get("V").is_none() && field.dict.get("T").is_none();
            let shows_added = is_place && field.parent.is_some_and(|of| signed.contains(&of));
            let plain = |key: &[u8]| PLAIN.split(' ').any(|known| known.as_bytes() == key);
            let is_plain = field.dict.iter().all(|(key, _)| plain(key));
            // Under a certification nothing that is seen may come: it could cover what was sealed.
            let may_be_seen =
                self.permission == Permission::Signing || self.is_unseen(&field.dict)?;
            if !is_new || !field.is_signature() || !is_plain || !may_be_seen {
                continue;
            }
            if shows_added || self.may_come(&field.dict)? {
                if field.dict.get("V").is_some() {
                    signed.insert(field.number);
                }
                added.insert(field.number);
            }
        }
        Ok(added)
    }

    /// Whether a signature field may be added, or filled.
    fn may_come(&self, field: &Dict) -> Result<bool, ForeignError> {
        match self.new.under(field, "V")? {
            Value::Dict(signature) => Ok(self.permission > Permission::Nothing
                || signature.is_name("SubFilter", "ETSI.RFC3161")),
            // An empty one that is seen could cover what was sealed.
            Value::Null => Ok(self.permission > Permission::Nothing && self.is_unseen(field)?),
            _ => Ok(false),
        }
    }

    fn is_unseen(&self, field: &Dict) -> Result<bool, ForeignError> {
        let rect = self.new.under(field, "Rect")?;
        let Some(corners) = rect.as_array() else { return Ok(rect == Value::Null) };
        Ok(corners.iter().all(|corner| match corner {
            Value::Integer(number) => *number == 0,
            Value::Real(digits) => digits.iter().all(|digit| matches!(digit, b'0' | b'.' | b'-')),
            _ => false,
        }))
    }

    fn object(
        &self,
        role: Role,
        number: Number,
        then: &Object,
        now: &Object,
    ) -> Result<bool, ForeignError> {
        let same_bytes = self.old.raw(then) == self.new.raw(now);
        if same_bytes && then.value == now.value {
            return Ok(true);
        }
        match role {
            Role::Metadata => Ok(true),
            Role::Appearance(owner) => self.may_fill(owner),
            // No other role has a stream that may change.
            _ if then.stream.is_some() || now.stream.is_some() => Ok(false),
            Role::Field | Role::Annot => self.field(number, &then.value, &now.value),
            _ => self.value(role, &then.value, &now.value),
        }
    }

    /// Whether what stands at an edge of the graph may have changed. An object with the same number is looked at by
    /// itself.
    fn edge(
        &self,
        role: Role,
        then: Option<&Value>,
        now: Option<&Value>,
    ) -> Result<bool, ForeignError> {
        if let (Some(Value::Reference(then)), Some(Value::Reference(now))) = (then, now)
            && then == now
        {
            return Ok(true);
        }
        let then = then.map_or(Ok(Value::Null), |then| self.old.resolve(then))?;
        let now = now.map_or(Ok(Value::Null), |now| self.new.resolve(now))?;
        self.value(role, &then, &now)
    }

    fn value(&self, role: Role, then: &Value, now: &Value) -> Result<bool, ForeignError> {
        if then == now {
            return Ok(true);
        }
        match (role, then, now) {
            (Role::Info | Role::Extensions | Role::Metadata, _, _) => Ok(true),
            (Role::DssList, _, Value::Array(items)) => {
                Ok(items.iter().all(|item| matches!(item, Value::Reference(_))))
            }
            (Role::Fields, Value::Array(_) | Value::Null, Value::Array(now)) => {
                Ok(self.grown(then.as_array().unwrap_or_default(), now))
            }
            (Role::Annots, Value::Array(_) | Value::Null, Value::Array(now)) => {
                Ok(self.grown(then.as_array().unwrap_or_default(), now))
            }
            (_, Value::Dict(_) | Value::Null, Value::Dict(now)) => {
                let empty = Dict::default();
                self.dict(role, then.as_dict().unwrap_or(&empty), now)
            }
            _ => Ok(false),
        }
    }

    /// Whether a list has only grown, by fields that may come, and kept its order.
    fn grown(&self, then: &[Value], now: &[Value]) -> bool {
        let mut then = then.iter().peekable();
        now.iter().all(|item| {
            then.next_if(|known| *known == item).is_some()
                || item.as_reference().is_some_and(|number| self.added.contains(&number))
        }) && then.next().is_none()
    }

    fn dict(&self, role: Role, then: &Dict, now: &Dict) -> Result<bool, ForeignError> {
        if role == Role::Resources {
            return self.only_more(then, now, 0);
        }
        for key in keys(then, now) {
            let (then, now) = (then.find(&key), now.find(&key));
            if then == now {
                continue;
            }
            let allowed = match (role, key.as_slice()) {
                (Role::Catalog, b"AcroForm") => self.edge(Role::Form, then, now)?,
                (Role::Catalog, b"DSS") => self.edge(Role::Dss, then, now)?,
                (Role::Catalog, b"Extensions") => self.edge(Role::Extensions, then, now)?,
                (Role::Catalog, b"Metadata" | b"Version") => true,
                (Role::Dss, b"Certs" | b"CRLs" | b"OCSPs") => {
                    self.edge(Role::DssList, then, now)?
                }
                (Role::Dss, b"VRI") => self.edge(Role::Vri, then, now)?,
                (Role::Dss | Role::VriEntry, b"Type") => true,
                (Role::Vri, _) => self.edge(Role::VriEntry, then, now)?,
                (Role::VriEntry, b"Cert" | b"CRL" | b"OCSP") => {
                    self.edge(Role::DssList, then, now)?
                }
                (Role::VriEntry, b"TU" | b"TS") => true,
                (Role::Form, b"Fields") => self.edge(Role::Fields, then, now)?,
                (Role::Form, b"DR") => self.edge(Role::Resources, then, now)?,
                (Role::Form, b"SigFlags") => true,
                // How a text looks for which there is no look yet: for none that was sealed.
                (Role::Form, b"DA") => then.is_none(),
                (Role::Form, b"NeedAppearances") => {
                    matches!(now, None | Some(Value::Bool(false)))
                }
                (Role::Page, b"Annots") => self.edge(Role::Annots, then, now)?,
                _ => false,
            };
            if !allowed {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a dictionary has everything it had, and may be more.
    fn only_more(&self, then: &Dict, now: &Dict, depth: usize) -> Result<bool, ForeignError> {
        for (key, then) in then.iter() {
            let Some(now) = now.find(key) else { return Ok(false) };
            if then == now {
                continue;
            }
            let (then, now) = (self.old.resolve(then)?, self.new.resolve(now)?);
            let more = match (&then, &now) {
                (Value::Dict(then), Value::Dict(now)) if depth < 1 => {
                    self.only_more(then, now, depth + 1)?
                }
                _ => false,
            };
            if !more {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether a field of the sealed revision may have changed so.
    fn field(&self, number: Number, then: &Value, now: &Value) -> Result<bool, ForeignError> {
        let (Some(field), Value::Dict(then), Value::Dict(now)) =
            (self.before.get(&number), then, now)
        else {
            return Ok(false);
        };
        let was_open = self.may_fill(number)?;
        for key in keys(then, now) {
            let (before, after) = (then.find(&key), now.find(&key));
            if before == after {
                continue;
            }
            let allowed = match key.as_slice() {
                b"Kids" => self.edge(Role::Fields, before, after)?,
                // A signature comes once.
                b"V" if field.is_signature() => {
                    was_open && before.is_none() && after.is_some() && self.may_come(now)?
                }
                b"AP" => was_open && self.lets_go(number, before),
                b"V" | b"AS" | b"M" | b"I" | b"RV" => was_open,
                // Filled in, it may be made read-only.
                b"Ff" => was_open && became_read_only(before, after),
                // Of an empty signature field, when it is signed.
                b"F" | b"MK" | b"DA" => was_open && field.is_signature(),
                _ => false,
            };
            if !allowed {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether nothing else shows the looks that a field had.
    fn lets_go(&self, field: Number, looks: Option<&Value>) -> bool {
        let roles = looks.and_then(Value::as_reference).and_then(|number| self.uses.get(&number));
        roles.is_none_or(|roles| roles.iter().all(|role| *role == Role::Appearance(field)))
    }

    /// Whether the value and the looks of a field of the sealed revision may change at all.
    fn may_fill(&self, number: Number) -> Result<bool, ForeignError> {
        let Some(field) = self.before.get(&number) else { return Ok(false) };
        if self.locks.iter().any(|lock| lock.covers(&field.name)) {
            return Ok(false);
        }
        if field.is_signature() {
            // What shows a signature that is there is part of what was sealed; and without one it stays as it is.
            return Ok(self.value_of(field)? == Value::Null && self.is_signed_now(field)?);
        }
        Ok(self.permission >= Permission::Forms)
    }

    /// Whether a signature field, or the one it shows, holds a signature in the new revision.
    fn is_signed_now(&self, field: &Field) -> Result<bool, ForeignError> {
        for number in [Some(field.number), field.parent].into_iter().flatten() {
            if let Value::Dict(now) = &self.new.object(number)?.value
                && matches!(self.new.under(now, "V")?, Value::Dict(_))
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The value of a field, which a kid has from its parent.
    fn value_of(&self, field: &Field) -> Result<Value, ForeignError> {
        let own = self.old.under(&field.dict, "V")?;
        match field.parent.and_then(|number| self.before.get(&number)) {
            Some(parent) if own == Value::Null => self.old.under(&parent.dict, "V"),
            _ => Ok(own),
        }
    }
}

fn became_read_only(before: Option<&Value>, after: Option<&Value>) -> bool {
    let flags = |value: Option<&Value>| value.map_or(Some(0), Value::as_integer);
    flags(before).zip(flags(after)).is_some_and(|(before, after)| after == before | 1)
}

/// The keys of either dictionary, each once.
fn keys(then: &Dict, now: &Dict) -> HashSet<Vec<u8>> {
    then.iter().chain(now.iter()).map(|(key, _)| key.to_vec()).collect()
}

fn word(role: Role) -> &'static str {
    match role {
        Role::Annot | Role::Annots => "annotations",
        Role::Appearance(_) => "appearance",
        Role::Catalog | Role::Trailer => "catalog",
        Role::Dss | Role::DssList | Role::Vri | Role::VriEntry => "validation data",
        Role::Extensions | Role::Info | Role::Metadata => "metadata",
        Role::Field | Role::Fields => "field",
        Role::Form | Role::Resources => "form",
        Role::Other => "content",
        Role::Page | Role::Pages => "page",
    }
}
