//! The tables of the marketplace, as Diesel sees them. Their reasons stand in the migrations.

use super::SqlUuid;

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    listings (id) {
        id -> SqlUuid,
        version -> BigInt,
        seller -> SqlUuid,
        status -> Text,
        currency -> Text,
        asking_amount -> BigInt,
        increment_amount -> BigInt,
        reserve_amount -> Nullable<BigInt>,
        price_amount -> BigInt,
        next_minimum_amount -> Nullable<BigInt>,
        ends_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    listing_texts (listing_id) {
        listing_id -> SqlUuid,
        title -> Text,
        description -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    bids (listing_id, bidder) {
        listing_id -> SqlUuid,
        bidder -> SqlUuid,
        number -> BigInt,
        ceiling_amount -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    orders (id) {
        id -> SqlUuid,
        version -> BigInt,
        customer -> SqlUuid,
        status -> Text,
        placed_at -> BigInt,
        items -> BigInt,
        total_amount -> BigInt,
        currency -> Text,
        address_name -> Nullable<Text>,
        address_street -> Nullable<Text>,
        address_city -> Nullable<Text>,
        address_country -> Nullable<Text>,
        tracking -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    order_lines (order_id, line) {
        order_id -> SqlUuid,
        line -> BigInt,
        sku -> Text,
        description -> Text,
        quantity -> BigInt,
        unit_price_amount -> BigInt,
    }
}

diesel::allow_tables_to_appear_in_same_query!(listings, listing_texts, bids);
diesel::allow_tables_to_appear_in_same_query!(orders, order_lines);
