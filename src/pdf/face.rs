//! A face template prepared for drawing thousands of pages.
//!
//! Whatever is the same on every page of a type is made once: fixed words are set, their fonts cut down and
//! compressed, the border drawn, the color profile written. A page then copies these bytes and adds its values.
//! Fixed parts lie beneath the values, whatever their order in the file; the order of reading is that of the
//! file. A page that is made only when it is needed has all its fixed parts as decoration: it may come many times, and
//! its head is not read aloud each time.

use pdf_writer::{Chunk, Content, Filter, Finish, Name, Rect, Ref, Settings};

use super::art::Art;
use super::deflate::Deflater;
use super::face_fault::{FaceFault, FaceProblem};
use super::face_template::{Element, FaceFile, FacePage, Frame, Page};
use super::fixed_words::FixedWords;
use super::font::FontBook;
use super::layout::{Measured, TextFault};
use super::ornament;
use super::paper::{Paper, text_box};
use super::structure::Sheet;
use super::units::{Mm, rounded};
use super::xmp::srgb_profile;

/// Numbers of the objects that every file has.
pub(super) mod object {
    use pdf_writer::Ref;

    pub(in crate::pdf) const CATALOG: Ref = Ref::new(1);
    pub(in crate::pdf) const PAGES: Ref = Ref::new(2);
    pub(in crate::pdf) const PAGE: Ref = Ref::new(3);
    pub(in crate::pdf) const INFO: Ref = Ref::new(4);
    pub(in crate::pdf) const METADATA: Ref = Ref::new(5);
    pub(in crate::pdf) const STRUCTURE: Ref = Ref::new(6);
    pub(in crate::pdf) const DOCUMENT: Ref = Ref::new(7);
    pub(in crate::pdf) const PARENTS: Ref = Ref::new(8);
    pub(in crate::pdf) const SEAL_FIELD: Ref = Ref::new(9);
    pub(in crate::pdf) const SIGNATURE: Ref = Ref::new(10);
    pub(in crate::pdf) const SEAL_PICTURE: Ref = Ref::new(11);
    pub(in crate::pdf) const VALUES: Ref = Ref::new(12);
    pub(in crate::pdf) const SEAL_PART: Ref = Ref::new(13);
    pub(in crate::pdf) const BACKGROUND: Ref = Ref::new(14);
    pub(in crate::pdf) const PROFILE: Ref = Ref::new(15);
    pub(in crate::pdf) const RESOURCES: Ref = Ref::new(16);
    pub(in crate::pdf) const FIRST_FREE: Ref = Ref::new(17);
}

/// Most bytes that a picture may add to every document. Our own bound: a quarter of what a page may have.
const ART_BYTES: usize = 24_000;

/// A face ready to be drawn.
pub struct CompiledFace {
    pub(super) pages: Vec<CompiledPage>,
    /// The objects that are the same in every file.
    pub(super) fixed: Chunk,
    pub(super) fonts: Vec<(String, Ref)>,
    pub(super) figures: Vec<(String, Ref)>,
    pub(super) next: Ref,
}

/// One page of a face, ready to be drawn.
pub(super) struct CompiledPage {
    width: Mm,
    pub(super) height: Mm,
    /// The page object; a page that is made only when it is needed has none yet.
    page: Option<Ref>,
    background: Ref,
    /// All elements that have a place in the order of reading.
    pub(super) parts: Vec<Part>,
    /// For each marked part of the background its structure element.
    marks: Vec<Ref>,
    /// The field whose rows go on here, and how often the page is made at most.
    pub(super) further: Option<(String, usize)>,
}

/// An element in the order of reading.
pub(super) enum Part {
    /// Fixed words; their structure element.
    Fixed(Ref),
    /// What each file draws anew.
    Value(Element),
}

impl CompiledFace {
    /// Prepares `file`, which has no pictures, or gives every fixed text that cannot be drawn.
    pub fn new(file: FaceFile, fonts: &FontBook) -> Result<Self, Vec<FaceFault>> {
        Self::with_art(file, &[], fonts)
    }

    /// Prepares `file` with the pictures that its pages name, or gives everything that cannot be drawn.
    pub fn with_art(
        file: FaceFile,
        art: &[(String, Art)],
        fonts: &FontBook,
    ) -> Result<Self, Vec<FaceFault>> {
        let mut compiler = Compiler {
            fonts,
            art,
            drawn: Vec::new(),
            fixed: Chunk::with_settings(Settings { pretty: false }),
            next: object::FIRST_FREE,
            deflater: Deflater::best(),
            words: FixedWords::default(),
            figures: Vec::new(),
            frames: Vec::new(),
            faults: Vec::new(),
        };
        let several = file.pages.len() > 1;
        let mut paper = Paper::new(Mm(0.0), 0, 'S');
        let mut pages = Vec::with_capacity(file.pages.len());
        for (number, page) in file.pages.into_iter().enumerate() {
            let number = if several { Some(number + 1) } else { None };
            pages.push(compiler.page(page, number, &mut paper));
        }
        let Compiler { mut fixed, mut next, mut deflater, words, figures, mut faults, .. } =
            compiler;
        words.write(&mut fixed);
        let embedded = match paper.fonts.embed(fonts, &mut fixed, &mut next, Some(&mut deflater)) {
            Some(embedded) => embedded,
            None => {
                let problem = "fonts with whole outlines; reinstall the font packages";
                let problem = FaceProblem::Form(problem);
                let key = "font".to_owned();
                faults.push(FaceFault { page: None, element: None, key, problem });
                Vec::new()
            }
        };
        let profile = deflater.compress(&srgb_profile());
        let mut stream = fixed.stream(object::PROFILE, &profile);
        stream.filter(Filter::FlateDecode).pair(Name(b"N"), 3);
        stream.finish();
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Self { pages, fixed, fonts: embedded, figures, next })
    }
}

/// What a face asks of the values of a field.
impl CompiledFace {
    /// Whether the rows of a table field go on to pages that are made when they are needed.
    pub fn goes_on(&self, field: &str) -> bool {
        self.pages
            .iter()
            .any(|page| page.further.as_ref().is_some_and(|(continued, _)| continued == field))
    }

    /// The least pixels that every place of a portrait field asks for; those of a usual photograph where none asks.
    pub fn least_pixels(&self, field: &str) -> [u16; 2] {
        let mut least = [1; 2];
        for part in self.pages.iter().flat_map(|page| &page.parts) {
            if let Part::Value(Element::Portrait { field: own, pixels, .. }) = part
                && own == field
            {
                least = [least[0].max(pixels.min[0]), least[1].max(pixels.min[1])];
            }
        }
        if least == [1; 2] { [150, 210] } else { least }
    }
}

impl CompiledPage {
    /// The page with nothing on it but what is fixed.
    pub(super) fn sheet(&self, next: &mut Ref) -> Sheet {
        let (values, parents) = match self.page {
            Some(object::PAGE) => (object::VALUES, object::PARENTS),
            _ => (next.bump(), next.bump()),
        };
        Sheet {
            page: self.page.unwrap_or_else(|| next.bump()),
            width: self.width,
            height: self.height,
            strip: Mm(0.0),
            background: self.background,
            values,
            parents,
            content: Content::new(),
            marks: self.marks.clone(),
        }
    }
}

/// What pages have in common while a face is prepared.
struct Compiler<'f> {
    fonts: &'f FontBook,
    art: &'f [(String, Art)],
    /// Pictures that are drawn already: which, for a page of which size in points, and what the content calls it.
    drawn: Vec<(String, [f32; 2], String)>,
    fixed: Chunk,
    next: Ref,
    deflater: Deflater,
    words: FixedWords,
    figures: Vec<(String, Ref)>,
    /// Size and border of each page so far.
    frames: Vec<(Mm, Mm, Frame, Mm)>,
    faults: Vec<FaceFault>,
}

impl Compiler<'_> {
    /// The number of the first page with the same border.
    fn tag(&mut self, page: &Page) -> usize {
        let frame = (page.width, page.height, page.frame, page.frame_inset);
        let known = self.frames.iter().position(|known| *known == frame);
        self.frames.push(frame);
        known.map_or(self.frames.len(), |known| known + 1)
    }

    /// What the content calls the picture of a page, if it has one, and how much larger it is to be drawn than it is.
    fn art(&mut self, page: &Page, number: Option<usize>) -> Option<(String, [f32; 2])> {
        let Page { art: Some(file), width, height, .. } = page else { return None };
        let (w, h) = (width.to_points(), height.to_points());
        let mut fault = |why: String| {
            let (element, key) = (None, "art".to_owned());
            let problem = FaceProblem::Art(format!("{file}: {why}"));
            self.faults.push(FaceFault { page: number, element, key, problem });
        };
        let Some((_, art)) = self.art.iter().find(|(name, _)| name == file) else {
            fault("there is no such file beside face.toml".to_owned());
            return None;
        };
        let proportion = art.width * f64::from(h) / (art.height * f64::from(w));
        if !(0.99..=1.01).contains(&proportion) {
            fault("its viewBox has other proportions than the page".to_owned());
            return None;
        }
        if let Some((_, size, name)) = self.drawn.iter().find(|(name, ..)| name == file) {
            return Some((name.clone(), [w / size[0], h / size[1]]));
        }
        let packed = self.deflater.compress(&art.draw(f64::from(w), f64::from(h)));
        if packed.len() > ART_BYTES {
            fault(format!(
                "it comes to {} bytes in every document; {ART_BYTES} are allowed",
                packed.len()
            ));
            return None;
        }
        let id = self.next.bump();
        let mut form = self.fixed.form_xobject(id, &packed);
        form.filter(Filter::FlateDecode);
        form.bbox(Rect::new(0.0, 0.0, rounded(w), rounded(h)));
        form.resources();
        form.finish();
        let name = format!("A{}", self.drawn.len() + 1);
        self.drawn.push((file.clone(), [w, h], name.clone()));
        self.figures.push((name.clone(), id));
        Some((name, [1.0, 1.0]))
    }

    fn page(&mut self, file: FacePage, number: Option<usize>, paper: &mut Paper) -> CompiledPage {
        let further =
            file.further_max.zip(file.continued()).map(|(max, field)| (field.to_owned(), max));
        let FacePage { page, elements, .. } = file;
        let first = number.is_none_or(|number| number == 1);
        let id = match (first, &further) {
            (true, _) => Some(object::PAGE),
            (false, None) => Some(self.next.bump()),
            (false, Some(_)) => None,
        };
        let background = if first { object::BACKGROUND } else { self.next.bump() };
        drop(paper.turn(page.height, 0));
        let mut parts = Vec::new();
        let mut marks = Vec::new();
        self.words.interrupt();

        paper.begin_artifact();
        paper.content.save_state();
        let tag = self.tag(&page);
        ornament::background(&page, &mut paper.content);
        if let Some((art, [across, down])) = self.art(&page, number) {
            paper.content.save_state().transform([across, 0.0, 0.0, down, 0.0, 0.0]);
            paper.content.x_object(Name(art.as_bytes())).restore_state();
        }
        let mut ornament = ornament::draw(&page, &mut paper.content, tag);
        if tag < self.frames.len() {
            // Another page has the same border, and its figures with it.
            ornament.clear();
        }
        paper.content.restore_state();
        paper.end();
        for (place, element) in (1..).zip(elements) {
            match element {
                Element::Rect { area, stroke, fill } => {
                    paper.begin_artifact();
                    if let Some(color) = fill {
                        paper.fill(area, color);
                    }
                    if let Some(stroke) = stroke {
                        paper.stroke(area, stroke);
                    }
                    paper.end();
                }
                Element::Rule { from, to, stroke } => {
                    paper.begin_artifact();
                    paper.line(from, to, stroke);
                    paper.end();
                }
                Element::Text { text, placed } => {
                    let measured = Measured::styled(self.fonts, &placed.style, &text);
                    let set = measured.and_then(|measured| {
                        let setting = measured.set(&text_box(placed.area, &placed.style))?;
                        Ok((measured, setting))
                    });
                    let (measured, setting) = match set {
                        Ok(set) => set,
                        Err(fault) => {
                            let (element, key) = (Some(place), "text".to_owned());
                            let problem = problem(fault);
                            self.faults.push(FaceFault { page: number, element, key, problem });
                            continue;
                        }
                    };
                    let Some(page) = id else {
                        // The head of a page that may come many times is a running head.
                        paper.begin_running();
                        paper.text(&measured, &setting, placed.style.color);
                        paper.end();
                        continue;
                    };
                    let role = self.words.role(&placed.style);
                    let mark = paper.begin(role);
                    paper.text(&measured, &setting, placed.style.color);
                    paper.end();
                    let (id, new) = self.words.add(role, page, mark, &text, &mut self.next);
                    marks.push(id);
                    if new {
                        parts.push(Part::Fixed(id));
                    }
                }
                value => {
                    self.words.interrupt();
                    parts.push(Part::Value(value));
                }
            }
        }
        for figure in ornament {
            let id = self.next.bump();
            let packed = self.deflater.compress(&figure.content);
            let mut form = self.fixed.form_xobject(id, &packed);
            form.filter(Filter::FlateDecode);
            let reach = figure.reach.ceil();
            form.bbox(Rect::new(-reach, -reach, reach, reach));
            form.resources();
            form.finish();
            self.figures.push((figure.name, id));
        }
        let content = paper.turn(page.height, 0);
        let content = self.deflater.compress(content.finish().as_slice());
        self.fixed.stream(background, &content).filter(Filter::FlateDecode);
        let Page { width, height, .. } = page;
        CompiledPage { width, height, page: id, background, parts, marks, further }
    }
}

impl std::fmt::Debug for CompiledFace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (pages, fixed_bytes) = (self.pages.len(), self.fixed.len());
        f.debug_struct("CompiledFace").field("pages", &pages).field("fixed", &fixed_bytes).finish()
    }
}

fn problem(fault: TextFault) -> FaceProblem {
    match fault {
        TextFault::DoesNotFit { .. } => FaceProblem::DoesNotFit,
        TextFault::NoGlyph { missing, .. } => {
            let codes = missing.iter().map(|m| format!("U+{:04X}", u32::from(m.character)));
            FaceProblem::NoGlyph(codes.collect::<Vec<_>>().join(" "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::testing;

    #[test]
    fn a_picture_is_drawn_once_for_all_pages_and_refused_by_name() {
        let svg = |size: &str, inside: &str| {
            let text = format!(
                "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {size}\">{inside}</svg>"
            );
            Art::read(&text).unwrap()
        };
        let mut file = FaceFile::parse(testing::FACE_TOML).unwrap();
        file.pages[0].page.art = Some("art.svg".to_owned());
        let second = file.pages[0].clone();
        file.pages.push(second);
        file.pages[1].page.width = Mm(210.0);
        file.pages[1].page.height = Mm(148.5);
        let compile = |art: Art| {
            let art = [("art.svg".to_owned(), art)];
            CompiledFace::with_art(file.clone(), &art, testing::fonts())
        };
        let small = compile(svg("420 297", "<circle r=\"9\"/>")).unwrap();
        assert_eq!(small.figures.iter().filter(|(name, _)| name.starts_with('A')).count(), 1);
        let why = |faults: Vec<FaceFault>| {
            assert!(faults.iter().all(|fault| fault.key == "art"));
            faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
        };
        let square = why(compile(svg("420 420", "<circle r=\"9\"/>")).unwrap_err());
        assert!(square.contains("page 1") && square.contains("proportions"), "{square}");
        // Numbers without a pattern are not to be packed.
        let mut seed = 1_u32;
        let mut lines = String::new();
        for _ in 0..12_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            lines.push_str(&format!("L{} {}", seed >> 16 & 255, seed >> 24));
        }
        let large = svg("420 297", &format!("<path d=\"M0 0{lines}\"/>"));
        let large = why(compile(large).unwrap_err());
        assert!(large.contains("bytes in every document"), "{large}");
        let absent = CompiledFace::new(file.clone(), testing::fonts()).unwrap_err();
        assert!(why(absent).contains("no such file"));
    }

    #[test]
    fn fixed_words_that_do_not_fit_or_cannot_be_drawn_are_all_named() {
        let mut file = FaceFile::parse(testing::FACE_TOML).unwrap();
        let mut words = ["很长".repeat(50), "标\u{10FFFD}".to_owned()].into_iter();
        for element in &mut file.pages[0].elements {
            if let Element::Text { text, .. } = element
                && let Some(other) = words.next()
            {
                *text = other;
            }
        }
        let faults = CompiledFace::new(file, testing::fonts()).unwrap_err();
        let problems: Vec<_> = faults.iter().map(|f| (f.element, &f.problem)).collect();
        let missing = FaceProblem::NoGlyph("U+10FFFD".to_owned());
        assert_eq!(problems, [(Some(1), &FaceProblem::DoesNotFit), (Some(2), &missing)]);
    }
}
