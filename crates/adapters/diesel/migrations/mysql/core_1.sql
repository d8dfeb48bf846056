-- A step that was broken off is gone on with: making a table ends a transaction here.

-- What the store knows about itself: the kind of storage, and an id that a backup keeps.
create table if not exists store_info (
    name  varchar(255) primary key,
    value longtext not null
) engine = innodb collate utf8mb4_nopad_bin;

insert ignore into store_info (name, value) values
    ('storage', 'relational'),
    ('store_id', lower(replace(uuid(), '-', '')));

-- Every event in the order of commits. `commit_position` is the last position of the event's commit.
create table if not exists journal (
    position        bigint primary key,
    commit_position bigint not null,
    event_id        binary(16)   not null,
    aggregate_type  varchar(255) not null,
    aggregate_id    binary(16)   not null,
    version         bigint not null,
    event_type      varchar(255) not null,
    schema_version  bigint not null,
    payload         longtext not null,
    metadata        longtext not null,
    occurred_at     bigint not null,
    recorded_at     bigint not null
) engine = innodb collate utf8mb4_nopad_bin;

-- A history, the version of an aggregate (an id may be that of several of different types), and the last guard against two events with one version.
create unique index if not exists journal_by_aggregate on journal (aggregate_id, aggregate_type, version);

-- An event is never written twice, and is found again after a commit whose end was not seen.
create unique index if not exists journal_by_event on journal (event_id);

-- The last position. Whoever writes locks this row until its commit is over, so that positions are dense and in the
-- order of commits.
create table if not exists journal_head (
    id       tinyint primary key default 1 check (id = 1),
    position bigint not null
) engine = innodb collate utf8mb4_nopad_bin;

insert ignore into journal_head (position) values (0);

-- The outcomes of commands that a repeat is to answer. No index on `kept_until`: what is over is found by walking the
-- table slowly, so that a command pays for one tree alone.
create table if not exists commands (
    command_id  binary(16) primary key,
    fingerprint binary(16)   not null,
    outcome     longtext not null,
    kept_until  bigint,
    recorded_at bigint not null
) engine = innodb collate utf8mb4_nopad_bin;

create table if not exists subscriptions (
    name     varchar(255) not null,
    version  bigint not null,
    position bigint not null,
    status   varchar(64) not null,
    reason   longtext,
    primary key (name, version)
) engine = innodb collate utf8mb4_nopad_bin;

-- Who moved a checkpoint, and why: kept for ever.
create table if not exists subscription_resets (
    id            bigint auto_increment primary key,
    name          varchar(255) not null,
    version       bigint not null,
    from_position bigint not null,
    to_position   bigint not null,
    reset_by      longtext not null,
    reason        longtext not null,
    reset_at      bigint not null
) engine = innodb collate utf8mb4_nopad_bin;

-- With the conversation and the trace of the event that set each.
create table if not exists deadlines (
    process        varchar(255) not null,
    aggregate_id   binary(16)   not null,
    due_at         bigint not null,
    event_id       binary(16)   not null,
    correlation_id binary(16)   not null,
    traceparent    longtext,
    primary key (process, aggregate_id)
) engine = innodb collate utf8mb4_nopad_bin;

-- What is due next is asked for many times a second.
create index if not exists deadlines_by_time on deadlines (process, due_at);

-- Who owns a shared subscription, and until when by the server's clock. `epoch` rises with each claim, so that what a
-- former owner still writes is refused.
create table if not exists leases (
    name    varchar(255) not null,
    version bigint not null,
    epoch   bigint not null,
    owner   varchar(255),
    ends_at bigint,
    primary key (name, version)
) engine = innodb collate utf8mb4_nopad_bin;
