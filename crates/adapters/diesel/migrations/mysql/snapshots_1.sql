-- A state as it was at `version`, so that a load need not begin with the first event. The journal is the truth:
-- a snapshot can be deleted at any time.
create table if not exists snapshots (
    aggregate_type varchar(255) not null,
    id             binary(16)   not null,
    version        bigint not null,
    schema_version bigint not null,
    state          longtext not null,
    primary key (aggregate_type, id)
) engine = innodb collate utf8mb4_nopad_bin;
