-- Which key sealed each version, and how often each key was to be used.
--
-- When a key is compromised or worn out, somebody must know at once which licenses hang on it, and how many
-- signatures it has made. Both are written down from this migration on. Rows written before it have neither: for
-- them the key is read from the seal itself. A key is known by SHA-256 of its certificate in DER.

create table sealed_with (
  -- The version.
  version integer not null primary key constraint sealed_with_version_exists references versions (id),
  -- The key of the sealed PDF.
  seal_key blob not null constraint sealed_with_seal_digest check (length(seal_key) = 32),
  -- The key of the e-certificate: the same, or its companion.
  ecert_key blob not null constraint sealed_with_ecert_digest check (length(ecert_key) = 32)
) strict;

create index sealed_with_by_seal_key on sealed_with (seal_key, version);
create index sealed_with_by_ecert_key on sealed_with (ecert_key, version);

create table key_uses (
  -- The entry `intended` in the journal, written before the key was used.
  entry integer not null constraint key_uses_entry_exists references journal (seq),
  -- The key.
  key_id blob not null constraint key_uses_key_digest check (length(key_id) = 32),
  -- How many signatures it was to make.
  signatures integer not null constraint key_uses_signatures_range check (signatures between 1 and 4294967295),
  -- What the entry covers beside the uses, so that it can be followed where no version came of the intention.
  rest blob not null constraint key_uses_rest_digest check (length(rest) = 32),
  constraint key_uses_once primary key (entry, key_id)
) strict, without rowid;

create index key_uses_by_key on key_uses (key_id, signatures);

create trigger sealed_with_no_update before update on sealed_with begin select raise(abort, 'sealed_with is append-only'); end;
create trigger sealed_with_no_delete before delete on sealed_with begin select raise(abort, 'sealed_with is append-only'); end;
create trigger key_uses_no_update before update on key_uses begin select raise(abort, 'key_uses is append-only'); end;
create trigger key_uses_no_delete before delete on key_uses begin select raise(abort, 'key_uses is append-only'); end;
