-- The state of each aggregate as JSON, in the shape of `schema_version`.
create table if not exists documents (
    aggregate_type varchar(255) not null,
    id             binary(16)   not null,
    version        bigint not null,
    schema_version bigint not null,
    state          longtext not null,
    primary key (aggregate_type, id)
) engine = innodb collate utf8mb4_nopad_bin;
