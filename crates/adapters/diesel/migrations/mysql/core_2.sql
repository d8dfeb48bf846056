-- Whether the store was handed over to another one, so that nobody writes to it any more: beside the position, where every
-- writer looks. Where to stands in `store_info`, under `moved`.
alter table journal_head add column if not exists is_moved boolean not null default false;
