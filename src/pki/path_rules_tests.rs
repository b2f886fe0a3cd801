//! Rules of section 6.1, one broken a row, on paths made here.

use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P256_SHA256, SanType,
};

use super::anchors::TrustStore;
use super::certificate::Certificate;
use super::path::{Purpose, verify_path_under};
use super::path_error::PathError;
use super::policy::PolicyQuestion;
use super::test_chain::moment;

const NOW: &str = "2026-06-15T00:00:00Z";
/// 1.3.6.1.4.1.55555.1 and .2, as the content of a DER object identifier.
const GOLD: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xb2, 0x03, 0x01];
const TIN: &[u8] = &[0x2b, 0x06, 0x01, 0x04, 0x01, 0x83, 0xb2, 0x03, 0x02];

fn name(organization: &str, common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, organization);
    name.push(DnType::CommonName, common);
    name
}

fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    super::der::element(tag, &[content])
}

/// certificatePolicies, critical.
fn policies(all: &[&[u8]]) -> CustomExtension {
    let each: Vec<u8> = all.iter().flat_map(|oid| der(0x30, &der(0x06, oid))).collect();
    extension(&[2, 5, 29, 32], der(0x30, &each))
}

/// policyConstraints with requireExplicitPolicy 0, critical.
fn explicit() -> CustomExtension {
    extension(&[2, 5, 29, 36], der(0x30, &[0x80, 0x01, 0x00]))
}

fn extension(oid: &[u64], content: Vec<u8>) -> CustomExtension {
    let mut extension = CustomExtension::from_oid_content(oid, content);
    extension.set_criticality(true);
    extension
}

/// What makes a path: what its issuer says besides, and what its leaf does.
#[derive(Default)]
struct Plan {
    constraints: Option<NameConstraints>,
    of_issuer: Vec<CustomExtension>,
    of_leaf: Vec<CustomExtension>,
    organization: Option<&'static str>,
    names: Vec<SanType>,
}

impl Plan {
    fn check(self, question: &PolicyQuestion) -> Result<(), PathError> {
        let key = || KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::default();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2030, 1, 1);
        let ca = |name: DistinguishedName| {
            let mut ca = params.clone();
            ca.distinguished_name = name;
            ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            ca.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            ca
        };
        let root_key = key();
        let root = ca(name("Root", "Root")).self_signed(&root_key).unwrap();
        let by_root = Issuer::new(ca(name("Root", "Root")), root_key);
        let mut middle = ca(name("City", "Issuer"));
        middle.name_constraints = self.constraints;
        middle.custom_extensions = self.of_issuer;
        let middle_key = key();
        let middle_certificate = middle.signed_by(&middle_key, &by_root).unwrap();
        let by_middle = Issuer::new(middle, middle_key);
        let mut leaf = params;
        leaf.distinguished_name = name(self.organization.unwrap_or("City"), "Seal");
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::EmailProtection];
        leaf.custom_extensions = self.of_leaf;
        leaf.subject_alt_names = self.names;
        let leaf = leaf.signed_by(&key(), &by_middle).unwrap();
        let read = |der: &[u8]| Certificate::from_der(der).unwrap();
        let store = TrustStore::builder().add_anchor(read(root.der())).build().unwrap();
        let others = [read(middle_certificate.der())];
        let known = (&others[..], &store, &[][..]);
        let leaf = read(leaf.der());
        verify_path_under(question, Purpose::Signature, &leaf, known, moment(NOW)).map(|_| ())
    }
}

fn within(organization: &str) -> NameConstraints {
    let mut base = DistinguishedName::new();
    base.push(DnType::OrganizationName, organization);
    let permitted_subtrees = vec![GeneralSubtree::DirectoryName(base)];
    NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() }
}

#[test]
fn names_stay_within_what_an_issuer_may_name() {
    let constraints = || Some(within("City"));
    let check = |plan: Plan| plan.check(&PolicyQuestion::default());
    assert_eq!(check(Plan { constraints: constraints(), ..Plan::default() }), Ok(()));
    // Without regard to case and to repeated blanks.
    let spelled = Plan { constraints: Some(within("  cITY ")), ..Plan::default() };
    assert_eq!(check(spelled), Ok(()));
    let other =
        Plan { constraints: constraints(), organization: Some("Village"), ..Plan::default() };
    assert_eq!(check(other), Err(PathError::Constraint));
    let of_mail = |host: &str| {
        let permitted_subtrees = vec![GeneralSubtree::Rfc822Name(host.to_owned())];
        Some(NameConstraints { permitted_subtrees, excluded_subtrees: Vec::new() })
    };
    let mail = || vec![SanType::Rfc822Name("seal@office.city.example".try_into().unwrap())];
    let rows = [
        ("office.city.example", Ok(())),
        (".city.example", Ok(())),
        ("city.example", Err(PathError::Constraint)),
        ("seal@office.city.example", Ok(())),
        ("other@office.city.example", Err(PathError::Constraint)),
    ];
    for (host, expected) in rows {
        let plan = Plan { constraints: of_mail(host), names: mail(), ..Plan::default() };
        assert_eq!(check(plan), expected, "{host}");
        let plan = Plan { constraints: of_mail(host), ..Plan::default() };
        assert_eq!(check(plan), Ok(()), "{host}: nothing to constrain");
    }
}

#[test]
fn a_policy_that_is_demanded_must_hold_along_the_whole_path() {
    let none = PolicyQuestion::default();
    let gold = PolicyQuestion {
        acceptable: Some([GOLD.to_vec()].into()),
        explicit: true,
        ..PolicyQuestion::default()
    };
    let plan = |issuer: &[&[u8]], leaf: &[&[u8]], demands: bool| Plan {
        of_issuer: [vec![policies(issuer)], if demands { vec![explicit()] } else { vec![] }]
            .concat(),
        of_leaf: vec![policies(leaf)],
        ..Plan::default()
    };
    const ANY: &[u8] = &[0x55, 0x1d, 0x20, 0x00];
    let wrong = Err(PathError::Policy);
    assert_eq!(plan(&[GOLD], &[GOLD], true).check(&none), Ok(()));
    assert_eq!(plan(&[GOLD], &[TIN], true).check(&none), wrong);
    assert_eq!(plan(&[GOLD], &[TIN], false).check(&none), Ok(()), "nobody demands one");
    assert_eq!(plan(&[ANY], &[TIN], true).check(&none), Ok(()));
    assert_eq!(plan(&[GOLD, TIN], &[GOLD], false).check(&gold), Ok(()));
    assert_eq!(plan(&[GOLD, TIN], &[TIN], false).check(&gold), wrong);
    assert_eq!(plan(&[ANY], &[TIN], false).check(&gold), wrong);
    assert_eq!(plan(&[ANY], &[ANY], false).check(&gold), Ok(()));
    let no_any = PolicyQuestion { no_any: true, ..gold.clone() };
    assert_eq!(plan(&[ANY], &[GOLD], false).check(&no_any), wrong);
    assert_eq!(Plan::default().check(&gold), wrong, "no policy at all");
}

#[test]
fn what_is_critical_and_not_known_is_not_overlooked() {
    let unknown = || extension(&[1, 3, 6, 1, 4, 1, 55555, 9], der(0x05, &[]));
    let rows = [
        Plan { of_leaf: vec![unknown()], ..Plan::default() },
        Plan { of_issuer: vec![unknown()], ..Plan::default() },
    ];
    for plan in rows {
        assert_eq!(plan.check(&PolicyQuestion::default()), Err(PathError::Constraint));
    }
}
