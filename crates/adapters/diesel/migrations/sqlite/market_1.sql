-- What a bid changes stands apart from the texts: SQLite writes a row whole, and a bid must not write a long
-- description again. All amounts of a listing are in its one currency.
create table listings (
    id                  blob    primary key not null,
    version             integer not null,
    seller              blob    not null,
    status              text    not null,
    currency            text    not null,
    asking_amount       integer not null,
    increment_amount    integer not null,
    reserve_amount      integer,
    price_amount        integer not null,
    next_minimum_amount integer,
    ends_at             integer not null
) without rowid;

create table listing_texts (
    listing_id  blob primary key not null,
    title       text not null,
    description text not null
);

-- One bid a bidder; `number` is its place among the bids of the listing.
create table bids (
    listing_id     blob    not null,
    bidder         blob    not null,
    number         integer not null,
    ceiling_amount integer not null,
    primary key (listing_id, bidder)
) without rowid;

create table orders (
    id              blob    primary key not null,
    version         integer not null,
    customer        blob    not null,
    status          text    not null,
    placed_at       integer not null,
    items           integer not null,
    total_amount    integer not null,
    currency        text    not null,
    address_name    text,
    address_street  text,
    address_city    text,
    address_country text,
    tracking        text
) without rowid;

-- The lines of an order, in the order of `line`; their prices are in the currency of the order.
create table order_lines (
    order_id          blob    not null,
    line              integer not null,
    sku               text    not null,
    description       text    not null,
    quantity          integer not null,
    unit_price_amount integer not null,
    primary key (order_id, line)
) without rowid;
