//! The fonts a face is drawn with.
//!
//! `templates/fonts.toml` names, for each role, the font files in the order of trying. A [`FontBook`] is made
//! from it once per process: every file is parsed, and for every role a table says which file draws a
//! character, with which glyph and how wide. Afterwards looking a character up is reading an array.
//!
//! The room reads no files: the caller brings the bytes and reports a file that is not there with
//! [`FontFault::Missing`], which names the Debian package to install.
//!
//! Source: OpenType 1.9, tables `cmap`, `hmtx`, `head`.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::Deserialize;
use ttf_parser::{Face, GlyphId, Tag};

use super::subset::{self, GlyphStore};
use super::vertical;

/// All fonts of the house, ready for looking up characters.
pub struct FontBook {
    faces: Vec<FontFace>,
    roles: [GlyphTable; 3],
}

impl FontBook {
    /// Parses `fonts` and joins them into one chain per role, in the order given.
    pub fn new(fonts: Vec<LoadedFont>) -> Result<Self, Vec<FontFault>> {
        let mut faults = Vec::new();
        let mut faces: Vec<FontFace> = Vec::new();
        let mut roles = [GlyphTable::new(), GlyphTable::new(), GlyphTable::new()];
        let mut filled = [false; 3];
        for font in fonts {
            let same = |face: &FontFace| {
                face.index == font.entry.index && Arc::ptr_eq(&face.bytes, &font.bytes)
            };
            let place = match faces.iter().position(same) {
                Some(place) => place,
                None => match FontFace::parse(&font) {
                    Some(face) => {
                        faces.push(face);
                        faces.len() - 1
                    }
                    None => {
                        faults.push(FontFault::Malformed(font.entry));
                        continue;
                    }
                },
            };
            let (Ok(number), Some(face)) = (u8::try_from(place), faces.get(place)) else {
                faults.push(FontFault::Malformed(font.entry));
                continue;
            };
            let role = font.entry.role.place();
            filled[role] = true;
            roles[role].add(face, number);
        }
        for role in FontRole::ALL {
            if !filled[role.place()] && faults.is_empty() {
                faults.push(FontFault::RoleWithoutFont(role));
            }
        }
        if faults.is_empty() { Ok(Self { faces, roles }) } else { Err(faults) }
    }

    /// The glyph that draws `character` in `role`, or `None` where no font of the role has it.
    pub fn glyph(&self, role: FontRole, character: char) -> Option<Glyph> {
        self.roles[role.place()].get(character)
    }

    /// The font a glyph was found in.
    pub(super) fn face(&self, glyph: Glyph) -> &FontFace {
        self.numbered(glyph.face)
    }

    pub(super) fn numbered(&self, face: u8) -> &FontFace {
        &self.faces[usize::from(face)]
    }
}

impl fmt::Debug for FontBook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.faces.iter().map(|face| &face.name)).finish()
    }
}

/// What a font is used for on a face.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FontRole {
    /// The name of the license.
    Title,
    /// Fixed words beside the values.
    Label,
    /// The values.
    Body,
}

impl FontRole {
    /// All roles.
    pub const ALL: [Self; 3] = [Self::Title, Self::Label, Self::Body];

    /// The word for this role in `fonts.toml` and `face.toml`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Label => "label",
            Self::Body => "body",
        }
    }

    fn place(self) -> usize {
        match self {
            Self::Title => 0,
            Self::Label => 1,
            Self::Body => 2,
        }
    }
}

/// `fonts.toml`: every font file with its role.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FontsFile {
    /// The files; within a role, the order of trying.
    #[serde(rename = "font")]
    pub fonts: Vec<FontEntry>,
}

impl FontsFile {
    /// Reads the text of `fonts.toml`.
    ///
    /// The message of a refusal carries line and column.
    pub fn parse(text: &str) -> Result<Self, FontFault> {
        let file: Self =
            toml::from_str(text).map_err(|error| FontFault::File(error.to_string()))?;
        match FontRole::ALL.iter().find(|role| file.fonts.iter().all(|font| font.role != **role)) {
            Some(role) => Err(FontFault::RoleWithoutFont(*role)),
            None => Ok(file),
        }
    }
}

/// One font file and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FontEntry {
    /// The role it serves.
    pub role: FontRole,
    /// The name people know it by.
    pub name: String,
    /// Where the file lies.
    pub path: String,
    /// Which font of a collection, counted from 0.
    #[serde(default)]
    pub index: u32,
    /// The Debian package that installs the file.
    pub package: String,
}

/// A font entry with the bytes of its file.
#[derive(Clone)]
pub struct LoadedFont {
    /// What `fonts.toml` says of it.
    pub entry: FontEntry,
    /// The whole file. Entries that share a file should share the allocation: it is parsed once.
    pub bytes: Arc<[u8]>,
}

/// A glyph of one of the fonts of a [`FontBook`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph {
    /// Which font of the book.
    pub(super) face: u8,
    /// The glyph's number in that font; never 0.
    pub(super) id: u16,
    /// Advance width in thousandths of the size.
    pub(super) advance: u16,
}

/// How a font describes its outlines, which decides how it is embedded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outlines {
    Cff,
    Glyf,
}

/// One parsed font.
pub(super) struct FontFace {
    pub(super) name: String,
    pub(super) bytes: Arc<[u8]>,
    pub(super) index: u32,
    pub(super) outlines: Outlines,
    pub(super) units_per_em: u16,
    pub(super) ascent: f32,
    pub(super) descent: f32,
    pub(super) cap_height: f32,
    pub(super) bounds: [f32; 4],
    /// Glyph and width of the forms of marks in columns, by the glyph of the usual form.
    pub(super) columns: HashMap<u16, (u16, u16)>,
    glyph_count: u16,
    store: Option<GlyphStore>,
}

/// A font's code is fitted to every so manieth Han character of Unicode's first block: 1 300 of them. Our own
/// measure; with four times as many it is the same to a tenth of a bit.
const SAMPLE_STEP: usize = 16;

impl FontFace {
    fn parse(font: &LoadedFont) -> Option<Self> {
        let face = Face::parse(&font.bytes, font.entry.index).ok()?;
        let units = face.units_per_em();
        let outlines = if face.tables().cff.is_some() {
            Outlines::Cff
        } else if face.raw_face().table(Tag::from_bytes(b"glyf")).is_some() {
            Outlines::Glyf
        } else {
            return None;
        };
        let thousandths = |value: i16| (f32::from(value) * 1000.0 / f32::from(units)).round();
        let bounds = face.global_bounding_box();
        let name = face
            .names()
            .into_iter()
            .find(|name| name.name_id == ttf_parser::name_id::POST_SCRIPT_NAME && name.is_unicode())
            .and_then(|name| name.to_string())
            .unwrap_or_else(|| font.entry.name.clone());
        let mut font = Self {
            name: name.chars().filter(char::is_ascii_alphanumeric).collect(),
            bytes: Arc::clone(&font.bytes),
            index: font.entry.index,
            outlines,
            units_per_em: units,
            ascent: thousandths(face.ascender()),
            descent: thousandths(face.descender()),
            cap_height: thousandths(face.capital_height().unwrap_or(face.ascender())),
            bounds: [bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max].map(thousandths),
            columns: vertical::forms(&face),
            glyph_count: face.number_of_glyphs(),
            store: None,
        };
        let letters = ('0'..='z').chain(('\u{4e00}'..'\u{a000}').step_by(SAMPLE_STEP));
        let samples: Vec<u16> =
            letters.filter_map(|letter| face.glyph_index(letter)).map(|id| id.0).collect();
        font.store = Some(GlyphStore::new(&font, &samples)?);
        Some(font)
    }

    /// The font cut down to `glyphs` (see [`subset`]), as a zlib stream that is ready in microseconds.
    pub(super) fn packed(&self, glyphs: &[u16]) -> Option<Vec<u8>> {
        subset::packed(self, self.store.as_ref()?, glyphs)
    }

    /// The font taken apart again; cheap, for the tables are not copied.
    pub(super) fn parsed(&self) -> Option<Face<'_>> {
        Face::parse(&self.bytes, self.index).ok()
    }

    pub(super) fn glyph_count(&self) -> usize {
        usize::from(self.glyph_count)
    }
}

/// For every character of Unicode the glyph that draws it, in pages of 256.
struct GlyphTable {
    pages: Vec<Option<Box<[Option<Glyph>; 256]>>>,
}

impl GlyphTable {
    fn new() -> Self {
        Self { pages: (0..0x1100).map(|_| None).collect() }
    }

    fn get(&self, character: char) -> Option<Glyph> {
        let (page, place) = Self::place(u32::from(character))?;
        *self.pages.get(page)?.as_ref()?.get(place)?
    }

    /// Adds what `face` can draw and no earlier font could.
    fn add(&mut self, font: &FontFace, number: u8) {
        let Some(face) = font.parsed() else { return };
        let units = u32::from(font.units_per_em.max(1));
        let Some(cmap) = face.tables().cmap else { return };
        for subtable in cmap.subtables.into_iter().filter(|subtable| subtable.is_unicode()) {
            subtable.codepoints(|code| {
                let id = subtable.glyph_index(code).unwrap_or(GlyphId(0));
                let advance = u32::from(face.glyph_hor_advance(id).unwrap_or(0));
                let advance = u16::try_from((advance * 1000 + units / 2) / units);
                let (Some((page, place)), Ok(advance)) = (Self::place(code), advance) else {
                    return;
                };
                // A control character has no business on a face, whatever a font maps it to.
                let drawn = char::from_u32(code).is_some_and(|c| !c.is_control());
                if id.0 == 0 || !drawn {
                    return;
                }
                let Some(page) = self.pages.get_mut(page) else { return };
                let page = page.get_or_insert_with(|| Box::new([None; 256]));
                if let Some(slot @ None) = page.get_mut(place) {
                    *slot = Some(Glyph { face: number, id: id.0, advance });
                }
            });
        }
    }

    fn place(code: u32) -> Option<(usize, usize)> {
        Some((usize::try_from(code >> 8).ok()?, usize::try_from(code & 0xff).ok()?))
    }
}

/// Why the fonts of the house cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FontFault {
    /// `fonts.toml` is not of its form; the text says where.
    File(String),
    /// The file is no font we can embed.
    Malformed(FontEntry),
    /// The file is not there.
    Missing(FontEntry),
    /// No font serves this role.
    RoleWithoutFont(FontRole),
}

impl fmt::Display for FontFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(problem) => write!(f, "fonts.toml: {problem}"),
            Self::Malformed(font) => write!(
                f,
                "font `{}` (role {}): {} holds no font number {} with outlines; reinstall the \
                 Debian package {}",
                font.name,
                font.role.word(),
                font.path,
                font.index,
                font.package
            ),
            Self::Missing(font) => write!(
                f,
                "font `{}` (role {}): {} is not there; install the Debian package {}",
                font.name,
                font.role.word(),
                font.path,
                font.package
            ),
            Self::RoleWithoutFont(role) => {
                write!(f, "fonts.toml names no font for the role `{}`", role.word())
            }
        }
    }
}

impl std::error::Error for FontFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::testing;

    #[test]
    fn every_role_of_the_shipped_list_has_a_font_and_a_package() {
        let file = FontsFile::parse(testing::FONTS_TOML).unwrap();
        assert!(file.fonts.iter().all(|font| font.package.starts_with("fonts-")));
    }

    #[test]
    fn a_list_without_a_role_or_with_a_stray_key_is_refused() {
        let font = "[[font]]\nrole = \"title\"\nname = \"A\"\npath = \"/a\"\npackage = \"p\"\n";
        assert_eq!(FontsFile::parse(font), Err(FontFault::RoleWithoutFont(FontRole::Label)));
        let stray = format!("{font}color = 1\n");
        assert!(matches!(FontsFile::parse(&stray), Err(FontFault::File(_))));
    }

    #[test]
    fn a_missing_font_is_named_with_its_package() {
        let font = FontsFile::parse(testing::FONTS_TOML).unwrap().fonts.remove(3);
        let text = FontFault::Missing(font).to_string();
        for part in ["BabelStone Han", "body", "BabelStoneHan.ttf", "fonts-babelstone-han"] {
            assert!(text.contains(part), "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_font_are_refused_with_the_entry() {
        let entry = FontsFile::parse(testing::FONTS_TOML).unwrap().fonts.remove(0);
        let font = LoadedFont { entry: entry.clone(), bytes: Arc::from(&b"not a font"[..]) };
        assert_eq!(FontBook::new(vec![font]).unwrap_err(), [FontFault::Malformed(entry)]);
    }

    #[test]
    fn names_with_characters_of_the_extensions_are_drawn_by_a_later_font() {
        let fonts = testing::fonts();
        let main = fonts.glyph(FontRole::Body, '名').unwrap();
        for character in ['㐀', '䶮', '\u{20000}', '\u{2A6A5}'] {
            let glyph = fonts.glyph(FontRole::Body, character).unwrap();
            assert!(glyph.id > 0, "{character}");
        }
        assert!(fonts.glyph(FontRole::Body, '\u{2A6A5}').unwrap().face != main.face);
        assert_eq!(fonts.glyph(FontRole::Body, '\u{7}'), None);
        assert_eq!(fonts.glyph(FontRole::Body, '\u{10FFFD}'), None);
    }
}
