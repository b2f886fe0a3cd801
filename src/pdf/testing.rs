//! What the tests of this floor share: the fonts of the house and a sample license.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::font::{FontBook, FontsFile, LoadedFont};

pub(super) const FONTS_TOML: &str = include_str!("../../templates/fonts.toml");

/// The installed fonts, parsed once for all tests.
pub(super) fn fonts() -> &'static FontBook {
    static FONTS: OnceLock<FontBook> = OnceLock::new();
    FONTS.get_or_init(|| {
        let mut files: HashMap<String, Arc<[u8]>> = HashMap::new();
        let fonts = FontsFile::parse(FONTS_TOML).unwrap().fonts;
        let load = |entry: super::font::FontEntry| {
            let read = |path: &str| Arc::from(std::fs::read(path).expect("font of fonts.toml"));
            let bytes = files.entry(entry.path.clone()).or_insert_with(|| read(&entry.path));
            LoadedFont { bytes: Arc::clone(bytes), entry }
        };
        FontBook::new(fonts.into_iter().map(load).collect()).unwrap()
    })
}

/// A business license, A3 landscape.
pub(super) const FACE_TOML: &str = include_str!("testing_face.toml");
