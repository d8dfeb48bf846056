-- A step that was broken off is gone on with: making a table ends a transaction here.

-- What a bid changes stands apart from the texts, so that it does not write a long description again. All amounts of a
-- listing are in its one currency.
create table if not exists listings (
    id                  binary(16) primary key,
    version             bigint not null,
    seller              binary(16) not null,
    status              varchar(64) not null,
    currency            varchar(3) not null,
    asking_amount       bigint not null,
    increment_amount    bigint not null,
    reserve_amount      bigint,
    price_amount        bigint not null,
    next_minimum_amount bigint,
    ends_at             bigint not null
) engine = innodb collate utf8mb4_nopad_bin;

create table if not exists listing_texts (
    listing_id  binary(16) primary key,
    title       longtext not null,
    description longtext not null
) engine = innodb collate utf8mb4_nopad_bin;

-- One bid a bidder; `number` is its place among the bids of the listing.
create table if not exists bids (
    listing_id     binary(16) not null,
    bidder         binary(16) not null,
    number         bigint not null,
    ceiling_amount bigint not null,
    primary key (listing_id, bidder)
) engine = innodb collate utf8mb4_nopad_bin;

create table if not exists orders (
    id              binary(16) primary key,
    version         bigint not null,
    customer        binary(16) not null,
    status          varchar(64) not null,
    placed_at       bigint not null,
    items           bigint not null,
    total_amount    bigint not null,
    currency        varchar(3) not null,
    address_name    longtext,
    address_street  longtext,
    address_city    longtext,
    address_country varchar(2),
    tracking        longtext
) engine = innodb collate utf8mb4_nopad_bin;

-- The lines of an order, in the order of `line`; their prices are in the currency of the order.
create table if not exists order_lines (
    order_id          binary(16) not null,
    line              bigint not null,
    sku               longtext not null,
    description       longtext not null,
    quantity          bigint not null,
    unit_price_amount bigint not null,
    primary key (order_id, line)
) engine = innodb collate utf8mb4_nopad_bin;
