-- What the store knows about itself: the kind of storage, and an id that a backup keeps.
create table store_info (
    name  text primary key not null,
    value text not null
) without rowid;

insert into store_info (name, value) values
    ('storage', 'relational'),
    ('store_id', lower(hex(randomblob(16))));

-- Every event in the order of commits. `commit_position` is the last position of the event's commit.
create table journal (
    position        integer primary key not null,
    commit_position integer not null,
    event_id        blob    not null,
    aggregate_type  text    not null,
    aggregate_id    blob    not null,
    version         integer not null,
    event_type      text    not null,
    schema_version  integer not null,
    payload         text    not null,
    metadata        text    not null,
    occurred_at     integer not null,
    recorded_at     integer not null
);

-- A history, the version of an aggregate, and the last guard against two events with one version.
create unique index journal_by_aggregate on journal (aggregate_id, version);

-- An event is never written twice, and is found again after a commit whose end was not seen.
create unique index journal_by_event on journal (event_id);

-- The outcomes of commands that a repeat is to answer. No index on `kept_until`: what is over is found by
-- walking the table slowly, so that a command pays for one tree alone.
create table commands (
    command_id  blob    primary key not null,
    fingerprint blob    not null,
    outcome     text    not null,
    kept_until  integer,
    recorded_at integer not null
) without rowid;

create table subscriptions (
    name     text    not null,
    version  integer not null,
    position integer not null,
    status   text    not null,
    reason   text,
    primary key (name, version)
) without rowid;

-- Who moved a checkpoint, and why: kept for ever.
create table subscription_resets (
    id            integer primary key not null,
    name          text    not null,
    version       integer not null,
    from_position integer not null,
    to_position   integer not null,
    reset_by      text    not null,
    reason        text    not null,
    reset_at      integer not null
);

-- With the conversation and the trace of the event that set each.
create table deadlines (
    process        text    not null,
    aggregate_id   blob    not null,
    due_at         integer not null,
    event_id       blob    not null,
    correlation_id blob    not null,
    traceparent    text,
    primary key (process, aggregate_id)
) without rowid;

-- What is due next is asked for many times a second.
create index deadlines_by_time on deadlines (process, due_at);
