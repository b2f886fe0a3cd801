//! What the tests of this floor share: the fonts of the house and a sample license.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use super::{
    Annotation, Attachment, Binding, COPY_REASON, CompiledFace, CopyFacts, DocumentKind, DrawValue,
    FaceFile, FaceInput, FontBook, FontsFile, LoadedFont, SealMark, ValidationData, draw,
    extend_with_timestamp, extend_with_validation,
};
use crate::domain::annotated_copy::{AnnotatedCopy, CopyMaker};
use crate::domain::time::Moment;

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

/// A submission that fills the sample face, as [`super::draw`] takes it.
pub(super) struct Sample {
    pub(super) seal: SealMark,
    pub(super) rows: Vec<Vec<String>>,
    pub(super) portrait: Vec<u8>,
    pub(super) scope: String,
    pub(super) attachment: Vec<u8>,
    pub(super) crl: Vec<u8>,
}

pub(super) const LICENSE_ID: &str =
    "1.2.156.3005.2.11990000MD0000008F001.11990000MD0000008F.20260001.001.R";
pub(super) const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
pub(super) const QR_TEXT: &str = "https://zk.yunze.example/v#eyJpZCI6IjEuMi4xNTYuMzAwNS4yLjExOTkwMDAwTUQwMDAwMDA4RjAwMS4xMTk5MDAwME1EMDAwMDAwOEYuMjAyNjAwMDEuMDAxLlIifQ";
pub(super) const NAME: &str = "云泽市𠮷祥㐂食品（集团）股份有限公司";
const COLUMNS: [&str; 3] = ["变更日期", "变更事项", "核准机关"];

pub(super) fn sample() -> Sample {
    let rows = [
        ["2024年03月01日", "名称由“云泽市吉祥食品厂”变更", "云泽市市场监督管理局"],
        ["2025年08月19日", "注册资本由500万元变更为5000万元", "云泽市市场监督管理局"],
    ];
    let mut portrait = Vec::new();
    let mut encoder = png::Encoder::new(&mut portrait, 50, 70);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    let pixels: Vec<u8> = (0..50 * 70_u32)
        .flat_map(|n| [n % 50 * 4, n / 50 * 3, 120].map(|v| u8::try_from(v).unwrap()))
        .collect();
    writer.write_image_data(&pixels).unwrap();
    writer.finish().unwrap();
    Sample {
        seal: SealMark::new(fonts(), "云泽市市场监督管理局", "电子证照专用章").unwrap(),
        rows: rows.map(|row| row.map(str::to_owned).to_vec()).to_vec(),
        portrait,
        scope: "许可项目：食品生产；食品销售；餐饮服务（依法须经批准的项目，经相关部门批准后方可开展经营\
                活动，具体经营项目以相关部门批准文件或许可证件为准）。一般项目：技术服务、技术开发、技术咨询、\
                技术交流、技术转让、技术推广；食用农产品初加工；农副产品销售；互联网销售（除销售需要许可的商品）\
                ；普通货物仓储服务（不含危险化学品等需许可审批的项目）；会议及展览服务；《食品安全法》宣传培训。"
            .to_owned(),
        attachment: b"eyJ0eXAiOiJkYytzZC1qd3QifQ.e30.c2ln~".repeat(150),
        crl: b"stand-in for a CRL".repeat(30),
    }
}

impl Sample {
    pub(super) fn values(&self) -> Vec<(&'static str, DrawValue<'_>)> {
        vec![
            ("TYSHXYDM", DrawValue::Text("91990000MA0000007X")),
            ("MC", DrawValue::Text(NAME)),
            ("LX", DrawValue::Text("股份有限公司（非上市、自然人投资或控股）")),
            ("FDDBR", DrawValue::Text("阿卜杜热合曼·买买提䶮𪚥")),
            ("KZ_JYFW", DrawValue::Text(&self.scope)),
            ("ZCZB", DrawValue::Text("人民币伍仟万元整")),
            ("CLRQ", DrawValue::Text("2019年03月01日")),
            ("ZS", DrawValue::Text("云泽市高新区创业大道1688号科技园A座12层1201-1206室")),
            ("HZRQ", DrawValue::Text("2026年11月22日")),
            ("KZ_BGJL", DrawValue::Table { columns: &COLUMNS, rows: &self.rows }),
            ("KZ_ZP", DrawValue::Portrait { media_type: "image/png", bytes: &self.portrait }),
        ]
    }

    pub(super) fn face_input<'a>(
        &'a self,
        values: &'a [(&'a str, DrawValue<'a>)],
    ) -> FaceInput<'a, 'a> {
        FaceInput { license_id: LICENSE_ID, values, qr_text: QR_TEXT }
    }

    pub(super) fn binding<'a>(&'a self, crls: &'a [&'a [u8]]) -> Binding<'a> {
        Binding {
            title: "营业执照 · 云泽市吉祥食品",
            seal: &self.seal,
            sealed_at: Moment::from_unix_seconds(1_795_000_000),
            signer_name: "云泽市市场监督管理局",
            reason: "电子证照签发",
            location: "云泽市",
            content_digest_hex: DIGEST,
            attachment: Some(Attachment {
                file_name: "license.sd-jwt",
                media_type: "application/dc+sd-jwt",
                description: "结构化电子证照",
                bytes: &self.attachment,
            }),
            certs: &[],
            crls,
            gap_len: 4096,
            kind: DocumentKind::License,
        }
    }
}

/// The sample face, compiled once for all tests.
pub(super) fn face() -> &'static CompiledFace {
    static FACE: OnceLock<CompiledFace> = OnceLock::new();
    FACE.get_or_init(|| CompiledFace::new(FaceFile::parse(FACE_TOML).unwrap(), fonts()).unwrap())
}

/// The sample license, sealed with bytes that look like a CMS structure and are none.
pub(super) fn sealed() -> Vec<u8> {
    let sample = sample();
    let values = sample.values();
    let crls: [&[u8]; 1] = [&sample.crl];
    let drawn = draw(face(), fonts(), &sample.face_input(&values)).unwrap();
    let unsealed = drawn.assemble(&sample.binding(&crls)).unwrap();
    unsealed.seal(CMS).unwrap()
}

/// A DER sequence of 5 bytes of content.
pub(super) const CMS: &[u8] = &[0x30, 0x05, 0x02, 0x03, 0xAB, 0xCD, 0xEF];

/// Sequences of DER that stand for validation data and a token.
pub(super) const CERT: &[u8] = &[0x30, 0x03, 0x02, 0x01, 0x01];
pub(super) const CRL: &[u8] = &[0x30, 0x03, 0x02, 0x01, 0x02];
pub(super) const OCSP: &[u8] = &[0x30, 0x03, 0x02, 0x01, 0x03];
pub(super) const TOKEN: &[u8] = &[0x30, 0x05, 0x02, 0x03, 0x12, 0x34, 0x56];

/// When the samples of time-stamps are made.
pub(super) fn now() -> Moment {
    Moment::from_unix_seconds(1_796_000_000)
}

/// `file` with a time-stamp more.
pub(super) fn stamped(file: &[u8]) -> Vec<u8> {
    let nothing = ValidationData::default();
    let unstamped = extend_with_timestamp(file, &nothing, 8, now()).unwrap();
    [file, &unstamped.stamp(TOKEN).unwrap()].concat()
}

/// `file` with validation data.
pub(super) fn validated(file: &[u8]) -> Vec<u8> {
    let data = ValidationData { certs: &[CERT], crls: &[CRL], ocsps: &[OCSP] };
    [file, &extend_with_validation(file, &data).unwrap()].concat()
}

/// An annotated copy of the sample license.
pub(super) fn copy_facts() -> CopyFacts {
    let copy = AnnotatedCopy::recalled(
        LICENSE_ID.parse().unwrap(),
        "2026ABCDEFGHJKMN".parse().unwrap(),
        ("办理贷款", "示例银行股份有限公司云台支行", "2027-01-31".parse().unwrap()),
        CopyMaker::Holder,
        "2026-11-18T08:26:40Z".parse().unwrap(),
    );
    CopyFacts { copy: copy.unwrap(), original_digest: DIGEST.parse().unwrap() }
}

/// An annotated copy of the sample license, as [`sealed`] is.
pub(super) fn sealed_copy() -> Vec<u8> {
    let (sample, facts) = (sample(), copy_facts());
    let values = sample.values();
    let (across, foot) = (facts.copy.across(), facts.copy.in_chinese());
    let drawn = draw(face(), fonts(), &sample.face_input(&values)).unwrap();
    let drawn = drawn.annotate(&Annotation { across: &across, foot: &foot }).unwrap();
    let digest = facts.digest().to_string();
    let binding = Binding {
        title: "加注件：营业执照",
        reason: COPY_REASON,
        content_digest_hex: &digest,
        kind: DocumentKind::Copy(&facts),
        ..sample.binding(&[])
    };
    drawn.assemble(&binding).unwrap().seal(CMS).unwrap()
}
