//! The tables of the store, as Diesel sees them. Their reasons stand in the migrations.

use super::ids::SqlUuid;

diesel::table! {
    store_info (name) {
        name -> Text,
        value -> Text,
    }
}

diesel::table! {
    schema_versions (component) {
        component -> Text,
        version -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    journal (position) {
        position -> BigInt,
        commit_position -> BigInt,
        event_id -> SqlUuid,
        aggregate_type -> Text,
        aggregate_id -> SqlUuid,
        version -> BigInt,
        event_type -> Text,
        schema_version -> BigInt,
        payload -> Text,
        metadata -> Text,
        occurred_at -> BigInt,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    commands (command_id) {
        command_id -> SqlUuid,
        fingerprint -> SqlUuid,
        outcome -> Text,
        kept_until -> Nullable<BigInt>,
        recorded_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    documents (aggregate_type, id) {
        aggregate_type -> Text,
        id -> SqlUuid,
        version -> BigInt,
        schema_version -> BigInt,
        state -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    snapshots (aggregate_type, id) {
        aggregate_type -> Text,
        id -> SqlUuid,
        version -> BigInt,
        schema_version -> BigInt,
        state -> Text,
    }
}

diesel::table! {
    subscriptions (name, version) {
        name -> Text,
        version -> BigInt,
        position -> BigInt,
        status -> Text,
        reason -> Nullable<Text>,
    }
}

diesel::table! {
    leases (name, version) {
        name -> Text,
        version -> BigInt,
        epoch -> BigInt,
        owner -> Nullable<Text>,
        ends_at -> Nullable<BigInt>,
    }
}

diesel::table! {
    subscription_resets (id) {
        id -> BigInt,
        name -> Text,
        version -> BigInt,
        from_position -> BigInt,
        to_position -> BigInt,
        reset_by -> Text,
        reason -> Text,
        reset_at -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use super::SqlUuid;

    deadlines (process, aggregate_id) {
        process -> Text,
        aggregate_id -> SqlUuid,
        due_at -> BigInt,
        event_id -> SqlUuid,
        correlation_id -> SqlUuid,
        traceparent -> Nullable<Text>,
    }
}
