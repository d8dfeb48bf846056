-- The state of each aggregate as JSON, in the shape of `schema_version`.
create table documents (
    aggregate_type text    not null,
    id             blob    not null,
    version        integer not null,
    schema_version integer not null,
    state          text    not null,
    primary key (aggregate_type, id)
);
