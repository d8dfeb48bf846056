-- What a bid changes stands apart from the texts, so that it does not write a long description again. All amounts of a
-- listing are in its one currency. Room is left on each page, so that a bid's new version of the row needs no other and
-- no entry in an index.
create table listings (
    id                  uuid primary key,
    version             bigint not null,
    seller              uuid not null,
    status              text collate "C" not null,
    currency            text collate "C" not null,
    asking_amount       bigint not null,
    increment_amount    bigint not null,
    reserve_amount      bigint,
    price_amount        bigint not null,
    next_minimum_amount bigint,
    ends_at             bigint not null
) with (fillfactor = 50);

create table listing_texts (
    listing_id  uuid primary key,
    title       text collate "C" not null,
    description text collate "C" not null
);

-- One bid a bidder; `number` is its place among the bids of the listing.
create table bids (
    listing_id     uuid not null,
    bidder         uuid not null,
    number         bigint not null,
    ceiling_amount bigint not null,
    primary key (listing_id, bidder)
);

create table orders (
    id              uuid primary key,
    version         bigint not null,
    customer        uuid not null,
    status          text collate "C" not null,
    placed_at       bigint not null,
    items           bigint not null,
    total_amount    bigint not null,
    currency        text collate "C" not null,
    address_name    text collate "C",
    address_street  text collate "C",
    address_city    text collate "C",
    address_country text collate "C",
    tracking        text collate "C"
);

-- The lines of an order, in the order of `line`; their prices are in the currency of the order.
create table order_lines (
    order_id          uuid not null,
    line              bigint not null,
    sku               text collate "C" not null,
    description       text collate "C" not null,
    quantity          bigint not null,
    unit_price_amount bigint not null,
    primary key (order_id, line)
);
