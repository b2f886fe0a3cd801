-- Annotated copies: what was made of a version for one purpose, one recipient, until one day.
--
-- Each copy is a sealed file of its own, kept as an object (`<digest>.copy`) so that the same request is answered
-- with the same file, and so that a copy that is brought can be told from one that was never made here. No word of
-- its purpose or its recipient stands here: only keyed digests, whose key is not in this file.
--
-- It takes no time. The release before cannot run on it, and says so.

create table annotated_copies (
  -- Its entry `copied` in the journal, which covers this row.
  entry integer not null primary key constraint annotated_copies_entry_exists references journal (seq),
  -- The version it is drawn from.
  version integer not null constraint annotated_copies_version_exists references versions (id),
  -- Its number: the year, and 12 characters.
  number text not null constraint annotated_copies_number_length check (length(number) = 16),
  -- Who had it made.
  maker text not null constraint annotated_copies_maker_known check (maker in ('holder', 'issuing_authority')),
  -- The last day on which it may be used.
  last_day text not null constraint annotated_copies_day check (length(last_day) = 10),
  -- Blind index of what it is for.
  purpose_index blob not null constraint annotated_copies_purpose_digest check (length(purpose_index) = 32),
  -- Blind index of whom it is for.
  recipient_index blob not null constraint annotated_copies_recipient_digest check (length(recipient_index) = 32),
  -- SHA-256 of the file; also the object's file name.
  digest blob not null constraint annotated_copies_digest check (length(digest) = 32),
  -- How many bytes.
  size_bytes integer not null constraint annotated_copies_size check (size_bytes > 0),
  -- The authenticated client, or `holder`.
  client text not null constraint annotated_copies_client_length check (length(client) between 1 and 255),
  -- The idempotency key it chose.
  key text not null constraint annotated_copies_key_length check (length(key) between 1 and 255),
  -- Blind index of what it sent.
  body blob not null constraint annotated_copies_body_digest check (length(body) = 32),
  -- When it was made.
  at integer not null,
  constraint annotated_copies_number_once unique (number),
  constraint annotated_copies_request_once unique (client, key)
) strict;

create index annotated_copies_by_version on annotated_copies (version, entry);

create trigger annotated_copies_no_update before update on annotated_copies begin select raise(abort, 'annotated_copies is append-only'); end;
create trigger annotated_copies_no_delete before delete on annotated_copies begin select raise(abort, 'annotated_copies is append-only'); end;
