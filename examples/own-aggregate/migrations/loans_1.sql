create table loans (
    id          blob    primary key not null,
    version     integer not null,
    title       text    not null,
    reader      text    not null,
    due_at      integer not null,
    extensions  integer not null,
    returned_at integer
) without rowid;
