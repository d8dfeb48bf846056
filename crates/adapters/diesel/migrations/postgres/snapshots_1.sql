-- A state as it was at `version`, so that a load need not begin with the first event. The journal is the truth:
-- a snapshot can be deleted at any time.
create table snapshots (
    aggregate_type text collate "C" not null,
    id             uuid   not null,
    version        bigint not null,
    schema_version bigint not null,
    state          text collate "C" not null,
    primary key (aggregate_type, id)
);
