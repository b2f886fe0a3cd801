//! The one writer: takes acts in turn, up to 64 at a time, and commits each group at once.
//!
//! A commit costs one wait for the disk however much is in it, so acts that arrive while a group is being
//! committed form the next one. Acts of a group keep their order and do not spoil one another: what one is
//! refused for is found by [`Books`] before anything is written, and if a constraint refuses the group all the
//! same, its members are tried one at a time.

use std::fs::File;
use std::sync::Arc;

use sqlx::{Connection, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::domain::LicenseId;
use crate::service::error::{Fault, ShelveError};
use crate::service::ports::{
    CopyError, Intention, IntentionNo, ProtectError, RequestKey, StandingChange, Step, StepWatch,
    UsageRecord,
};

use super::books::{Books, Ledger, ShelvingRow, number_key};
use super::books_copies::CopyRow;
use super::books_protect::ProtectionRow;
use super::fault::from_sqlite;
use super::objects::{Objects, Staged};
use super::rows::{self, Question};
use super::rows_copies;

/// Most acts in one commit: beyond this the wait for the disk is no longer what an act costs. Our own bound.
pub(super) const MAX_GROUP: usize = 64;
/// Acts that may wait for the writer; more wait at the door. Our own bound.
pub(super) const MAX_WAITING: usize = 4 * MAX_GROUP;

/// An act on its way to the writer, with the place for its answer.
#[derive(Debug)]
pub(super) enum Act {
    ChangeStanding(StandingChange, oneshot::Sender<Result<(), Fault>>),
    Close(oneshot::Sender<()>),
    Copy(Box<CopyRow>, Staged, oneshot::Sender<Result<(), CopyError>>),
    Intend(Intention, oneshot::Sender<Result<IntentionNo, Fault>>),
    Protect(Box<ProtectionRow>, Staged, oneshot::Sender<Result<(), ProtectError>>),
    RecordUsage(UsageRecord, oneshot::Sender<Result<(), Fault>>),
    Shelve(Box<ShelvingRow>, Staged, oneshot::Sender<Result<(), ShelveError>>),
}

/// What came of an act, to be told once the group is committed.
enum Outcome {
    Copied(Result<(), CopyError>),
    Intended(Result<IntentionNo, Fault>),
    Protected(Result<(), ProtectError>),
    Shelved(Result<(), ShelveError>),
    Written(Result<(), Fault>),
}

/// Why nothing of a group was written.
enum GroupFault {
    /// Before the commit: the group is rolled back for certain.
    Refused(Fault),
    /// In the commit: see [`Writer::doubtful`].
    Commit(Fault),
}

/// The writer and what only it may touch.
pub(super) struct Writer {
    pub(super) connection: SqliteConnection,
    pub(super) objects: Arc<Objects>,
    pub(super) ledger: Ledger,
    pub(super) watch: Arc<dyn StepWatch>,
    /// Held until the writer is gone.
    pub(super) lock: File,
    /// Staged files of commits that reported failure. SQLite has rolled back, but until a later commit has
    /// been written over its place in the log, a loss of power could still bring the failed one back. So the
    /// files stay until then, and if there is no later commit, the next opening looks at the rows.
    doubtful: Vec<Staged>,
    /// The moves of the group before.
    placing: Option<JoinHandle<()>>,
}

impl Writer {
    /// A writer that goes on from `ledger`.
    pub(super) fn new(
        connection: SqliteConnection,
        objects: Arc<Objects>,
        ledger: Ledger,
        watch: Arc<dyn StepWatch>,
        lock: File,
    ) -> Self {
        Self { connection, objects, ledger, watch, lock, doubtful: Vec::new(), placing: None }
    }

    /// Carries out acts until nobody can send any more, or until told to close.
    pub(super) async fn run(mut self, mut acts: mpsc::Receiver<Act>) {
        let mut group = Vec::with_capacity(MAX_GROUP);
        let mut closing = Vec::new();
        while closing.is_empty() && acts.recv_many(&mut group, MAX_GROUP).await > 0 {
            for act in group.extract_if(.., |act| matches!(act, Act::Close(_))) {
                if let Act::Close(told) = act {
                    closing.push(told);
                }
            }
            if !group.is_empty() {
                self.carry_out(std::mem::take(&mut group)).await;
            }
        }
        self.placed().await;
        let Self { connection, lock, .. } = self;
        // Whatever closing says, every commit before it was durable.
        let _ = connection.close().await;
        // The name in the lock is for people who find it held.
        let _ = lock.set_len(0);
        drop(lock);
        // Dropped with the channel, later acts tell their senders that nobody listens.
        drop(acts);
        for told in closing {
            let _ = told.send(());
        }
    }

    async fn carry_out(&mut self, group: Vec<Act>) {
        let mut group = group;
        if group.iter().any(brings_objects) {
            let objects = Arc::clone(&self.objects);
            // If this fails, the bytes may not survive a loss of power; no row may name them then.
            if let Err(fault) = blocking("vault.stage", move || objects.sync_staging()).await {
                let (bringing, others) = group.into_iter().partition(brings_objects);
                refuse(bringing, &fault);
                group = others;
            } else {
                self.watch.before(Step::ShelveObjectsWritten);
            }
        }
        match self.commit(&mut group).await {
            Ok(outcomes) => self.tell(group, outcomes).await,
            // Nothing was written. Alone, each member is refused for its own fault only.
            Err(GroupFault::Refused(_)) if group.len() > 1 => {
                for act in group {
                    let mut alone = vec![act];
                    match self.commit(&mut alone).await {
                        Ok(outcomes) => self.tell(alone, outcomes).await,
                        Err(GroupFault::Refused(fault)) => refuse(alone, &fault),
                        Err(GroupFault::Commit(fault)) => self.doubt(alone, &fault),
                    }
                }
            }
            Err(GroupFault::Refused(fault)) => refuse(group, &fault),
            Err(GroupFault::Commit(fault)) => self.doubt(group, &fault),
        }
    }

    /// One transaction for the whole group. On `Ok` it is durable.
    async fn commit(&mut self, group: &mut [Act]) -> Result<Vec<Outcome>, GroupFault> {
        let refused = |error: sqlx::Error| GroupFault::Refused(from_sqlite("vault.write", &error));
        if group.is_empty() {
            return Ok(Vec::new());
        }
        // If this process stops anywhere before `commit` below, SQLite rolls back at the next opening, and the
        // staged files are deleted there.
        let mut transaction =
            self.connection.begin_with("begin immediate").await.map_err(refused)?;
        let mut books = Books::new(&self.ledger);
        let questions: Vec<Question<'_>> = group.iter().filter_map(question_of).collect();
        rows::look_up(&mut transaction, &questions, &mut books)
            .await
            .map_err(GroupFault::Refused)?;
        let protected: Vec<&LicenseId> = group
            .iter()
            .filter_map(|act| match act {
                Act::Copy(row, ..) => Some(&row.record.original),
                Act::Protect(row, ..) => Some(&row.id),
                _ => None,
            })
            .collect();
        rows::look_up_versions(&mut transaction, &protected, &mut books)
            .await
            .map_err(GroupFault::Refused)?;
        let copied: Vec<&RequestKey> = group
            .iter()
            .filter_map(|act| match act {
                Act::Copy(row, ..) => Some(&row.request),
                _ => None,
            })
            .collect();
        rows_copies::look_up(&mut transaction, &copied, &mut books)
            .await
            .map_err(GroupFault::Refused)?;
        let outcomes: Vec<Outcome> = group
            .iter()
            .map(|act| match act {
                Act::ChangeStanding(change, _) => Outcome::Written(books.change_standing(change)),
                // Taken out before the group was formed.
                Act::Close(_) => Outcome::Written(Ok(())),
                Act::Intend(intention, _) => Outcome::Intended(books.intend(intention)),
                Act::Copy(row, ..) => Outcome::Copied(books.copy(row)),
                Act::Protect(row, ..) => Outcome::Protected(books.protect(row)),
                Act::RecordUsage(usage, _) => Outcome::Written(books.record_usage(usage)),
                Act::Shelve(row, ..) => Outcome::Shelved(books.shelve(row)),
            })
            .collect();
        rows::insert(&mut transaction, books.rows()).await.map_err(refused)?;
        let closing = books.close();
        for (act, outcome) in group.iter_mut().zip(&outcomes) {
            match (act, outcome) {
                (Act::Shelve(_, staged, _), Outcome::Shelved(Ok(())))
                | (Act::Copy(_, staged, _), Outcome::Copied(Ok(())))
                | (Act::Protect(_, staged, _), Outcome::Protected(Ok(()))) => staged.claim(),
                _ => {}
            }
        }
        // The moment at which the versions exist. If it reports failure, see `doubtful`; if the process stops
        // after it, the next opening moves the staged files to their places.
        transaction
            .commit()
            .await
            .map_err(|error| GroupFault::Commit(from_sqlite("vault.commit", &error)))?;
        self.ledger.advance(closing);
        for staged in self.doubtful.drain(..) {
            // This commit lies in the log where the failed one was: no row will ever name these.
            staged.discard();
        }
        Ok(outcomes)
    }

    /// Moves the objects of a committed group to their places and tells everyone.
    ///
    /// The moves run beside the next group. They need not survive a loss of power: the next opening does them
    /// again.
    async fn tell(&mut self, group: Vec<Act>, outcomes: Vec<Outcome>) {
        let committed = |outcome: &Outcome| {
            matches!(
                outcome,
                Outcome::Copied(Ok(())) | Outcome::Shelved(Ok(())) | Outcome::Protected(Ok(()))
            )
        };
        if outcomes.iter().any(committed) {
            self.watch.before(Step::ShelveCommitted);
        }
        self.placed().await;
        let (mut shelved, mut protected, mut copied) = (Vec::new(), Vec::new(), Vec::new());
        for (act, outcome) in group.into_iter().zip(outcomes) {
            // A sender that has gone away does not want its answer.
            match (act, outcome) {
                (Act::ChangeStanding(_, answer), Outcome::Written(result))
                | (Act::RecordUsage(_, answer), Outcome::Written(result)) => {
                    let _ = answer.send(result);
                }
                (Act::Intend(_, answer), Outcome::Intended(result)) => {
                    let _ = answer.send(result);
                }
                (Act::Copy(_, staged, answer), Outcome::Copied(result)) => {
                    copied.push((staged, answer, result));
                }
                (Act::Protect(_, staged, answer), Outcome::Protected(result)) => {
                    protected.push((staged, answer, result));
                }
                (Act::Shelve(_, staged, answer), Outcome::Shelved(result)) => {
                    shelved.push((staged, answer, result));
                }
                _ => {}
            }
        }
        if !shelved.is_empty() || !protected.is_empty() || !copied.is_empty() {
            self.placing = Some(spawn_blocking(move || {
                place(shelved);
                place(protected);
                place(copied);
            }));
        }
    }

    async fn placed(&mut self) {
        if let Some(placing) = self.placing.take() {
            // It does not panic; and if it did, the files would still be in staging.
            let _ = placing.await;
        }
    }

    fn doubt(&mut self, group: Vec<Act>, fault: &Fault) {
        tracing::error!(%fault, "A commit failed; what it was about has been refused.");
        for act in group {
            match act {
                Act::Copy(_, mut staged, answer) => {
                    staged.claim();
                    self.doubtful.push(staged);
                    let _ = answer.send(Err(again(fault).into()));
                }
                Act::Protect(_, mut staged, answer) => {
                    staged.claim();
                    self.doubtful.push(staged);
                    let _ = answer.send(Err(again(fault).into()));
                }
                Act::Shelve(_, mut staged, answer) => {
                    staged.claim();
                    self.doubtful.push(staged);
                    let _ = answer.send(Err(again(fault).into()));
                }
                other => refuse(vec![other], fault),
            }
        }
    }
}

/// Whether the act names objects that lie in staging.
fn brings_objects(act: &Act) -> bool {
    matches!(act, Act::Copy(..) | Act::Protect(..) | Act::Shelve(..))
}

/// The files of an act, the place for its answer, and the answer.
type CarriedOut<E> = (Staged, oneshot::Sender<Result<(), E>>, Result<(), E>);

/// Moves the objects of acts that were carried out to their places, deletes those of the others, and tells.
fn place<E>(acts: Vec<CarriedOut<E>>) {
    for (staged, answer, result) in acts {
        match result {
            Ok(()) => staged.place(),
            Err(_) => staged.discard(),
        }
        let _ = answer.send(result);
    }
}

fn question_of(act: &Act) -> Option<Question<'_>> {
    match act {
        Act::ChangeStanding(change, _) => {
            Some(Question { license: &change.license, shelving: None })
        }
        Act::Shelve(row, ..) => {
            let request = &row.request;
            let shelving = Some((&*request.client, &*request.key, number_key(row)));
            Some(Question { license: row.record.id.key(), shelving })
        }
        Act::Close(_)
        | Act::Copy(..)
        | Act::Intend(..)
        | Act::Protect(..)
        | Act::RecordUsage(..) => None,
    }
}

/// Tells every member that nothing of it was written; the files of shelvings are deleted.
fn refuse(group: Vec<Act>, fault: &Fault) {
    for act in group {
        match act {
            Act::ChangeStanding(_, answer) | Act::RecordUsage(_, answer) => {
                let _ = answer.send(Err(again(fault)));
            }
            Act::Close(told) => {
                let _ = told.send(());
            }
            Act::Intend(_, answer) => {
                let _ = answer.send(Err(again(fault)));
            }
            Act::Copy(_, staged, answer) => {
                staged.discard();
                let _ = answer.send(Err(again(fault).into()));
            }
            Act::Protect(_, staged, answer) => {
                staged.discard();
                let _ = answer.send(Err(again(fault).into()));
            }
            Act::Shelve(_, staged, answer) => {
                staged.discard();
                let _ = answer.send(Err(again(fault).into()));
            }
        }
    }
}

fn again(fault: &Fault) -> Fault {
    Fault::new(fault.place, &fault.cause)
}

/// File work, off the threads that answer.
pub(super) async fn blocking<T: Send + 'static, E: std::fmt::Display + Send + 'static>(
    place: &'static str,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Fault> {
    match spawn_blocking(work).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Fault::new(place, error)),
        Err(stopped) => Err(Fault::new(place, stopped)),
    }
}
