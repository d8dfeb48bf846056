-- The state of each aggregate as JSON, in the shape of `schema_version`.
create table documents (
    aggregate_type text collate "C" not null,
    id             uuid   not null,
    version        bigint not null,
    schema_version bigint not null,
    state          text collate "C" not null,
    primary key (aggregate_type, id)
);
