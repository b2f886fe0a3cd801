//! An invented license for the tests of this floor and of `judge`.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::crypto::{SeededRandom, Signer};
use crate::domain::{
    Catalogue, IssuingAuthority, LicenseId, LicenseKey, Moment, Submission, VersionNo, WireValue,
    catalogue_file,
};

use crate::pki::test_chain::TestChain;

use super::envelope::{Places, SealedHeader, issue};
use super::jws::SignedJson;
use super::receipt::{self, Presented, ReceiptBody};
use super::schema::{Content, ContentInput};

/// The authority of the invented license, whose seal `pki::test_chain` mints.
pub(crate) const AUTHORITY: &str = "11990000MD1000077R";
/// Another authority that may issue it.
pub(crate) const OTHER_AUTHORITY: &str = "11990000MD0000008F";

/// The type of the invented license.
pub(crate) const TYPE: &str = r#"
code = "11990000MD0000008F002"
name = "示例许可证"
edition = 1
in_force_from = "2020-01-01"
holder = "organization"
holders_max = 1
issuers = ["11990000MD1000077R", "11990000MD0000008F"]
[number]
kind = "text"
limit_chars = 40
[term]
kind = "open"
[[field]]
code = "CZZT"
name = "名称"
from = "holder_names"
[[field]]
code = "KZ_NAME"
name = "字号"
kind = "text"
limit_chars = 40
lines = true
required = true
[[field]]
code = "KZ_ROWS"
name = "记录"
kind = "table"
max_rows = 5
columns = [{ code = "A", name = "甲", limit_chars = 9 }, { code = "B", name = "乙", limit_chars = 9 }]
required = true
"#;

const SUBMISSION: &str = r#"{
    "type": "11990000MD0000008F002", "authority": "11990000MD1000077R",
    "holders": [{"name": "示例公司", "kind": "001", "code": "11990000MD0000008F"}],
    "license_number": "示字〔2026〕1号", "issued_on": "2026-01-05",
    "valid_from": "2026-01-05", "valid_to": "2030-12-31",
    "face": {"KZ_NAME": "示例·\"甲\"\n二", "KZ_ROWS": [{"A": "一", "B": "二"}, {"A": "三", "B": "四"}]}
}"#;

/// An invented license, ready to be made.
pub(crate) struct Made {
    submission: Submission<'static>,
    pub(crate) id: LicenseId,
}

impl Made {
    pub(crate) fn new() -> Self {
        Self::with(AUTHORITY, Some("2030-12-31"))
    }

    /// The same license of another authority, or with another last day, or none.
    pub(crate) fn with(authority: &str, end: Option<&str>) -> Self {
        let file: WireValue = toml::from_str(TYPE).unwrap();
        let definition = catalogue_file::read(&file).unwrap();
        let listed = |code: &str| IssuingAuthority {
            code: code.parse().unwrap(),
            name: "示例市民政局".to_owned(),
            division: "990100000000".parse().unwrap(),
            library: false,
        };
        let authorities = vec![listed(AUTHORITY), listed(OTHER_AUTHORITY)];
        let catalogue = Catalogue::new(vec![definition], authorities).unwrap();
        let catalogue: &'static Catalogue = Box::leak(Box::new(catalogue));
        let sent = SUBMISSION.replace(AUTHORITY, authority);
        let sent = match end {
            Some(end) => sent.replace("2030-12-31", end),
            None => sent.replace(", \"valid_to\": \"2030-12-31\"", ""),
        };
        let sent: WireValue = serde_json::from_str(&sent).unwrap();
        let today = "2026-11-22".parse().unwrap();
        let submission = Submission::read(&sent, catalogue, today).unwrap();
        let key = LicenseKey::new(
            submission.definition.code.clone(),
            &submission.authority.code,
            "20260001",
        );
        Self { submission, id: key.unwrap().version(VersionNo::FIRST) }
    }

    pub(crate) fn input(&self) -> ContentInput<'_> {
        let submission = &self.submission;
        ContentInput {
            id: &self.id,
            definition: submission.definition,
            authority: submission.authority,
            holders: &submission.holders,
            license_number: &submission.license_number,
            issued_on: submission.issued_on,
            validity: submission.validity,
            face: &submission.face,
        }
    }
}

/// When the invented license is sealed.
pub(crate) fn moment() -> Moment {
    "2026-01-05T09:00:00+08:00".parse().unwrap()
}

/// The invented license as an e-certificate.
pub(crate) fn issued(signer: &dyn Signer, chain: &[&[u8]], seed: u64) -> (Vec<u8>, Content) {
    let content = Content::new(&Made::new().input(), &SeededRandom::new(seed));
    (issue_content(&content, signer, chain), content)
}

/// `content` as an e-certificate.
pub(crate) fn issue_content(content: &Content, signer: &dyn Signer, chain: &[&[u8]]) -> Vec<u8> {
    let header = SealedHeader::new(signer.suite(), chain);
    let places = Places { issuer: "https://zhengku.test", public_url: "https://zhengku.test" };
    issue(content, &header, signer, &places, moment()).unwrap()
}

/// One part of a token, decoded.
pub(crate) fn decoded(part: &str) -> String {
    String::from_utf8_lossy(&URL_SAFE_NO_PAD.decode(part).unwrap()).into_owned()
}

/// A token of any header and payload, signed as it should be.
pub(crate) fn signed(
    signer: &dyn Signer,
    header: &str,
    payload: &str,
    disclosures: &str,
) -> Vec<u8> {
    let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    let signature = signer.sign(input.as_bytes()).unwrap();
    format!("{input}.{}~{disclosures}", URL_SAFE_NO_PAD.encode(signature.raw())).into_bytes()
}

/// A receipt by the test chain's authority: a file that was found valid.
pub(crate) fn receipt_file(token: Option<&[u8]>, crls: &[&[u8]]) -> Vec<u8> {
    let chain = TestChain::new();
    receipt_of(&chain, AUTHORITY).into_file(token, crls)
}

/// The same by this chain, in the name of `library`.
pub(crate) fn receipt_of(chain: &TestChain, library: &str) -> SignedJson {
    let verdict = serde_json::json!({
        "verdict": "valid", "standing_state": "in_force", "standing_as_of": "2026-11-21T08:00:00Z",
        "judged_at": "2026-11-21T08:00:00Z", "license": null,
        "headline": { "zh": "文件真实", "en": "Genuine" },
    });
    let body = ReceiptBody {
        receipt: "2026AAAABBBBCCCC",
        library,
        library_name: "示例市数据局",
        issued_at: "2026-11-21T08:00:00Z".parse().unwrap(),
        presented: Presented::of(b"a file"),
        verdict: &verdict,
    };
    let ders = [chain.seal().der(), chain.ca().der()];
    receipt::sign(&body, &ders, &chain.signer()).unwrap()
}
