//! `zhengku dev-keys`: a toy PKI for development, made anew by one command.
//!
//! A root, an issuing CA, one sealing certificate for each authority, one that has expired, one that was
//! revoked, and the two lists that say so. Every common name begins with `DEV`, by which a production server
//! knows and refuses them (`keys::dev`). All private keys are written in the clear: they are published with
//! the source and protect nothing.
//!
//! Keys are P-256, and RSA-2048 for one authority so that both suites are in use; that one gets a companion of
//! P-256 for its e-certificates (`companion`). Neither library makes RSA keys, so `openssl genpkey` does.
//!
//! Sources: RFC 5280; RFC 9336 (documentSigning; emailProtection stands beside it because NSS viewers call a
//! certificate without it unknown); ETSI EN 319 412-1 (organizationIdentifier).

/// The time of rcgen's parameters, whose type belongs to a package we do not name.
macro_rules! instant {
    ($moment:expr) => {
        rcgen::date_time_ymd(1970, 1, 1)
            + std::time::Duration::from_secs(
                u64::try_from($moment.unix_seconds()).unwrap_or_default(),
            )
    };
}

mod companion;
mod services;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName,
    DnType, DnValue, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose,
    PKCS_RSA_SHA256, RevocationReason, RevokedCertParams, SerialNumber,
};

use crate::domain::{AuthorityCode, Moment};
use crate::keys::dev::{DEVELOPMENT_PREFIX, is_development};
use crate::pki::Certificate;
use crate::service::catalogue::read_authorities;
use crate::vault::TemplateFolder;

use super::args::HouseArgs;
use super::house;
use super::output::say;
use super::{CliError, Outcome};

const DAY: i64 = 86_400;
const YEAR: i64 = 365 * DAY;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DevKeysReport {
    /// How many authorities got a key.
    pub authorities: usize,
    /// The files, in the order of writing.
    pub files: Vec<PathBuf>,
}

/// `zhengku dev-keys`: keys for every authority of the registry; one of them (the civil affairs bureau) seals with RSA, so that
/// both algorithms are always in use.
///
/// With `missing` only what the folder lacks is made, under the CA that stands there.
pub(super) fn command(out: &Path, missing: bool) -> Result<Outcome, CliError> {
    let config = house::configure(&HouseArgs::default())?;
    let registry = read_authorities(&TemplateFolder::new(&config.templates_dir), None)
        .map_err(|faults| CliError::listing("authorities.toml", &faults))?;
    let authorities: Vec<(AuthorityCode, String)> =
        registry.into_iter().map(|authority| (authority.code, authority.name)).collect();
    let rsa_for = authorities
        .iter()
        .find(|(_, name)| name.ends_with("民政局"))
        .or(authorities.last())
        .map(|(code, _)| code.clone())
        .ok_or_else(|| CliError::new("authorities.toml", "lists nobody"))?;
    let report = if missing {
        companion::add_missing(out, &authorities, house::now())
    } else {
        run(out, &authorities, &rsa_for, house::now())
    };
    let report = report.map_err(|error| CliError::new(out.display(), error))?;
    say(&format!(
        "{}: {} files, keys for {} authorities; toys, never for real licenses",
        out.display(),
        report.files.len(),
        report.authorities
    ));
    Ok(Outcome::Yes)
}

/// Writes a toy PKI for `authorities` (code and name) into `out`; the authority `rsa_for` gets an RSA key.
///
/// What stands in `out` from an earlier run is written over. A folder with another root in it is left alone.
pub fn run(
    out: &Path,
    authorities: &[(AuthorityCode, String)],
    rsa_for: &AuthorityCode,
    now: Moment,
) -> Result<DevKeysReport, DevKeysError> {
    let (first_code, first_name) = authorities.first().ok_or(DevKeysError::NoAuthority)?;
    refuse_foreign_root(out)?;
    let mut files = Files { out, written: Vec::new() };

    // Four years back, so that the certificate that has expired was valid under them once.
    let ca_term = (now.plus_seconds(-4 * YEAR), now.plus_seconds(20 * YEAR));
    let root_key = KeyPair::generate()?;
    let root_params = ca_params("根证书", 1, ca_term)?;
    let root = root_params.self_signed(&root_key)?;
    let ca_key = KeyPair::generate()?;
    let ca_params = ca_params("签发证书", 0, ca_term)?;
    files.write("root.pem", &root.pem())?;
    files.write("ca/root.key.pem", &root_key.serialize_pem())?;
    files.write("ca/issuing-ca.key.pem", &ca_key.serialize_pem())?;
    let root = Issuer::new(root_params, root_key);
    let ca_certificate = ca_params.signed_by(&ca_key, &root)?.pem();
    files.write("issuing-ca.pem", &ca_certificate)?;
    let ca = Issuer::new(ca_params, ca_key);

    // Valid from the first of the year: fixtures carry earlier days than the one they were made on.
    let new_year = new_year(now);
    let term = (new_year, now.plus_seconds(5 * YEAR));
    for (code, name) in authorities {
        let key = if code == rsa_for { rsa_key()? } else { KeyPair::generate()? };
        make_seal(&mut files, (code, name), key, (&ca, &ca_certificate), term)?;
        if code == rsa_for {
            companion::make(&mut files, (code, name), (&ca, &ca_certificate), term)?;
        }
    }

    services::make(&mut files, false, (&ca, &ca_certificate), (new_year, now))?;

    let past = (now.plus_seconds(-3 * YEAR), now.plus_seconds(-YEAR));
    let key = KeyPair::generate()?;
    let expired =
        seal_params(first_code, first_name, "电子印章 已过期", past)?.signed_by(&key, &ca)?;
    files.write("special/expired.key.pem", &key.serialize_pem())?;
    files.write("special/expired.chain.pem", &format!("{}{ca_certificate}", expired.pem()))?;
    let key = KeyPair::generate()?;
    let revoked =
        seal_params(first_code, first_name, "电子印章 已吊销", term)?.signed_by(&key, &ca)?;
    files.write("special/revoked.key.pem", &key.serialize_pem())?;
    files.write("special/revoked.chain.pem", &format!("{}{ca_certificate}", revoked.pem()))?;
    let revoked = Certificate::from_der(revoked.der()).map_err(|_| DevKeysError::Minting)?;

    let lists = [list(&root, &[], now)?, list(&ca, &[&revoked], now)?];
    files.write("crl.pem", &lists.concat())?;
    files.write("README.md", README)?;
    Ok(DevKeysReport { authorities: authorities.len(), files: files.written })
}

/// The sealing certificate of one authority over `key`.
fn make_seal(
    files: &mut Files<'_>,
    (code, name): (&AuthorityCode, &str),
    key: KeyPair,
    (ca, ca_certificate): (&Issuer<'_, KeyPair>, &str),
    term: (Moment, Moment),
) -> Result<(), DevKeysError> {
    let seal = seal_params(code, name, "电子印章", term)?.signed_by(&key, ca)?.pem();
    files.write(&format!("seals/{code}.key.pem"), &key.serialize_pem())?;
    files.write(&format!("seals/{code}.chain.pem"), &format!("{seal}{ca_certificate}"))
}

fn new_year(now: Moment) -> Moment {
    let (year, ..) = now.day_in_utc().numbers();
    format!("{year:04}-01-01T00:00:00Z").parse().unwrap_or(now)
}

struct Files<'o> {
    out: &'o Path,
    written: Vec<PathBuf>,
}

impl Files<'_> {
    /// Writes one file; should this fail, the files before it stand and the command is run again.
    fn write(&mut self, name: &str, text: &str) -> Result<(), DevKeysError> {
        let path = self.out.join(name);
        let fail = |error| DevKeysError::File { path: path.clone(), error };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(fail)?;
        }
        std::fs::write(&path, text).map_err(fail)?;
        self.written.push(path);
        Ok(())
    }
}

/// Refuses a folder whose `root.pem` is not one of ours: somebody's real keys may stand there.
fn refuse_foreign_root(out: &Path) -> Result<(), DevKeysError> {
    let path = out.join("root.pem");
    let text = match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        text => text.map_err(|error| DevKeysError::File { path: path.clone(), error })?,
    };
    let ours = Certificate::all_from_pem(&text).is_ok_and(|roots| roots.iter().all(is_development));
    if ours { Ok(()) } else { Err(DevKeysError::ForeignRoot { path }) }
}

fn named(common_name: &str, organization: &str) -> Result<DistinguishedName, DevKeysError> {
    let mut name = DistinguishedName::new();
    let country = "CN".try_into().map_err(|_| DevKeysError::Minting)?;
    name.push(DnType::CountryName, DnValue::PrintableString(country));
    name.push(DnType::OrganizationName, organization);
    name.push(DnType::CommonName, format!("{DEVELOPMENT_PREFIX} {common_name}"));
    Ok(name)
}

fn ca_params(
    what: &str,
    path_len: u8,
    (first, last): (Moment, Moment),
) -> Result<CertificateParams, DevKeysError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&format!("示例市电子证照 {what}"), "示例市电子证照开发环境")?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_len));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params.not_before = instant!(first);
    params.not_after = instant!(last);
    Ok(params)
}

fn seal_params(
    code: &AuthorityCode,
    name: &str,
    what: &str,
    (first, last): (Moment, Moment),
) -> Result<CertificateParams, DevKeysError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&format!("{name} {what}"), name)?;
    // organizationIdentifier
    params.distinguished_name.push(DnType::from_oid(&[2, 5, 4, 97]), code.as_str());
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::ContentCommitment];
    params.extended_key_usages = vec![
        // id-kp-documentSigning
        ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 5, 5, 7, 3, 36]),
        ExtendedKeyUsagePurpose::EmailProtection,
    ];
    params.use_authority_key_identifier_extension = true;
    params.not_before = instant!(first);
    params.not_after = instant!(last);
    Ok(params)
}

/// The list of `issuer`, current for ten years so that a clone of the source does not go stale.
fn list(
    issuer: &Issuer<'_, KeyPair>,
    revoked: &[&Certificate],
    now: Moment,
) -> Result<String, DevKeysError> {
    let entry = |certificate: &&Certificate| RevokedCertParams {
        serial_number: SerialNumber::from_slice(certificate.serial()),
        revocation_time: instant!(now.plus_seconds(-30 * DAY)),
        reason_code: Some(RevocationReason::CessationOfOperation),
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: instant!(now),
        next_update: instant!(now.plus_seconds(10 * YEAR)),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: revoked.iter().map(entry).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    Ok(params.signed_by(issuer)?.pem()?)
}

/// An RSA key of 2048 bits, made by the `openssl` command.
fn rsa_key() -> Result<KeyPair, DevKeysError> {
    let made = Command::new("openssl")
        .args(["genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"])
        .output()
        .map_err(|error| DevKeysError::Openssl { said: error.to_string() })?;
    let said = || String::from_utf8_lossy(&made.stderr).trim().to_owned();
    if !made.status.success() {
        return Err(DevKeysError::Openssl { said: said() });
    }
    let pem = String::from_utf8(made.stdout.clone())
        .map_err(|_| DevKeysError::Openssl { said: said() })?;
    Ok(KeyPair::from_pkcs8_pem_and_sign_algo(&pem, &PKCS_RSA_SHA256)?)
}

const README: &str = "\
# 玩具密钥，仅供开发 · Toy keys, for development only

本目录中的私钥随源码公开，用它们加盖的电子印章不能证明任何事情。请勿在开发环境之外使用。
生产模式的服务器拒绝主题名称以 `DEV` 开头的任何证书。

The private keys here are published with the source. A seal made with them proves nothing. Never use them
outside development; a server that is not in development mode refuses every certificate whose common name
begins with `DEV`. `zhengku dev-keys` makes all of it anew, `zhengku dev-keys --missing` only what is not there.

| file | what it is |
|---|---|
| `root.pem` | the root: what a verifier trusts |
| `issuing-ca.pem` | the CA that issued the sealing certificates |
| `crl.pem` | the lists of revoked certificates of both |
| `seals/<code>.key.pem`, `seals/<code>.chain.pem` | one authority's sealing key, and its certificate with the CA's |
| `services/tsa.*`, `services/ocsp.*` | the time-stamp authority and the OCSP responder that a development server serves |
| `seals/<code>.data.*` | the companion that signs e-certificates where the sealing key is RSA |
| `special/expired.*` | a sealing key whose certificate has expired |
| `special/revoked.*` | a sealing key whose certificate was revoked |
| `ca/*.key.pem` | the keys of the root and of the CA |
";

/// Why no toy PKI was made.
#[derive(Debug)]
#[non_exhaustive]
pub enum DevKeysError {
    /// A file could not be read or written.
    File {
        /// Which.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// The folder holds a root that is not a development root.
    ForeignRoot {
        /// The root.
        path: PathBuf,
    },
    /// A certificate or list could not be made.
    Minting,
    /// There is no authority to make a key for.
    NoAuthority,
    /// The `openssl` command, which makes the RSA key, is missing or failed.
    Openssl {
        /// What it says.
        said: String,
    },
}

impl From<rcgen::Error> for DevKeysError {
    fn from(_: rcgen::Error) -> Self {
        Self::Minting
    }
}

impl fmt::Display for DevKeysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, error } => write!(f, "{}: {error}", path.display()),
            Self::ForeignRoot { path } => write!(
                f,
                "{} is not a development root: choose another folder, or remove it yourself",
                path.display()
            ),
            Self::Minting => f.write_str("a development certificate could not be made"),
            Self::NoAuthority => f.write_str("there is no authority to make a key for"),
            Self::Openssl { said } => {
                write!(f, "the openssl command, which makes the RSA key, did not run: {said}")
            }
        }
    }
}

impl std::error::Error for DevKeysError {}

#[cfg(test)]
mod tests;
