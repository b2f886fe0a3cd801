//! What can be typed.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand};

use crate::crypto::Digest;
use crate::domain::Moment;

/// Zhengku (证库): the electronic license library of a city.
///
/// Exit codes: 0 yes, 1 no (invalid, refused), 2 could not (usage, cannot check, our fault).
#[derive(Debug, Parser)]
#[command(name = "zhengku", version, max_term_width = 100)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Check license types and draw them with the longest values they allow.
    #[command(
        after_help = "Example: zhengku catalogue check templates/types/11990000MD0000008F001"
    )]
    Catalogue(CatalogueArgs),
    /// Make an annotated copy (加注件) of a license: for one purpose, one recipient, until one day.
    #[command(
        after_help = "Example: zhengku copy ID --purpose 办理企业贷款 --recipient 示例银行 \\\n    \
        --until 2026-12-31 --out copy.pdf --data-dir data\n\n\
        Only a license in force is copied. The same words for the same license are answered with the same copy."
    )]
    Copy(CopyArgs),
    /// Issue every fixture into an empty vault, verify one sealed PDF, then serve the pages.
    #[command(after_help = "Example: zhengku demo --exit --data-dir /tmp/demo --out /tmp/demo-out")]
    Demo(DemoArgs),
    /// Make the toy certificates and keys that development needs.
    #[command(after_help = "Example: zhengku dev-keys --out keys-dev")]
    DevKeys(DevKeysArgs),
    /// Look over an installation and say in sentences what is wrong with it.
    #[command(after_help = "Example: zhengku doctor --config /etc/zhengku/zhengku.toml")]
    Doctor(HouseArgs),
    /// Issue licenses from a JSON Lines file, one submission a line.
    #[command(after_help = "Example: zhengku import submissions.jsonl --out sealed\n\n\
        Every row's fate is written to the result file. A row that was issued before is not made twice, so \
        an interrupted import is simply run again.")]
    Import(ImportArgs),
    /// Issue one license from a JSON file.
    #[command(after_help = "Example: zhengku issue submission.json --out sealed")]
    Issue(IssueArgs),
    /// Look after the sealing keys: list, retire, and seal anew what hangs on one.
    #[command(after_help = "Example: zhengku keys list")]
    Keys(KeysArgs),
    /// Serve the pages and the API.
    #[command(after_help = "Example: zhengku serve --config /etc/zhengku/zhengku.toml\n\n\
        Without a settings file the program runs in development mode: toy keys, invented holders, a sign-in \
        without a password, reachable from this machine only.")]
    Serve(ServeArgs),
    /// Look after the vault.
    #[command(after_help = "Example: zhengku vault check --data-dir data")]
    Vault(VaultArgs),
    /// Judge sealed PDFs and e-certificates without asking any server.
    #[command(after_help = "Example: zhengku verify license.pdf --trust root.pem\n         \
        zhengku verify --list cases.csv --result verdicts.csv --data-dir data\n         \
        zhengku verify received/ --result verdicts.csv --data-dir data\n\n\
        The license's standing (revoked, suspended, replaced) is known to the vault only; it is asked where \
        --data-dir names one.")]
    Verify(VerifyArgs),
}

/// Where the house stands.
#[derive(Clone, Debug, Default, ClapArgs)]
pub(super) struct HouseArgs {
    /// The settings file; without one, development mode.
    #[arg(long, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The vault's folder; overrides the settings.
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct CatalogueArgs {
    #[command(subcommand)]
    pub(super) command: CatalogueCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum CatalogueCommand {
    /// Report every fault of a type's folder, or of a folder of types.
    #[command(after_help = "Example: zhengku catalogue check templates/types")]
    Check {
        /// A folder with type.toml and face.toml, or a folder of such folders.
        dir: PathBuf,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        house: HouseArgs,
    },
    /// Draw a type's face with the longest values it allows.
    #[command(after_help = "Example: zhengku catalogue preview \
        templates/types/11990000MD0000008F001 --out face.pdf")]
    Preview {
        /// A folder with type.toml and face.toml.
        dir: PathBuf,
        /// The PDF to write.
        #[arg(long, value_name = "FILE.pdf")]
        out: PathBuf,
        #[command(flatten)]
        house: HouseArgs,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct CopyArgs {
    /// The license id (电子证照标识).
    pub(super) license_id: String,
    /// What the copy is for, up to 50 characters; printed across every page.
    #[arg(long)]
    pub(super) purpose: String,
    /// Whom it is for, up to 50 characters; printed across every page.
    #[arg(long)]
    pub(super) recipient: String,
    /// The last day on which it may be used, as in 2026-12-31.
    #[arg(long, value_name = "DAY")]
    pub(super) until: String,
    /// The file to write.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// The idempotency key [default: the digest of what is asked for].
    #[arg(long)]
    pub(super) key: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) house: HouseArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DemoArgs {
    /// Leave instead of serving.
    #[arg(long)]
    pub(super) exit: bool,
    /// The vault's folder [default: data/demo].
    #[arg(long, value_name = "DIR")]
    pub(super) data_dir: Option<PathBuf>,
    /// Where the sealed files are written [default: out in the vault's folder].
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// The address to serve on [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<SocketAddr>,
}

#[derive(Debug, ClapArgs)]
pub(super) struct DevKeysArgs {
    /// The folder to write.
    #[arg(long, value_name = "DIR", default_value = "keys-dev")]
    pub(super) out: PathBuf,
    /// Make only what the folder lacks, and change nothing in it.
    #[arg(long)]
    pub(super) missing: bool,
}

#[derive(Debug, ClapArgs)]
pub(super) struct ImportArgs {
    /// The submissions, one JSON object a line.
    pub(super) file: PathBuf,
    /// Also write the sealed files here, named by license id.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Where each row's fate is written [default: the file's name with .result.jsonl, in --out or here].
    #[arg(long, value_name = "FILE")]
    pub(super) result: Option<PathBuf>,
    #[command(flatten)]
    pub(super) house: HouseArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct IssueArgs {
    /// The submission, one JSON object.
    pub(super) file: PathBuf,
    /// The idempotency key [default: the digest of the file].
    #[arg(long)]
    pub(super) key: Option<String>,
    /// Also write the sealed files here, named by license id.
    #[arg(long, value_name = "DIR")]
    pub(super) out: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) house: HouseArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct KeysArgs {
    #[command(subcommand)]
    pub(super) command: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the licenses that hang on a key: those whose sealed PDF or e-certificate it signed.
    #[command(after_help = "Example: zhengku keys licenses --key 3f6c… --json")]
    Licenses {
        /// The key, as `keys list` tells it.
        #[arg(long, value_name = "ID")]
        key: Digest,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        house: HouseArgs,
    },
    /// Have everything that hangs on a retired key sealed anew, as next versions under the authorities' present keys.
    #[command(after_help = "Example: zhengku keys reseal --key 3f6c… --dry-run\n\n\
        Licenses that are revoked or have expired are passed over. What was sealed anew before is not sealed twice, \
        so a run that broke off is simply run again.")]
    Reseal {
        /// The key, as `keys list` tells it.
        #[arg(long, value_name = "ID")]
        key: Digest,
        /// Only say what would be done.
        #[arg(long)]
        dry_run: bool,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        house: HouseArgs,
    },
    /// Write into keys.toml that a key seals nothing any more; a running server follows within seconds.
    #[command(
        after_help = "Example: zhengku keys retire --key 3f6c… --reason \"lost with a notebook\""
    )]
    Retire {
        /// The key, as `keys list` tells it.
        #[arg(long, value_name = "ID")]
        key: Digest,
        /// Since when (RFC 3339) [default: now].
        #[arg(long, value_name = "RFC3339")]
        since: Option<Moment>,
        /// Why, for whoever reads the file later.
        #[arg(long)]
        reason: String,
        #[command(flatten)]
        house: HouseArgs,
    },
    /// List every authority's keys: where they are kept, how often they were used, and until when they seal.
    #[command(after_help = "Example: zhengku keys list --json")]
    List {
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        house: HouseArgs,
    },
}

#[derive(Debug, ClapArgs)]
pub(super) struct ServeArgs {
    /// The address to serve on; overrides the settings.
    #[arg(long, value_name = "ADDR")]
    pub(super) listen: Option<SocketAddr>,
    #[command(flatten)]
    pub(super) house: HouseArgs,
}

#[derive(Debug, ClapArgs)]
pub(super) struct VaultArgs {
    #[command(subcommand)]
    pub(super) command: VaultCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum VaultCommand {
    /// Read everything again and prove the vault whole; also beside a running server.
    #[command(after_help = "Example: zhengku vault check --data-dir data --json")]
    Check {
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        house: HouseArgs,
    },
    /// Make a trust pack (离线信任包): anchors, registry, revocation lists and where licenses stand, for counters without
    /// network.
    #[command(
        after_help = "Example: zhengku vault pack --out city.zkpack --days 7 --data-dir data\n\n\
        A running server holds the vault and hands out the same at GET /api/v1/trust-pack.\n\
        At the counter: zhengku verify FILE --pack city.zkpack --trust root.pem --library CODE"
    )]
    Pack {
        /// Where it goes.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
        /// For how many days standings may be taken from it, 1 to 90.
        #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=90))]
        days: u16,
        #[command(flatten)]
        house: HouseArgs,
    },
    /// Protect every license that is not protected as the settings ask, or whose protection ends soon.
    #[command(after_help = "Example: zhengku vault renew --within 90d --data-dir data\n\n\
        What is due follows from the vault, so an interrupted run is simply run again. A running server does \
        this by itself, and holds the vault: stop it first, or leave it to the server. In development mode, \
        where the settings name nobody, the toy time-stamp authority is asked.\n\n\
        Exit codes: 0 nothing is due any more, 1 some license can no longer be protected, 2 some could not be \
        protected now.")]
    Renew {
        /// Renew protection that ends within this time, in days (`90d`) or years (`2y`) [default: the settings'].
        #[arg(long, value_name = "TIME", value_parser = days)]
        within: Option<u32>,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        house: HouseArgs,
    },
}

/// Days from `90d` or `2y`.
fn days(text: &str) -> Result<u32, String> {
    let fault = || "give days as in 90d, or years as in 2y, up to 50y".to_owned();
    let (number, each) = match (text.strip_suffix('d'), text.strip_suffix('y')) {
        (Some(days), _) => (days, 1),
        (_, Some(years)) => (years, 365),
        _ => return Err(fault()),
    };
    let number: u32 = number.parse().map_err(|_| fault())?;
    number.checked_mul(each).filter(|days| *days <= 50 * 365).ok_or_else(fault)
}

#[derive(Debug, ClapArgs)]
pub(super) struct VerifyArgs {
    /// The files to judge.
    #[arg(required_unless_present_any = ["qr", "list"])]
    pub(super) files: Vec<PathBuf>,
    /// The text of a printed square, its address or what stands behind the `#`; may be given again. `-`: a line of standard
    /// input, so that no name stands in the list of processes.
    #[arg(long, value_name = "TEXT")]
    pub(super) qr: Vec<String>,
    /// A list of license ids to look up, up to 5 000: CSV as spreadsheets write it, or one a line.
    #[arg(long, value_name = "FILE", requires = "result", conflicts_with_all = ["files", "qr"])]
    pub(super) list: Option<PathBuf>,
    /// Where the results of a list, or of a folder given as FILES, go: `.csv` or `.jsonl`.
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    pub(super) result: Option<PathBuf>,
    /// Have the verdict on the one file or square as a signed receipt: `.json` or `.pdf`. Needs the vault and its keys.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "result", "trust", "at"])]
    pub(super) receipt: Option<PathBuf>,
    /// The file that the receipt given as FILES should be of.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "result", "receipt", "qr"])]
    pub(super) of: Option<PathBuf>,
    /// A trust pack (离线信任包) to verify with, without vault and network: see `zhengku vault pack`.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["list", "receipt"])]
    pub(super) pack: Option<PathBuf>,
    /// The code of the body whose trust packs count, where no registry is at hand that says so.
    #[arg(long, value_name = "CODE", requires = "pack")]
    pub(super) library: Option<String>,
    /// A PEM file or a folder of them to trust, in place of the settings' anchors; may be given again.
    #[arg(long, value_name = "PEM_OR_DIR")]
    pub(super) trust: Vec<PathBuf>,
    /// Judge as of this instant (RFC 3339) [default: now].
    #[arg(long, value_name = "RFC3339")]
    pub(super) at: Option<String>,
    /// Answer in JSON: one verdict, or a list of them for several files.
    #[arg(long)]
    pub(super) json: bool,
    #[command(flatten)]
    pub(super) house: HouseArgs,
}
