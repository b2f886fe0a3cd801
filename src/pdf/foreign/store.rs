//! The validation data that a file brings: certificates, revocation lists and OCSP answers of its security store.
//!
//! Nothing here is believed for being there; each piece is signed, and is checked by who uses it. A piece that cannot
//! be read is left out.
//!
//! Source: ISO 32000-2:2020, 12.8.4.3.

use super::document::Document;
use super::filter::unpack;
use super::object::{Dict, ForeignError, Value};

/// Most pieces of each kind that are taken, the first ones. Our own bound.
const MAX_PIECES: usize = 64;

/// Validation data, each piece in DER.
#[derive(Debug, Default)]
pub struct Store {
    /// Certificates.
    pub certs: Vec<Vec<u8>>,
    /// Lists of revoked certificates.
    pub crls: Vec<Vec<u8>>,
    /// OCSP answers.
    pub ocsps: Vec<Vec<u8>>,
}

/// The store of a revision; an empty one where there is none that can be read.
pub(super) fn store(document: &Document<'_, '_>) -> Result<Store, ForeignError> {
    let found = || {
        let (_, catalog) = document.catalog()?;
        let Some(store) = document.dict_under(&catalog, "DSS")? else {
            return Ok(Store::default());
        };
        let pieces = |key| pieces(document, &store, key);
        Ok(Store { certs: pieces("Certs")?, crls: pieces("CRLs")?, ocsps: pieces("OCSPs")? })
    };
    match found() {
        Err(ForeignError::TooMuch) => Err(ForeignError::TooMuch),
        found => Ok(found.unwrap_or_default()),
    }
}

fn pieces(
    document: &Document<'_, '_>,
    store: &Dict,
    key: &str,
) -> Result<Vec<Vec<u8>>, ForeignError> {
    let list = document.under(store, key)?;
    let numbers = list.as_array().unwrap_or_default().iter().filter_map(Value::as_reference);
    let mut found = Vec::new();
    for number in numbers.take(MAX_PIECES) {
        let object = document.object(number)?;
        let (Value::Dict(dict), Some(raw)) = (&object.value, document.raw(&object)) else {
            continue;
        };
        match unpack(dict, raw, document.budget()) {
            Ok(bytes) => found.push(bytes),
            Err(ForeignError::TooMuch) => return Err(ForeignError::TooMuch),
            Err(_) => {}
        }
    }
    Ok(found)
}
