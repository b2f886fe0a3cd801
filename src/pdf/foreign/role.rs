//! What each object of a file is used for.
//!
//! Whether an object may be replaced after sealing depends on everything that leads to it: a picture of a field that is
//! also the content of a page is content. So the whole file is walked, and for the objects asked about each of their
//! uses is written down.
//!
//! Source: ISO 32000-1:2008, 7.7, 12.5, 12.7.

use std::collections::{HashMap, HashSet};

use super::document::Document;
use super::object::{ForeignError, Number, Value};

/// A use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Role {
    /// An annotation of a page.
    Annot,
    /// The list of those.
    Annots,
    /// The looks of the field or annotation with this number, or one of them.
    Appearance(Number),
    Catalog,
    /// The document security store.
    Dss,
    /// A list of certificates, lists or answers in it.
    DssList,
    Extensions,
    Field,
    /// A list of fields.
    Fields,
    Form,
    Info,
    Metadata,
    /// Anything else: what is seen, and what nobody knows.
    Other,
    Page,
    /// A node of the tree of pages.
    Pages,
    /// The fonts and such that fields share.
    Resources,
    Trailer,
    Vri,
    VriEntry,
}

/// The uses of those objects that `asked` holds.
pub(super) fn uses(
    document: &Document<'_, '_>,
    asked: &HashSet<Number>,
) -> Result<HashMap<Number, HashSet<Role>>, ForeignError> {
    let mut walk =
        Walk { document, asked, seen: HashSet::new(), uses: HashMap::new(), open: Vec::new() };
    let trailer = Value::Dict(document.trailer.clone());
    walk.value(&trailer, Role::Trailer, None)?;
    while let Some((number, role)) = walk.open.pop() {
        document.spend(1)?;
        let object = document.object(number)?;
        walk.value(&object.value, role, Some(number))?;
    }
    Ok(walk.uses)
}

struct Walk<'d> {
    document: &'d Document<'d, 'd>,
    asked: &'d HashSet<Number>,
    seen: HashSet<(Number, Role)>,
    uses: HashMap<Number, HashSet<Role>>,
    /// What is still to be looked into.
    open: Vec<(Number, Role)>,
}

impl Walk<'_> {
    fn value(
        &mut self,
        value: &Value,
        role: Role,
        owner: Option<Number>,
    ) -> Result<(), ForeignError> {
        match value {
            Value::Reference(number) => {
                let role = self.typed(*number, role)?;
                if self.asked.contains(number) {
                    self.uses.entry(*number).or_default().insert(role);
                }
                if self.seen.insert((*number, role)) {
                    self.open.push((*number, role));
                }
            }
            Value::Array(items) => {
                self.document.spend(items.len())?;
                let role = item_role(role);
                for item in items {
                    self.value(item, role, owner)?;
                }
            }
            Value::Dict(dict) => {
                self.document.spend(dict.0.len())?;
                for (key, value) in dict.iter() {
                    self.value(value, child_role(role, key, owner), None)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Pages and annotations are what they say wherever they are referred to from; nothing that is seen may be replaced
    /// in either of these roles.
    fn typed(&self, number: Number, role: Role) -> Result<Role, ForeignError> {
        if role != Role::Other && role != Role::Pages {
            return Ok(role);
        }
        let object = self.document.object(number)?;
        let Value::Dict(dict) = &object.value else { return Ok(role) };
        Ok(if object.stream.is_some() {
            role
        } else if dict.is_name("Type", "Page") {
            Role::Page
        } else if dict.is_name("Type", "Pages") {
            Role::Pages
        } else if dict.is_name("Type", "Annot") || dict.is_name("Subtype", "Widget") {
            Role::Annot
        } else if dict.is_name("Type", "Catalog") {
            Role::Catalog
        } else {
            role
        })
    }
}

fn item_role(role: Role) -> Role {
    match role {
        Role::Annots => Role::Annot,
        Role::Fields => Role::Field,
        Role::Pages => Role::Pages,
        _ => Role::Other,
    }
}

fn child_role(role: Role, key: &[u8], owner: Option<Number>) -> Role {
    match (role, key) {
        (Role::Trailer, b"Root") => Role::Catalog,
        (Role::Trailer, b"Info") => Role::Info,
        (Role::Catalog, b"AcroForm") => Role::Form,
        (Role::Catalog, b"DSS") => Role::Dss,
        (Role::Catalog, b"Extensions") => Role::Extensions,
        (Role::Catalog, b"Metadata") => Role::Metadata,
        (Role::Catalog, b"Pages") => Role::Pages,
        (Role::Dss, b"Certs" | b"CRLs" | b"OCSPs") => Role::DssList,
        (Role::Dss, b"VRI") => Role::Vri,
        (Role::Vri, _) => Role::VriEntry,
        (Role::VriEntry, b"Cert" | b"CRL" | b"OCSP") => Role::DssList,
        (Role::Form, b"Fields") | (Role::Field | Role::Annot, b"Kids") => Role::Fields,
        (Role::Form, b"DR") => Role::Resources,
        (Role::Field | Role::Annot, b"Parent") => Role::Field,
        (Role::Field | Role::Annot, b"P") => Role::Page,
        (Role::Field | Role::Annot, b"AP") => owner.map_or(Role::Other, Role::Appearance),
        // The looks for each event, and for each state of it. What a look draws with is something else.
        (Role::Appearance(owner), b"N" | b"R" | b"D") => Role::Appearance(owner),
        (Role::Pages, b"Kids" | b"Parent") | (Role::Page, b"Parent") => Role::Pages,
        (Role::Page, b"Annots") => Role::Annots,
        _ => Role::Other,
    }
}
