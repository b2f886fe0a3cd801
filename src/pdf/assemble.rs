//! Putting a file together: pages, fonts, structure, seal field, attachment, validation data.
//!
//! One PDF 1.7 file in one revision, with a plain cross-reference table and no gaps between its objects, so
//! that [`read`](super::read) can hold every byte against it. The signature dictionary certifies the document
//! (DocMDP, no changes allowed); only validation data may be added later.
//!
//! Source: ISO 32000-1:2008, 12.7 "Interactive forms", 12.8 "Digital signatures"; ETSI EN 319 142-1 (PAdES), 5.3, 5.4.2.2 (`DSS`); ISO 19005-3.

use pdf_writer::types::{AnnotationFlags, FieldType, SigFlags};
use pdf_writer::writers::{Field, Resources};
use pdf_writer::{Content, Date, Filter, Finish, Name, Pdf, Rect, Ref, Settings, Str, TextStr};

use super::annotate;
use super::deflate::Deflater;
use super::draw::{Attachment, Binding, DocumentKind};
use super::face::{CompiledFace, object};
use super::font::FontBook;
use super::portrait::{Picture, Samples};
use super::qr::QrSquare;
use super::seal_mark;
use super::stream_code::{pack_content, pack_token};
use super::structure::{Drawing, SQUARE, picture_name, structure, tie};
use super::units::{Mm, rounded};
use super::xmp;
use crate::domain::time::Moment;

/// Attachments of up to so many bytes are not compressed: base64 gains a quarter at most, and every verification would
/// have to unpack it again.
const PLAIN_BYTES: usize = 16 * 1024;

/// The whole file and, where `sealing`, the place of its signature dictionary.
pub(super) fn assemble(
    face: &CompiledFace,
    fonts: &FontBook,
    license_id: &str,
    input: &Binding<'_>,
    mut drawing: Drawing<'_>,
    sealing: bool,
) -> Option<(Vec<u8>, usize)> {
    let mut next = drawing.next;
    let capacity = face.fixed.len() + input.gap_len * 2 + 100_000;
    let settings = Settings { pretty: false };
    let mut pdf = Pdf::with_settings_and_capacity(settings, capacity);
    pdf.extend(&face.fixed);

    let used = drawing.fonts.as_ref()?;
    let dynamic_fonts = used.embed(fonts, &mut pdf, &mut next, None)?;
    let pictures = picture_objects(&mut pdf, &drawing.pictures, &mut next);
    let square = drawing.square.as_ref().map(|square| stencil(&mut pdf, square, &mut next));
    resources(
        &mut pdf,
        face,
        &dynamic_fonts,
        (&pictures, square),
        matches!(input.kind, DocumentKind::Copy(_)),
    );
    pages(&mut pdf, &mut drawing);
    structure(&mut pdf, &drawing, &input.seal.words);
    seal_field(&mut pdf, input, &drawing, sealing);

    let date = date(input.sealed_at);
    let mut info = pdf.document_info(object::INFO);
    info.title(TextStr(input.title)).creator(TextStr(xmp::PRODUCER));
    info.producer(TextStr(xmp::PRODUCER)).creation_date(date).modified_date(date);
    info.finish();
    let own = match input.kind {
        DocumentKind::Copy(copy) => copy.properties(),
        DocumentKind::License => xmp::of_original(license_id, input.content_digest_hex),
        DocumentKind::Receipt => xmp::of_receipt(license_id, input.content_digest_hex),
    };
    let packet = xmp::packet(input.title, &own, input.content_digest_hex, input.sealed_at);
    pdf.metadata(object::METADATA, packet.as_bytes());

    let attachment = input.attachment.map(|file| attach(&mut pdf, &file, date, &mut next));
    let validation = validation_data(&mut pdf, input, &mut next);
    let signature_at = if sealing { signature(&mut pdf, input, date) } else { 0 };
    catalog(&mut pdf, input, attachment, validation, sealing);

    let id = file_id(input.content_digest_hex);
    pdf.set_file_id((id.clone(), id));
    Some((pdf.finish(), signature_at))
}

/// What the contents of all pages name: fonts, figures and pictures.
fn resources(
    pdf: &mut Pdf,
    face: &CompiledFace,
    fonts: &[(String, Ref)],
    (pictures, square): (&[Ref], Option<Ref>),
    annotated: bool,
) {
    let mut resources = pdf.indirect(object::RESOURCES).start::<Resources<'_>>();
    let mut names = resources.fonts();
    for (name, id) in face.fonts.iter().chain(fonts) {
        names.pair(Name(name.as_bytes()), id);
    }
    names.finish();
    let mut names = resources.x_objects();
    for (name, id) in &face.figures {
        names.pair(Name(name.as_bytes()), id);
    }
    for (number, id) in pictures.iter().enumerate() {
        names.pair(Name(picture_name(number).as_bytes()), id);
    }
    if let Some(id) = square {
        names.pair(Name(SQUARE), id);
    }
    names.finish();
    if annotated {
        annotate::graphics_state(&mut resources);
    }
}

/// Every page with its content.
fn pages(pdf: &mut Pdf, drawing: &mut Drawing<'_>) {
    for sheet in &mut drawing.sheets {
        let content = std::mem::replace(&mut sheet.content, Content::new());
        let content = pack_content(content.finish().as_slice());
        pdf.stream(sheet.values, &content).filter(Filter::FlateDecode);
    }
    for (number, sheet) in drawing.sheets.iter().enumerate() {
        let (width, height) = (sheet.width.to_points(), sheet.height.to_points());
        let mut page = pdf.page(sheet.page);
        let foot = rounded(-sheet.strip.to_points());
        page.parent(object::PAGES).media_box(Rect::new(0.0, foot, rounded(width), rounded(height)));
        if sheet.strip > Mm(0.0) {
            annotate::blending_space(&mut page);
        }
        page.contents_array([sheet.background, sheet.values]);
        page.pair(Name(b"Resources"), object::RESOURCES);
        if drawing.seal.is_some_and(|(sealed, _)| sealed == number) {
            page.annotations([object::SEAL_FIELD]);
        }
        tie(&mut page, number);
    }
    let count = i32::try_from(drawing.sheets.len()).unwrap_or(i32::MAX);
    let kids = drawing.sheets.iter().map(|sheet| sheet.page);
    pdf.pages(object::PAGES).kids(kids).count(count);
}

fn picture_objects(pdf: &mut Pdf, pictures: &[Picture<'_>], next: &mut Ref) -> Vec<Ref> {
    let mut ids = Vec::with_capacity(pictures.len());
    for picture in pictures {
        let id = next.bump();
        let packed;
        let (data, filter) = match &picture.samples {
            Samples::Jpeg(file) => (&file[..], Filter::DctDecode),
            Samples::Plain(samples) => {
                packed = Deflater::fast().compress(samples);
                (&packed[..], Filter::FlateDecode)
            }
        };
        let mut image = pdf.image_xobject(id, data);
        image.filter(filter);
        image.width(picture.width.into()).height(picture.height.into());
        if picture.gray {
            image.color_space().device_gray();
        } else {
            image.color_space().device_rgb();
        }
        image.bits_per_component(8);
        image.finish();
        ids.push(id);
    }
    ids
}

/// The QR square as a stencil mask. A kilobyte of what looks like noise gains nothing from being compressed.
fn stencil(pdf: &mut Pdf, square: &QrSquare, next: &mut Ref) -> Ref {
    let id = next.bump();
    let mut image = pdf.image_xobject(id, &square.stencil);
    image.width(square.side.into()).height(square.side.into());
    image.image_mask(true).bits_per_component(1);
    image.finish();
    id
}

fn seal_field(pdf: &mut Pdf, input: &Binding<'_>, drawing: &Drawing<'_>, sealing: bool) {
    let Some((sheet, rect)) = drawing.seal else { return };
    let mut form = pdf.form_xobject(object::SEAL_PICTURE, &input.seal.content);
    let reach = seal_mark::RADIUS;
    form.filter(Filter::FlateDecode);
    form.bbox(Rect::new(-reach, -reach, reach, reach));
    form.resources();
    form.finish();

    let mut field = pdf.indirect(object::SEAL_FIELD).start::<Field<'_>>();
    field.field_type(FieldType::Signature).partial_name(TextStr("Seal"));
    field.alternate_name(TextStr(&input.seal.words));
    if sealing {
        field.pair(Name(b"V"), object::SIGNATURE);
    }
    let mut widget = field.into_annotation();
    widget.rect(rect).contents(TextStr(&input.seal.words));
    widget.page(drawing.page(sheet)).struct_parent(drawing.seal_key());
    widget.flags(AnnotationFlags::PRINT | AnnotationFlags::LOCKED);
    widget.appearance().normal().stream(object::SEAL_PICTURE);
    widget.finish();
}

/// Writes the signature dictionary with its gap and says where it begins.
fn signature(pdf: &mut Pdf, input: &Binding<'_>, date: Date) -> usize {
    let at = pdf.len();
    // Zeros would come out as a literal string; bytes of all ones come out in hexadecimal.
    let gap = vec![0xff; input.gap_len];
    let mut dict = pdf.indirect(object::SIGNATURE).dict();
    dict.pair(Name(b"Type"), Name(b"Sig")).pair(Name(b"Filter"), Name(b"Adobe.PPKLite"));
    dict.pair(Name(b"SubFilter"), Name(b"ETSI.CAdES.detached"));
    // Three numbers of ten digits, to be overwritten once they are known.
    dict.insert(Name(b"ByteRange")).array().items([0, i32::MAX, i32::MAX, i32::MAX]);
    dict.pair(Name(b"Contents"), Str(&gap)).pair(Name(b"M"), date);
    for (key, text) in
        [("Name", input.signer_name), ("Reason", input.reason), ("Location", input.location)]
    {
        if !text.is_empty() {
            dict.pair(Name(key.as_bytes()), TextStr(text));
        }
    }
    let mut build = dict.insert(Name(b"Prop_Build")).dict();
    build.insert(Name(b"App")).dict().pair(Name(b"Name"), Name(xmp::PRODUCER.as_bytes()));
    build.finish();
    let mut references = dict.insert(Name(b"Reference")).array();
    let mut reference = references.push().dict();
    reference.pair(Name(b"Type"), Name(b"SigRef")).pair(Name(b"TransformMethod"), Name(b"DocMDP"));
    let mut parameters = reference.insert(Name(b"TransformParams")).dict();
    parameters.pair(Name(b"Type"), Name(b"TransformParams"));
    parameters.pair(Name(b"P"), 1).pair(Name(b"V"), Name(b"1.2"));
    parameters.finish();
    reference.finish();
    references.finish();
    dict.finish();
    at
}

fn attach(pdf: &mut Pdf, file: &Attachment<'_>, date: Date, next: &mut Ref) -> Ref {
    let [spec_id, file_id] = [(); 2].map(|()| next.bump());
    let packed = (file.bytes.len() > PLAIN_BYTES).then(|| pack_token(file.bytes));
    let mut embedded = pdf.embedded_file(file_id, packed.as_deref().unwrap_or(file.bytes));
    if packed.is_some() {
        embedded.filter(Filter::FlateDecode);
    }
    embedded.subtype(Name(file.media_type.as_bytes()));
    let size = i32::try_from(file.bytes.len()).unwrap_or(i32::MAX);
    embedded.params().size(size).creation_date(date).modification_date(date);
    embedded.finish();
    let mut spec = pdf.indirect(spec_id).dict();
    spec.pair(Name(b"Type"), Name(b"Filespec")).pair(Name(b"F"), Str(file.file_name.as_bytes()));
    spec.pair(Name(b"UF"), TextStr(file.file_name)).pair(Name(b"Desc"), TextStr(file.description));
    spec.pair(Name(b"AFRelationship"), Name(b"Data"));
    let mut forms = spec.insert(Name(b"EF")).dict();
    forms.pair(Name(b"F"), file_id).pair(Name(b"UF"), file_id);
    forms.finish();
    spec.finish();
    spec_id
}

/// Certificates and CRLs as of sealing, so that nothing has to be fetched to judge the seal.
fn validation_data(pdf: &mut Pdf, input: &Binding<'_>, next: &mut Ref) -> Option<Ref> {
    if input.certs.is_empty() && input.crls.is_empty() {
        return None;
    }
    let mut streams = |list: &[&[u8]], pdf: &mut Pdf| -> Vec<Ref> {
        let mut ids = Vec::with_capacity(list.len());
        for der in list {
            let id = next.bump();
            pdf.stream(id, der);
            ids.push(id);
        }
        ids
    };
    let certs = streams(input.certs, pdf);
    let crls = streams(input.crls, pdf);
    let id = next.bump();
    let mut dict = pdf.indirect(id).dict();
    dict.pair(Name(b"Type"), Name(b"DSS"));
    if !certs.is_empty() {
        dict.insert(Name(b"Certs")).array().items(certs);
    }
    if !crls.is_empty() {
        dict.insert(Name(b"CRLs")).array().items(crls);
    }
    dict.finish();
    Some(id)
}

fn catalog(
    pdf: &mut Pdf,
    input: &Binding<'_>,
    attachment: Option<Ref>,
    validation: Option<Ref>,
    sealing: bool,
) {
    let mut catalog = pdf.catalog(object::CATALOG);
    catalog.pages(object::PAGES).metadata(object::METADATA).lang(TextStr("zh-CN"));
    catalog.mark_info().marked(true);
    catalog.pair(Name(b"StructTreeRoot"), object::STRUCTURE);
    catalog.viewer_preferences().display_doc_title(true);
    let mut form = catalog.form();
    form.fields([object::SEAL_FIELD]);
    if sealing {
        form.sig_flags(SigFlags::SIGNATURES_EXIST | SigFlags::APPEND_ONLY);
    }
    form.finish();
    let mut intents = catalog.insert(Name(b"OutputIntents")).array();
    let mut intent = intents.push().dict();
    intent.pair(Name(b"Type"), Name(b"OutputIntent")).pair(Name(b"S"), Name(b"GTS_PDFA1"));
    intent.pair(Name(b"OutputConditionIdentifier"), TextStr("sRGB IEC61966-2.1"));
    intent.pair(Name(b"Info"), TextStr("sRGB IEC61966-2.1"));
    intent.pair(Name(b"DestOutputProfile"), object::PROFILE);
    intent.finish();
    intents.finish();
    if let (Some(spec), Some(file)) = (attachment, input.attachment) {
        catalog.insert(Name(b"AF")).array().item(spec);
        let mut names = catalog.insert(Name(b"Names")).dict();
        let mut files = names.insert(Name(b"EmbeddedFiles")).dict();
        files.insert(Name(b"Names")).array().item(TextStr(file.file_name)).item(spec);
        files.finish();
        names.finish();
    }
    if let Some(validation) = validation {
        catalog.pair(Name(b"DSS"), validation);
        let mut extensions = catalog.insert(Name(b"Extensions")).dict();
        let mut etsi = extensions.insert(Name(b"ESIC")).dict();
        etsi.pair(Name(b"BaseVersion"), Name(b"1.7")).pair(Name(b"ExtensionLevel"), 1);
        etsi.finish();
        extensions.finish();
    }
    if sealing {
        catalog.insert(Name(b"Perms")).dict().pair(Name(b"DocMDP"), object::SIGNATURE);
    }
    catalog.finish();
}

/// `moment` as PDF writes it.
fn date(moment: Moment) -> Date {
    let (year, month, day) = moment.day_in_utc().numbers();
    let (hour, minute, second) = moment.time_in_utc();
    let date = Date::new(year).month(month).day(day);
    date.hour(hour).minute(minute).second(second).utc_offset_hour(0).utc_offset_minute(0)
}

/// The file identifier: the first 16 bytes of the digest, or the text itself where it is no digest.
fn file_id(digest_hex: &str) -> Vec<u8> {
    let pairs = digest_hex.as_bytes().chunks_exact(2).take(16);
    let bytes: Option<Vec<u8>> =
        pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect();
    match bytes {
        Some(bytes) if bytes.len() == 16 => bytes,
        _ => digest_hex.bytes().chain([0; 16]).take(16).collect(),
    }
}
