-- A state as it was at `version`, so that a load need not begin with the first event. The journal is the truth:
-- a snapshot can be deleted at any time.
create table snapshots (
    aggregate_type text    not null,
    id             blob    not null,
    version        integer not null,
    schema_version integer not null,
    state          text    not null,
    primary key (aggregate_type, id)
);
