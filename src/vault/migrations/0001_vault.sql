-- The vault: versions and what is known of them, the journal of acts, standings, readings.
--
-- Every table is append-only: triggers at the end refuse to update or delete. Face values, holder codes, names
-- and license numbers never stand in a column; what must be looked up is a blind index, a keyed digest whose
-- key is not in this file. Days are text as in 2026-11-22, instants are seconds since 1970-01-01T00:00:00Z.

create table journal (
  -- 1, 2, 3 …, without a gap.
  seq integer not null primary key,
  -- When the act was done.
  at integer not null,
  -- What was done.
  act text not null constraint journal_act_known
    check (act in ('abandoned', 'intended', 'opened', 'shelved', 'standing_changed', 'used')),
  -- The license id it was done to; type.authority.serial for a standing, which belongs to all versions;
  -- empty for an opening of the vault.
  subject text not null,
  -- The authenticated client, or the reader; empty for acts of the vault's own.
  client text not null,
  -- For `shelved` and `abandoned`: the entry of the intention that came to this end.
  intention integer constraint journal_intention_exists references journal (seq),
  -- SHA-256 of everything the act wrote, so that a row altered later no longer agrees.
  details blob not null constraint journal_details_digest check (length(details) = 32),
  -- The hash of the entry before; 32 zero bytes before the first.
  prev_hash blob not null constraint journal_prev_digest check (length(prev_hash) = 32),
  -- SHA-256 over all of the above.
  hash blob not null constraint journal_hash_digest check (length(hash) = 32),
  constraint journal_end_has_intention
    check ((intention is not null) = (act in ('abandoned', 'shelved')))
) strict;

-- An intention ends once: in a version, or in nothing.
create unique index journal_intention_ends_once on journal (intention) where intention is not null;
-- At an opening every earlier intention has come to an end, so the next one looks no further back.
create index journal_openings on journal (seq) where act = 'opened';

create table licenses (
  -- 1, 2, 3 …, without a gap, so that the largest is the count.
  id integer not null primary key,
  -- The license type, 21 characters.
  type_code text not null constraint licenses_type_length check (length(type_code) = 21),
  -- The issuing authority as license ids write it.
  authority text not null constraint licenses_authority_length check (length(authority) between 6 and 18),
  -- The serial, unique within type and authority.
  serial text not null constraint licenses_serial_length check (length(serial) between 1 and 64),
  constraint licenses_key_once unique (type_code, authority, serial)
) strict;

create table versions (
  -- 1, 2, 3 … over all licenses, in order of shelving, without a gap.
  id integer not null primary key,
  -- The license it is a version of.
  license integer not null constraint versions_license_exists references licenses (id),
  -- 1 to 999 within the license.
  version integer not null constraint versions_number_range check (version between 1 and 999),
  -- The whole license id, as on the face.
  license_id text not null,
  -- The edition of the type definition it was made by.
  edition integer not null constraint versions_edition_range check (edition between 0 and 4294967295),
  -- The day of issue.
  issued_on text not null constraint versions_issued_day check (length(issued_on) = 10),
  -- The first day of validity.
  valid_from text not null constraint versions_from_day check (length(valid_from) = 10),
  -- The last day of validity, included; null where there is no end.
  valid_to text constraint versions_to_day check (valid_to is null or valid_to >= valid_from),
  -- What every form carries.
  content_digest blob not null constraint versions_content_digest check (length(content_digest) = 32),
  -- Blind index of the license number on this face.
  number_index blob not null constraint versions_number_digest check (length(number_index) = 32),
  -- When it was put on the shelf.
  shelved_at integer not null,
  -- Its entry `shelved` in the journal, which covers this row and the rows of forms, holders and requests.
  entry integer not null constraint versions_entry_exists references journal (seq),
  constraint versions_no_overwriting unique (license, version)
) strict;

create table forms (
  -- The version it is a form of.
  version integer not null constraint forms_version_exists references versions (id),
  -- Which form; also the ending of the object's file name.
  form text not null constraint forms_form_known check (form in ('ecert', 'pdf')),
  -- SHA-256 of the bytes; also the object's file name.
  digest blob not null constraint forms_digest check (length(digest) = 32),
  -- How many bytes.
  size_bytes integer not null constraint forms_size_range check (size_bytes >= 0),
  constraint forms_once primary key (version, form)
) strict, without rowid;

create table holders (
  -- The version that names the holder: a later version may name others.
  version integer not null constraint holders_version_exists references versions (id),
  -- Blind index of the holder's code.
  holder_index blob not null constraint holders_index_digest check (length(holder_index) = 32),
  constraint holders_once primary key (version, holder_index)
) strict, without rowid;

create index holders_by_index on holders (holder_index);

create table numbers (
  -- Type and authority within which a license number is unique.
  type_code text not null,
  -- See above.
  authority text not null,
  -- Blind index of a license number.
  number_index blob not null constraint numbers_index_digest check (length(number_index) = 32),
  -- The one license that has, or once had, this number.
  license integer not null constraint numbers_license_exists references licenses (id),
  constraint numbers_one_license primary key (type_code, authority, number_index)
) strict, without rowid;

create table requests (
  -- The version it made.
  version integer not null primary key constraint requests_version_exists references versions (id),
  -- The authenticated client.
  client text not null constraint requests_client_length check (length(client) between 1 and 255),
  -- The idempotency key it chose.
  key text not null constraint requests_key_length check (length(key) between 1 and 255),
  -- SHA-256 of the body it sent.
  body blob not null constraint requests_body_digest check (length(body) = 32),
  constraint requests_once unique (client, key)
) strict;

create table standing_changes (
  -- Its entry `standing_changed` in the journal.
  entry integer not null primary key constraint standing_changes_entry_exists references journal (seq),
  -- The license; standing belongs to all its versions.
  license integer not null constraint standing_changes_license_exists references licenses (id),
  -- What it is from then on; the three words for an end are the three kinds in law.
  state text not null constraint standing_changes_state_known
    check (state in ('annulled', 'deregistered', 'reinstated', 'suspended', 'withdrawn')),
  -- The first day on which it is so.
  since text not null constraint standing_changes_day check (length(since) = 10),
  -- The legal ground, in the authority's words.
  ground text not null constraint standing_changes_ground_length check (length(ground) <= 4000),
  -- The authenticated client that asked.
  client text not null,
  -- When it was written down.
  at integer not null
) strict;

create index standing_changes_by_license on standing_changes (license, entry);

create table usage_records (
  -- Its entry `used` in the journal.
  entry integer not null primary key constraint usage_records_entry_exists references journal (seq),
  -- The license id of the version that was read.
  license_id text not null,
  -- `holder`, or the name of a client.
  reader text not null,
  -- What was done, as in `open` or `download-pdf`.
  act text not null,
  -- When.
  at integer not null
) strict;

create index usage_records_by_id on usage_records (license_id, entry);

create trigger journal_no_update before update on journal begin select raise(abort, 'journal is append-only'); end;
create trigger journal_no_delete before delete on journal begin select raise(abort, 'journal is append-only'); end;
create trigger licenses_no_update before update on licenses begin select raise(abort, 'licenses is append-only'); end;
create trigger licenses_no_delete before delete on licenses begin select raise(abort, 'licenses is append-only'); end;
create trigger versions_no_update before update on versions begin select raise(abort, 'versions is append-only'); end;
create trigger versions_no_delete before delete on versions begin select raise(abort, 'versions is append-only'); end;
create trigger forms_no_update before update on forms begin select raise(abort, 'forms is append-only'); end;
create trigger forms_no_delete before delete on forms begin select raise(abort, 'forms is append-only'); end;
create trigger holders_no_update before update on holders begin select raise(abort, 'holders is append-only'); end;
create trigger holders_no_delete before delete on holders begin select raise(abort, 'holders is append-only'); end;
create trigger numbers_no_update before update on numbers begin select raise(abort, 'numbers is append-only'); end;
create trigger numbers_no_delete before delete on numbers begin select raise(abort, 'numbers is append-only'); end;
create trigger requests_no_update before update on requests begin select raise(abort, 'requests is append-only'); end;
create trigger requests_no_delete before delete on requests begin select raise(abort, 'requests is append-only'); end;
create trigger standing_changes_no_update before update on standing_changes begin select raise(abort, 'standing_changes is append-only'); end;
create trigger standing_changes_no_delete before delete on standing_changes begin select raise(abort, 'standing_changes is append-only'); end;
create trigger usage_records_no_update before update on usage_records begin select raise(abort, 'usage_records is append-only'); end;
create trigger usage_records_no_delete before delete on usage_records begin select raise(abort, 'usage_records is append-only'); end;
