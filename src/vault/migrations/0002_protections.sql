-- Protections: what has been appended to sealed PDFs so that they can still be checked when certificates have ended.
--
-- A sealed PDF is never changed. Each protection is an incremental revision of it, kept as an object of its own
-- (`<digest>.pdf-rev`) that holds only the appended bytes: the file that is served is the sealed bytes and the
-- protections after it, in order.
--
-- It takes a second for some million versions (one reading of their rows). The release before cannot run on it,
-- and says so.

-- The journal learns two more acts. The words it may hold are the only thing that changes, and nothing that is
-- in the file: so the text of the constraint is exchanged where it stands, as SQLite's documentation of ALTER
-- TABLE describes for constraints, rather than millions of entries copied. `reset` has the schema read again; the
-- table made below has every other connection do the same.
pragma writable_schema = on;
update sqlite_schema
set sql = replace(
  replace(
    sql,
    'check (act in (''abandoned'', ''intended'', ''opened'', ''shelved'', ''standing_changed'', ''used''))',
    'check (act in (''abandoned'', ''copied'', ''intended'', ''opened'', ''protected'', ''shelved'', ''standing_changed'', ''used''))'
  ),
  'check ((intention is not null) = (act in (''abandoned'', ''shelved'')))',
  'check (act = ''copied'' or (intention is not null) = (act in (''abandoned'', ''shelved'')))'
)
where type = 'table' and name = 'journal';
pragma writable_schema = reset;

-- How well the sealed PDF was protected when it was shelved: B-B, or B-T with a time-stamp in the seal. Null for
-- versions shelved before this migration, which count as B-B.
alter table versions add column sealed_level text
  constraint versions_level_known check (sealed_level is null or sealed_level in ('B-B', 'B-T'));
-- When that time-stamp was made; null for B-B.
alter table versions add column sealed_proven_at integer
  constraint versions_proven_with_level check ((sealed_proven_at is not null) = (sealed_level is not null and sealed_level <> 'B-B'));
-- Until when the seal can be checked with that: the end of the first certificate to end.
alter table versions add column sealed_until integer
  constraint versions_until_with_level check ((sealed_until is not null) = (sealed_level is not null));

create table protections (
  -- Its entry `protected` in the journal, which covers this row.
  entry integer not null primary key constraint protections_entry_exists references journal (seq),
  -- The version whose sealed PDF it was appended to.
  version integer not null constraint protections_version_exists references versions (id),
  -- 1, 2, 3 … within the version, without a gap: the order in which they are appended.
  number integer not null constraint protections_number_range check (number between 1 and 999),
  -- What the file reaches with it.
  level text not null constraint protections_level_known check (level in ('B-T', 'B-LT', 'B-LTA')),
  -- SHA-256 of the appended bytes; also the object's file name.
  suffix_digest blob not null constraint protections_suffix_digest check (length(suffix_digest) = 32),
  -- How many bytes were appended.
  suffix_bytes integer not null constraint protections_suffix_size check (suffix_bytes > 0),
  -- SHA-256 of the whole file: sealed bytes and every protection up to this one.
  whole_digest blob not null constraint protections_whole_digest check (length(whole_digest) = 32),
  -- How many bytes the whole file has.
  whole_bytes integer not null constraint protections_whole_size check (whole_bytes > suffix_bytes),
  -- The instant at which the seal is proven to have existed.
  proven_at integer not null,
  -- Until when the file can be checked with this: the end of the first certificate to end that nothing later in
  -- the file protects.
  holds_until integer not null,
  -- When it was appended.
  at integer not null,
  constraint protections_once unique (version, number)
) strict;

create trigger protections_no_update before update on protections begin select raise(abort, 'protections is append-only'); end;
create trigger protections_no_delete before delete on protections begin select raise(abort, 'protections is append-only'); end;
