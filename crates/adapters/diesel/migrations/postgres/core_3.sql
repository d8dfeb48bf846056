-- Locks the head until the transaction ends, and answers it with what was written behind a position that the writer knows, where
-- that is no more, in events and in bytes, than it wants to read. Whoever holds the head holds up all others, so this takes one way to the server and
-- back; and it is a function, because a statement of its own would not see what was written while it waited for the lock.
create or replace function journal_news(known bigint, most bigint, most_bytes bigint)
returns table (
    head            bigint,
    may_be_moved    boolean,
    "position"      bigint,
    commit_position bigint,
    event_id        uuid,
    aggregate_type  text,
    aggregate_id    uuid,
    version         bigint,
    event_type      text,
    schema_version  bigint,
    payload         text,
    metadata        text,
    occurred_at     bigint,
    recorded_at     bigint
)
language plpgsql volatile as $$
begin
    select h.position, h.is_moved into head, may_be_moved from journal_head h for update;
    if head - known between 1 and most and most_bytes >= (
        select sum(octet_length(j.payload) + octet_length(j.metadata)) from journal j where j.position > known and j.position <= head
    ) then
        return query
            select head, may_be_moved, j.* from journal j where j.position > known and j.position <= head order by j.position;
    else
        return next;
    end if;
end
$$;
