-- An id may be that of a listing and of an order: versions count for each type and id.
drop index journal_by_aggregate;
create unique index journal_by_aggregate on journal (aggregate_id, aggregate_type, version);

-- Who owns a shared subscription. `epoch` rises with each claim, so that what a former owner still writes is
-- refused. Where a lease ends with its process, `owner` and `ends_at` say nothing.
create table leases (
    name    text    not null,
    version integer not null,
    epoch   integer not null,
    owner   text,
    ends_at integer,
    primary key (name, version)
) without rowid;
