-- What the store knows about itself: the kind of storage, and an id that a backup keeps.
create table store_info (
    name  text collate "C" primary key,
    value text collate "C" not null
);

insert into store_info (name, value) values
    ('storage', 'relational'),
    ('store_id', replace(gen_random_uuid()::text, '-', ''));

-- Every event in the order of commits. `commit_position` is the last position of the event's commit.
create table journal (
    position        bigint primary key,
    commit_position bigint not null,
    event_id        uuid   not null,
    aggregate_type  text collate "C" not null,
    aggregate_id    uuid   not null,
    version         bigint not null,
    event_type      text collate "C" not null,
    schema_version  bigint not null,
    payload         text collate "C" not null,
    metadata        text collate "C" not null,
    occurred_at     bigint not null,
    recorded_at     bigint not null
);

-- A history, the version of an aggregate (an id may be that of several of different types), and the last guard against two events with one version.
create unique index journal_by_aggregate on journal (aggregate_id, aggregate_type, version);

-- An event is never written twice, and is found again after a commit whose end was not seen.
create unique index journal_by_event on journal (event_id);

-- The last position. Whoever writes locks this row until its commit is over, so that positions are dense and in the
-- order of commits. Room is left on its page, so that a new version of the row needs no other.
create table journal_head (
    id       boolean primary key default true check (id),
    position bigint not null
) with (fillfactor = 10);

insert into journal_head (position) values (0);

-- The outcomes of commands that a repeat is to answer. No index on `kept_until`: what is over is found by walking the
-- table slowly, so that a command pays for one tree alone.
create table commands (
    command_id  uuid primary key,
    fingerprint uuid   not null,
    outcome     text collate "C" not null,
    kept_until  bigint,
    recorded_at bigint not null
);

create table subscriptions (
    name     text collate "C" not null,
    version  bigint not null,
    position bigint not null,
    status   text collate "C" not null,
    reason   text collate "C",
    primary key (name, version)
);

-- Who moved a checkpoint, and why: kept for ever.
create table subscription_resets (
    id            bigint generated always as identity primary key,
    name          text collate "C" not null,
    version       bigint not null,
    from_position bigint not null,
    to_position   bigint not null,
    reset_by      text collate "C" not null,
    reason        text collate "C" not null,
    reset_at      bigint not null
);

-- With the conversation and the trace of the event that set each.
create table deadlines (
    process        text collate "C" not null,
    aggregate_id   uuid   not null,
    due_at         bigint not null,
    event_id       uuid   not null,
    correlation_id uuid   not null,
    traceparent    text collate "C",
    primary key (process, aggregate_id)
);

-- What is due next is asked for many times a second.
create index deadlines_by_time on deadlines (process, due_at);

-- Who owns a shared subscription, and until when by the server's clock. `epoch` rises with each claim, so that what a
-- former owner still writes is refused.
create table leases (
    name    text collate "C" not null,
    version bigint not null,
    epoch   bigint not null,
    owner   text collate "C",
    ends_at bigint,
    primary key (name, version)
);
