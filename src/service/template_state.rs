//! The templates as they are at one moment: every file read once.
//!
//! Compiling reads a file more than once, and a file may be written meanwhile. So all of them are read first,
//! and whoever compiles sees this one state; its digest tells it from any other.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::crypto::Digest;

use super::error::Fault;
use super::ports::{TemplateSource, TypeFiles};

/// The files beside the types.
const TEXTS: [&str; 3] = ["authorities.toml", "divisions.toml", "fonts.toml"];

/// One state of a template source.
pub struct TemplateState<'s> {
    source: &'s dyn TemplateSource,
    types: Result<Vec<TypeFiles>, Fault>,
    texts: BTreeMap<&'static str, Result<String, Fault>>,
}

impl<'s> TemplateState<'s> {
    /// Reads every file of `source` but the fonts, which may be large and are looked up when they are named.
    ///
    /// A file that cannot be read is a fault when it is asked for, so that all faults are told together.
    pub fn read(source: &'s dyn TemplateSource) -> Self {
        let texts = TEXTS.iter().map(|name| (*name, source.text(name))).collect();
        Self { source, types: source.types(), texts }
    }

    /// The files of every type.
    pub fn type_files(&self) -> Result<&[TypeFiles], &Fault> {
        self.types.as_deref()
    }

    /// The digest of all files.
    pub fn digest(&self) -> Digest {
        let mut digests: Vec<Digest> = TEXTS.iter().map(|name| self.digest_of(name)).collect();
        match &self.types {
            Ok(types) => {
                for files in types {
                    digests.extend([Digest::of(files.name.as_bytes()), files.digest()]);
                }
            }
            Err(fault) => digests.push(Digest::of(fault.to_string().as_bytes())),
        }
        let parts: Vec<&[u8]> = digests.iter().map(|digest| &digest.as_bytes()[..]).collect();
        Digest::of_parts(&parts)
    }

    /// The digest of one of the files beside the types; that of a file that cannot be read is that of its fault.
    pub fn digest_of(&self, name: &str) -> Digest {
        match self.texts.get(name) {
            Some(Ok(text)) => Digest::of(text.as_bytes()),
            Some(Err(fault)) => Digest::of_parts(&[b"fault", fault.to_string().as_bytes()]),
            None => Digest::of(b""),
        }
    }
}

impl TemplateSource for TemplateState<'_> {
    fn types(&self) -> Result<Vec<TypeFiles>, Fault> {
        self.types.clone()
    }

    fn text(&self, name: &str) -> Result<String, Fault> {
        match self.texts.get(name) {
            Some(text) => text.clone(),
            None => self.source.text(name),
        }
    }

    fn font(&self, path: &str) -> Option<Arc<[u8]>> {
        self.source.font(path)
    }
}
