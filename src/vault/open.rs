//! Opening a data folder: what must be there, who may write, and what a stop left undone.
//!
//! A folder is opened for writing by one process at a time. A missing or empty database beside other
//! files is more likely a wrong path than a first day, so a new vault is made only in an empty folder.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, SqliteConnection, SqlitePool};
use tokio::sync::mpsc;

use crate::crypto::Digest;
use crate::domain::Moment;
use crate::service::error::Fault;
use crate::service::ports::{Form, StepWatch};

use super::books::{Books, Ledger};
use super::fault::from_sqlite;
use super::journal;
use super::objects::Objects;
use super::rows;
use super::shelf::Shelf;
use super::sqlite::SqliteVault;
use super::writer::{MAX_WAITING, Writer, blocking};

/// Connections that only read. Each is a thread of SQLite's; our own bound.
const READERS: u32 = 4;
/// How long a statement waits for a lock before it gives up. Nobody else writes, so this is met only while
/// another process copies the file. Our own bound.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// The last migration this program knows.
pub(super) const SCHEMA: i64 = 4;

/// What a data folder is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OpenMode {
    /// Only to be read, as by a check; a server may be running. Nothing is made, moved or deleted.
    Check,
    /// To be read and written, by this process alone.
    ReadWrite,
}

impl SqliteVault {
    /// Whether this folder has a vault.
    pub fn is_in(data_dir: &Path) -> bool {
        data_dir.join(DATABASE).is_file()
    }

    /// Opens the vault in `data_dir`. Call it inside a tokio runtime, in which the writer then runs.
    ///
    /// With [`OpenMode::ReadWrite`] it makes a new vault if the folder is empty or absent, moves or deletes
    /// what a stop left in staging, and enters into the journal, as of `now`, that intentions without an end
    /// are abandoned. `watch` sees the steps inside a shelving.
    pub async fn open(
        data_dir: &Path,
        mode: OpenMode,
        watch: Arc<dyn StepWatch>,
        now: Moment,
    ) -> Result<Self, OpenError> {
        match mode {
            OpenMode::Check => {
                let Reading { pool, lock } = Reading::open(data_dir).await?;
                let objects = Arc::new(Objects::of(data_dir));
                Ok(Self { shelf: Shelf(pool), objects, acts: None, reading: lock })
            }
            OpenMode::ReadWrite => Self::open_for_writing(data_dir, watch, now).await,
        }
    }

    async fn open_for_writing(
        data_dir: &Path,
        watch: Arc<dyn StepWatch>,
        now: Moment,
    ) -> Result<Self, OpenError> {
        let (folder, objects) = (data_dir.to_owned(), Arc::new(Objects::of(data_dir)));
        let lock = blocking("vault.open", move || Ok::<_, io::Error>(prepare_folder(&folder, now)))
            .await??;
        let options = options(data_dir)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full);
        let mut connection = options.connect().await.map_err(unopened)?;
        // A stop in here leaves a database without all its tables; the next opening goes on with the rest.
        migrator().run_direct(None, &mut connection, false).await.map_err(|error| match error {
            sqlx::migrate::MigrateError::VersionMissing(found) => OpenError::Newer { found },
            error => OpenError::Fault(Fault::new("vault.migrate", error)),
        })?;
        let folders = Arc::clone(&objects);
        blocking("vault.open", move || folders.make_folders()).await?;
        recover_objects(&mut connection, &objects).await?;
        let ledger = recover_journal(&mut connection, now).await?;

        // Only now, with the tables made: a reader neither creates nor migrates.
        let pool = reading_pool(options_reading(data_dir)).await?;
        let (acts, waiting) = mpsc::channel(MAX_WAITING);
        let writer = Writer::new(connection, Arc::clone(&objects), ledger, watch, lock);
        tokio::spawn(writer.run(waiting));
        Ok(Self { shelf: Shelf(pool), objects, acts: Some(acts), reading: None })
    }
}

/// A database opened only to be read.
pub(super) struct Reading {
    pub(super) pool: SqlitePool,
    /// Keeps a server from starting meanwhile; `None` while one is running.
    pub(super) lock: Option<File>,
}

impl Reading {
    /// Opens the database of `data_dir` without making or changing anything.
    ///
    /// SQLite needs its `-wal` and `-shm` files to read such a database, and makes them if they are missing.
    /// So if they are missing, we see to it that nobody writes and promise SQLite that the file will not
    /// change; it then asks for no others. If they are there, a server is running or was stopped short, and
    /// they are used as they are.
    pub(super) async fn open(data_dir: &Path) -> Result<Self, OpenError> {
        let file = data_dir.join(DATABASE);
        if !file.is_file() {
            return Err(OpenError::Missing { file });
        }
        let lock =
            File::open(data_dir.join(LOCK)).ok().filter(|lock| lock.try_lock_shared().is_ok());
        let quiet = lock.is_some() && !data_dir.join("vault.sqlite-wal").exists();
        let pool = reading_pool(options_reading(data_dir).immutable(quiet)).await?;
        Ok(Self { pool, lock })
    }
}

const DATABASE: &str = "vault.sqlite";
const LOCK: &str = "vault.lock";

fn options(data_dir: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(data_dir.join(DATABASE))
        .create_if_missing(false)
        .foreign_keys(true)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
}

fn options_reading(data_dir: &Path) -> SqliteConnectOptions {
    options(data_dir).read_only(true)
}

async fn reading_pool(options: SqliteConnectOptions) -> Result<SqlitePool, OpenError> {
    SqlitePoolOptions::new()
        .max_connections(READERS)
        // A connection to a file does not go stale: nothing is asked of it before a question, and it is kept.
        .test_before_acquire(false)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await
        .map_err(unopened)
}

fn migrator() -> Migrator {
    let migration = |number, name: &'static str, text: &'static str| {
        let text = sqlx::SqlSafeStr::into_sql_str(text);
        Migration::new(number, name.into(), MigrationType::Simple, text, false)
    };
    Migrator::with_migrations(vec![
        migration(1, "vault", include_str!("migrations/0001_vault.sql")),
        migration(2, "protections", include_str!("migrations/0002_protections.sql")),
        migration(3, "sealing_keys", include_str!("migrations/0003_sealing_keys.sql")),
        migration(SCHEMA, "annotated copies", include_str!("migrations/0004_annotated_copies.sql")),
    ])
}

/// Makes the folder if it is absent and takes the lock.
fn prepare_folder(data_dir: &Path, now: Moment) -> Result<File, OpenError> {
    let unprepared = |error: io::Error| OpenError::Fault(Fault::new("vault.open", error));
    // What is sealed names people: a folder of our making is closed to other users of the machine.
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir).map_err(unprepared)?;
    // SQLite takes a file without bytes for a new database: beside other files it is one that was lost.
    if fs::metadata(data_dir.join(DATABASE)).map_or(true, |file| file.len() == 0) {
        for entry in fs::read_dir(data_dir).map_err(unprepared)? {
            let name = entry.map_err(unprepared)?.file_name().to_string_lossy().into_owned();
            // A first opening that was cut short leaves the lock and what SQLite had begun; a file system of
            // its own has lost+found.
            let begun = name.strip_prefix(DATABASE);
            let begun = begun.is_some_and(|end| ["", "-journal", "-shm", "-wal"].contains(&end));
            if name != LOCK && name != "lost+found" && !begun {
                return Err(OpenError::NotEmpty { folder: data_dir.to_owned(), found: name });
            }
        }
    }
    let path = data_dir.join(LOCK);
    let mut lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(unprepared)?;
    match lock.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Only to be told to the operator; an unreadable name changes nothing.
            let _ = lock.take(200).read_to_string(&mut holder);
            return Err(OpenError::Locked { holder: holder.trim().to_owned() });
        }
        Err(TryLockError::Error(error)) => return Err(unprepared(error)),
    }
    // The system gives up the lock when the process ends, however it ends; the text is for people.
    lock.set_len(0).map_err(unprepared)?;
    writeln!(lock, "process {} since {now}", std::process::id()).map_err(unprepared)?;
    Ok(lock)
}

/// Moves every staged file that a row names to its place and deletes the others.
async fn recover_objects(
    connection: &mut SqliteConnection,
    objects: &Arc<Objects>,
) -> Result<(), OpenError> {
    let folder = Arc::clone(objects);
    let staged = blocking("vault.recover", move || folder.staged()).await?;
    if staged.is_empty() {
        return Ok(());
    }
    let digests: Vec<Digest> =
        staged.iter().filter_map(|(_, name)| name.map(|(digest, _)| digest)).collect();
    let mut named: HashMap<Digest, Vec<Form>> = HashMap::new();
    for (form, digest) in rows::named_by_rows(connection, &digests).await? {
        if let (Some(form), Ok(digest)) = (Form::from_word(&form), Digest::from_slice(&digest)) {
            named.entry(digest).or_default().push(form);
        }
    }
    let folder = Arc::clone(objects);
    blocking("vault.recover", move || {
        for (path, name) in staged {
            match name {
                // Its row was committed and the move was not seen: the move is done again.
                Some((digest, form))
                    if named.get(&digest).is_some_and(|forms| forms.contains(&form)) =>
                {
                    folder.place_left_over(&path, &digest, form)?;
                }
                // Its row was never committed: nobody has been told of it.
                _ => fs::remove_file(&path)?,
            }
        }
        Ok::<_, io::Error>(())
    })
    .await?;
    Ok(())
}

/// Ends the intentions that a stop left open, and finds where the journal goes on.
async fn recover_journal(
    connection: &mut SqliteConnection,
    now: Moment,
) -> Result<Ledger, OpenError> {
    let (licenses, versions, seq, hash) = rows::ends_of_tables(connection).await?;
    let hash = hash.unwrap_or_else(journal::before_first);
    let uses = rows::key_uses(connection).await?;
    let mut ledger = Ledger { licenses, versions, seq, hash, open: HashMap::new(), uses };
    let left_open = rows::left_open(connection).await?;
    let mut books = Books::new(&ledger);
    books.open_vault(&left_open, now);
    let unwritten = |error: sqlx::Error| from_sqlite("vault.open", &error);
    // All in one: a stop before the commit leaves the intentions as open as they were.
    let mut transaction =
        sqlx::Connection::begin_with(connection, "begin immediate").await.map_err(unwritten)?;
    rows::insert(&mut transaction, books.rows()).await.map_err(unwritten)?;
    transaction.commit().await.map_err(unwritten)?;
    let closing = books.close();
    ledger.advance(closing);
    Ok(ledger)
}

fn unopened(error: sqlx::Error) -> OpenError {
    OpenError::Fault(from_sqlite("vault.open", &error))
}

/// Why a data folder was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder or the database gave trouble.
    #[error(transparent)]
    Fault(#[from] Fault),
    /// Another process has the folder open.
    #[error(
        "the data folder is in use, perhaps by {}: stop that first, or wait for a check to end",
        if holder.is_empty() { "a check" } else { holder }
    )]
    Locked {
        /// Who may hold it, as it wrote when it began; a check writes nothing.
        holder: String,
    },
    /// There is no database.
    #[error("{} is not there: is the data folder the right one?", file.display())]
    Missing {
        /// Where it should be.
        file: PathBuf,
    },
    /// The database was written by a later release.
    #[error(
        "the database has migration {found}, which this release does not know; use a later one"
    )]
    Newer {
        /// The migration that is not known.
        found: i64,
    },
    /// There is no database, or one without a byte, but there are other files.
    #[error(
        "{} has no vault.sqlite, or an empty one, but holds `{found}`: give the right folder, or an empty one",
        folder.display()
    )]
    NotEmpty {
        /// The folder.
        folder: PathBuf,
        /// One of the files.
        found: String,
    },
}

impl OpenError {
    /// A fixed word for programs to act on.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Fault(fault) => fault.place,
            Self::Locked { .. } => "vault.locked",
            Self::Missing { .. } => "vault.missing",
            Self::Newer { .. } => "vault.newer",
            Self::NotEmpty { .. } => "vault.not_empty",
        }
    }
}
