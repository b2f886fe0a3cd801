//! The vault (证照库): everything kept.
//!
//! [`SqliteVault`] keeps the rows in one SQLite file and the sealed bytes in a folder of objects named by their
//! digests; [`MemoryVault`] keeps the same promises, except durability, for tests and benches. [`check()`]
//! re-reads a data folder from end to end and says whether it is whole. What the promises are stands with the
//! trait, `service::ports::Vault`; nothing here decides who may read or write.
//!
//! ```text
//! DATA/vault.sqlite                               rows; beside it SQLite's own -wal and -shm
//! DATA/vault.lock                                 held by the one process that writes
//! DATA/objects/<2 hex>/<digest hex>.<form word>   sealed bytes, and what was appended to them, read-only
//! DATA/staging/<digest hex>.<form word>.<n>       sealed bytes on their way into objects/
//! ```

mod books;
mod books_copies;
mod books_keys;
mod books_protect;
mod bounds;
mod check;
mod check_copies;
mod check_keys;
mod check_objects;
mod check_protections;
mod check_rows;
mod fault;
mod journal;
mod memory;
mod objects;
mod open;
mod rows;
mod rows_copies;
mod shelf;
mod shelf_copies;
mod shelf_keys;
mod shelf_protect;
mod sqlite;
mod templates;
mod writer;

pub use check::{CheckFault, CheckProgress, CheckReport, check};
pub use memory::MemoryVault;
pub use open::{OpenError, OpenMode};
pub use sqlite::SqliteVault;
pub use templates::TemplateFolder;
