//! `zhengku verify --receipt`: one file or square judged with the vault, and the verdict as a signed receipt.

use std::fs;

use crate::judge::report;
use crate::service::compare::Viewer;
use crate::service::desks::VerifyDesk;
use crate::service::receipts::Presented;
use crate::service::receipts::{Judged, ReceiptDesk, ReceiptForm};

use super::args::VerifyArgs;
use super::house::{self, House};
use super::output::{say, say_json};
use super::verify::{outcome, read, square_text};
use super::{CliError, Outcome};

pub(super) async fn run(args: &VerifyArgs, out: &std::path::Path) -> Result<Outcome, CliError> {
    let extension = out.extension().and_then(|it| it.to_str()).unwrap_or_default();
    let form = ReceiptForm::from_word(extension);
    let form = form.ok_or_else(|| CliError::new("--receipt", "ends in .json or .pdf"))?;
    let house = House::open_existing(house::configure(&args.house)?).await?;
    let given = give(args, &house, form).await;
    house.close().await;
    let (verdict, bytes) = given?;
    fs::write(out, bytes).map_err(|error| CliError::new(out.display(), error))?;
    if args.json {
        say_json(&verdict);
    } else {
        say(report::lines(&verdict).trim_end());
        say(&format!("receipt: {}", out.display()));
    }
    Ok(outcome(&verdict))
}

async fn give(
    args: &VerifyArgs,
    house: &House,
    form: ReceiptForm,
) -> Result<(crate::judge::Verdict, Vec<u8>), CliError> {
    let (verdict, presented) = match (args.files.as_slice(), args.qr.as_slice()) {
        ([path], []) => {
            let bytes = read(path)?;
            (house.verify.file(&bytes).await, Presented::of(&bytes))
        }
        ([], [text]) => {
            let text = square_text(text)?;
            let verdict = house.verify.square_for(&text, &Viewer::Anybody).await;
            (verdict, Presented::of(text.trim().as_bytes()))
        }
        _ => return Err(CliError::new("--receipt", "is of one file or one square")),
    };
    let judged = Judged::new(&verdict, presented);
    let judged = judged.map_err(|fault| CliError::new("the receipt", fault))?;
    let receipt = house.receipts.give(&judged, form).await;
    let receipt = receipt.map_err(|fault| CliError::new("the receipt", fault))?;
    Ok((verdict, receipt.bytes))
}
