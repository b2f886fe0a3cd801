//! stub
use super::args::ServeArgs;
use super::house::House;
use super::{CliError, Outcome};
pub(super) async fn run(_args: &ServeArgs) -> Result<Outcome, CliError> { Ok(Outcome::Yes) }
pub(super) async fn serve(_house: House) -> Result<(), CliError> { Ok(()) }
