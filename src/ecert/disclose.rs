//! Putting disclosed values back in their places.
//!
//! The payload holds digests: in `_sd` lists of objects at any depth, and as `{"...": digest}` elements of
//! lists. [`claims`] replaces those that have a disclosure, drops those that have none (withheld values and
//! decoys look the same), and goes on into the values it has put in. A disclosure that no digest asks for, a
//! digest that stands twice, and a value that would cover a claim that is already there are refused, because
//! each would let a file say something its issuer did not sign.
//!
//! Source: RFC 9901 section 7.1, steps 3 to 5.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;

use super::json::{Json, MAX_DEPTH};
use super::sd_jwt::{Disclosure, SdJwt};

/// The claims of an SD-JWT with every disclosed value in its place and no digest left.
pub fn claims(sd_jwt: SdJwt<'_>) -> Result<BTreeMap<String, Json>, DiscloseError> {
    let (payload, disclosures) = sd_jwt.into_parts();
    resolve(payload, disclosures)
}

/// The claims of `payload`; see [`claims`].
pub(super) fn resolve(
    mut payload: BTreeMap<String, Json>,
    disclosures: Vec<Disclosure>,
) -> Result<BTreeMap<String, Json>, DiscloseError> {
    match payload.remove("_sd_alg") {
        None => {}
        Some(Json::Text(name)) if name == "sha-256" => {}
        Some(_) => return Err(DiscloseError::DigestAlgorithm),
    }
    let mut shelf = HashMap::with_capacity(disclosures.len());
    for Disclosure { digest, name, value } in disclosures {
        if shelf.insert(digest, (name, value)).is_some() {
            return Err(DiscloseError::DisclosureTwice);
        }
    }
    let mut work = Work { shelf, met: HashSet::new() };
    work.object(&mut payload, 0)?;
    if work.shelf.is_empty() { Ok(payload) } else { Err(DiscloseError::Unreferenced) }
}

struct Work {
    /// The disclosures not yet put in their places, by digest.
    shelf: HashMap<String, (Option<String>, Json)>,
    /// Every digest met so far.
    met: HashSet<String>,
}

impl Work {
    fn value(&mut self, value: &mut Json, depth: usize) -> Result<(), DiscloseError> {
        // Values nest by disclosure too, so that the depth of the whole is bounded here once more.
        if depth > MAX_DEPTH {
            return Err(DiscloseError::TooDeep);
        }
        match value {
            Json::List(elements) => self.list(elements, depth),
            Json::Object(members) => self.object(members, depth),
            Json::Bool(_) | Json::Null | Json::Number(_) | Json::Text(_) => Ok(()),
        }
    }

    fn object(
        &mut self,
        members: &mut BTreeMap<String, Json>,
        depth: usize,
    ) -> Result<(), DiscloseError> {
        if members.contains_key("...") {
            return Err(DiscloseError::ReservedName);
        }
        let digests = match members.remove("_sd") {
            None => Vec::new(),
            Some(Json::List(digests)) => digests,
            Some(_) => return Err(DiscloseError::DigestList),
        };
        // First what is there, then what is put in, so that nothing is gone through twice.
        for value in members.values_mut() {
            self.value(value, depth + 1)?;
        }
        for digest in digests {
            let Json::Text(digest) = digest else { return Err(DiscloseError::DigestList) };
            let Some((name, mut value)) = self.take(digest)? else { continue };
            let name = name.ok_or(DiscloseError::WrongPlace)?;
            if name == "_sd" || name == "..." {
                return Err(DiscloseError::ReservedName);
            }
            self.value(&mut value, depth + 1)?;
            if members.insert(name, value).is_some() {
                return Err(DiscloseError::ClaimTwice);
            }
        }
        Ok(())
    }

    fn list(&mut self, elements: &mut Vec<Json>, depth: usize) -> Result<(), DiscloseError> {
        let mut kept = Vec::with_capacity(elements.len());
        for mut element in elements.drain(..) {
            if let Some(digest) = placeholder(&element)? {
                let Some((name, value)) = self.take(digest)? else { continue };
                if name.is_some() {
                    return Err(DiscloseError::WrongPlace);
                }
                element = value;
            }
            self.value(&mut element, depth + 1)?;
            kept.push(element);
        }
        *elements = kept;
        Ok(())
    }

    /// The disclosure that a digest asks for, if it was sent along.
    fn take(&mut self, digest: String) -> Result<Option<(Option<String>, Json)>, DiscloseError> {
        let found = self.shelf.remove(&digest);
        if self.met.insert(digest) { Ok(found) } else { Err(DiscloseError::DigestTwice) }
    }
}

/// The digest that stands in the place of a list element.
fn placeholder(element: &Json) -> Result<Option<String>, DiscloseError> {
    let Json::Object(members) = element else { return Ok(None) };
    match members.get("...") {
        None => Ok(None),
        Some(Json::Text(digest)) if members.len() == 1 => Ok(Some(digest.clone())),
        Some(_) => Err(DiscloseError::ReservedName),
    }
}

/// Why disclosures do not belong to a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DiscloseError {
    /// A disclosed value would cover a claim that is already there.
    ClaimTwice,
    /// `_sd_alg` is not `sha-256`.
    DigestAlgorithm,
    /// `_sd` is not a list of texts.
    DigestList,
    /// A digest stands twice in the payload or in what was disclosed.
    DigestTwice,
    /// A disclosure was sent twice.
    DisclosureTwice,
    /// A claim is called `_sd` or `...`.
    ReservedName,
    /// Disclosures nest too deeply.
    TooDeep,
    /// A disclosure belongs to no digest: it was altered, or was never signed.
    Unreferenced,
    /// The disclosure of a list element stands where a claim should, or the other way round.
    WrongPlace,
}

impl fmt::Display for DiscloseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClaimTwice => "a disclosed value would cover a claim that is already there",
            Self::DigestAlgorithm => "`_sd_alg` is not sha-256",
            Self::DigestList => "`_sd` is not a list of digests",
            Self::DigestTwice => "a digest stands twice",
            Self::DisclosureTwice => "a disclosure was sent twice",
            Self::ReservedName => "a claim has a reserved name",
            Self::TooDeep => "disclosures nest too deeply",
            Self::Unreferenced => "a disclosure belongs to no signed digest",
            Self::WrongPlace => "a disclosure stands in a place it was not made for",
        })
    }
}

impl std::error::Error for DiscloseError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn disclosure(digest: &str, name: Option<&str>, value: &str) -> Disclosure {
        Disclosure {
            digest: digest.to_owned(),
            name: name.map(str::to_owned),
            value: Json::read(value.as_bytes()).unwrap(),
        }
    }

    fn resolved(
        payload: &str,
        sent: &[(&str, Option<&str>, &str)],
    ) -> Result<String, DiscloseError> {
        let Json::Object(payload) = Json::read(payload.as_bytes()).unwrap() else { panic!() };
        let sent = sent.iter().map(|(digest, name, value)| disclosure(digest, *name, value));
        let mut out = Vec::new();
        Json::Object(resolve(payload, sent.collect())?).canonical(&mut out);
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn what_is_disclosed_takes_its_place_and_what_is_withheld_leaves_no_trace() {
        let payload =
            r#"{"_sd":["d1","decoy"],"l":[{"...":"d2"},{"...":"gone"},3],"o":{"_sd":["d4"]}}"#;
        let sent = [
            ("d1", Some("a"), r#"{"_sd":["d3"]}"#),
            ("d3", Some("b"), "1"),
            ("d2", None, r#"["x"]"#),
        ];
        let expected = r#"{"a":{"b":1},"l":[["x"],3],"o":{}}"#;
        assert_eq!(resolved(payload, &sent).as_deref(), Ok(expected));
    }

    #[test]
    fn nothing_is_said_that_was_not_signed() {
        use DiscloseError::*;
        let one: &[(&str, Option<&str>, &str)] = &[("d", Some("a"), "1")];
        let list: &[(&str, Option<&str>, &str)] = &[("d", None, "1")];
        let looped: &[(&str, Option<&str>, &str)] = &[("d", Some("a"), r#"{"_sd":["d"]}"#)];
        let reserved: &[(&str, Option<&str>, &str)] = &[("d", Some("_sd"), "1")];
        let dots: &[(&str, Option<&str>, &str)] = &[("d", Some("..."), "1")];
        let twice: &[(&str, Option<&str>, &str)] = &[one[0], one[0]];
        let rows = [
            ("belongs to nothing", r#"{"_sd":["e"]}"#, one, Unreferenced),
            ("sent twice", r#"{"_sd":["d"]}"#, twice, DisclosureTwice),
            ("covers an open claim", r#"{"_sd":["d"],"a":0}"#, one, ClaimTwice),
            ("digest twice in a list", r#"{"_sd":["d","d"]}"#, one, DigestTwice),
            ("digest twice in two places", r#"{"_sd":["e"],"o":{"_sd":["e"]}}"#, &[], DigestTwice),
            ("asks for itself", r#"{"_sd":["d"]}"#, looped, DigestTwice),
            ("list value as a claim", r#"{"_sd":["d"]}"#, list, WrongPlace),
            ("claim as a list value", r#"{"l":[{"...":"d"}]}"#, one, WrongPlace),
            ("named _sd", r#"{"_sd":["d"]}"#, reserved, ReservedName),
            ("named ...", r#"{"_sd":["d"]}"#, dots, ReservedName),
            ("dots outside a list", r#"{"o":{"...":"d"}}"#, list, ReservedName),
            ("dots with company", r#"{"l":[{"...":"d","x":1}]}"#, list, ReservedName),
            ("no list of digests", r#"{"_sd":"d"}"#, one, DigestList),
            ("a digest that is no text", r#"{"_sd":[1]}"#, &[], DigestList),
            ("another algorithm", r#"{"_sd_alg":"sha-512"}"#, &[], DigestAlgorithm),
        ];
        for (trick, payload, sent, refusal) in rows {
            assert_eq!(resolved(payload, sent), Err(refusal), "{trick}");
        }
    }

    #[test]
    fn disclosures_that_nest_without_end_are_refused() {
        let mut sent = Vec::new();
        for level in 0..100 {
            let value = format!("{{\"_sd\":[\"d{}\"]}}", level + 1);
            sent.push(disclosure(&format!("d{level}"), Some("a"), &value));
        }
        let payload = BTreeMap::from([("_sd".to_owned(), Json::read(br#"["d0"]"#).unwrap())]);
        assert_eq!(resolve(payload, sent).err(), Some(DiscloseError::TooDeep));
    }
}
