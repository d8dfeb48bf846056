//! Orders in rows: one for the order, one for each line.

use std::sync::Arc;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Nullable, Text};
use portolan_domain::order::{self, Address, Event, Line, Order, OrderId};
use portolan_kernel::{Aggregate as _, Currency, Money, Timestamp, Version};

use super::columns::{column_of, currency, parsed, version};
use super::tables::{order_lines, orders};
use super::{Conn, DbUuid, Fault, Mapper, Orphan, RowChange, Schema, SqlUuid, Stored, schema};
use crate::{prepared, prepared_row, update};

/// Keeps [`Order`]s.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderMapper;

impl Mapper<Order> for OrderMapper {
    fn schema(&self) -> Schema {
        schema()
    }

    fn load(&self, conn: &mut Conn, id: OrderId) -> Result<Option<Stored<Order>>, Fault> {
        let row: Option<Row> = orders::table.find(DbUuid::of(id)).get_result(conn).optional()?;
        row.map(|row| stored(conn, row)).transpose()
    }

    fn page(
        &self,
        conn: &mut Conn,
        after: Option<OrderId>,
        limit: usize,
    ) -> Result<Vec<Stored<Order>>, Fault> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut page = orders::table.order(orders::id).limit(limit).into_boxed();
        if let Some(after) = after {
            page = page.filter(orders::id.gt(DbUuid::of(after)));
        }
        let rows: Vec<Row> = page.load(conn)?;
        rows.into_iter().map(|row| stored(conn, row)).collect()
    }

    fn insert(&self, conn: &mut Conn, order: &Order, version: Version) -> Result<(), Fault> {
        prepared!(NewRow::of(order, version)).execute(conn)?;
        for (line, number) in order.lines().iter().zip(1..) {
            prepared!(NewLine::of(order, line, number)).execute(conn)?;
        }
        Ok(())
    }

    fn update(&self, conn: &mut Conn, change: &RowChange<'_, Order>) -> Result<(), Fault> {
        let order = change.state;
        for event in change.events {
            match event {
                Event::OrderLineChanged { sku, .. } | Event::OrderLineRemoved { sku, .. } => {
                    write_line(conn, order, sku)?;
                }
                // All that these change is in the order's own row.
                Event::OrderPlaced { .. }
                | Event::OrderAddressSet { .. }
                | Event::OrderPaid { .. }
                | Event::OrderShipped { .. }
                | Event::OrderDelivered { .. }
                | Event::OrderCancelled { .. } => {}
            }
        }
        let address = order.address();
        prepared!(update(
            orders::table,
            orders::id.eq(DbUuid::of(order.id())),
            (
                orders::version.eq(column_of(change.version)),
                orders::status.eq(order.status().as_str()),
                orders::items.eq(order.items()),
                orders::total_amount.eq(order.total().amount),
                orders::address_name.eq(address.map(|address| &*address.name)),
                orders::address_street.eq(address.map(|address| &*address.street)),
                orders::address_city.eq(address.map(|address| &*address.city)),
                orders::address_country.eq(address.map(|address| &*address.country)),
                orders::tracking.eq(order.tracking().map(|tracking| &**tracking)),
            )
        ))
        .execute(conn)?;
        Ok(())
    }

    fn delete(&self, conn: &mut Conn, id: OrderId) -> Result<(), Fault> {
        let id = DbUuid::of(id);
        diesel::delete(order_lines::table.filter(order_lines::order_id.eq(id))).execute(conn)?;
        diesel::delete(orders::table.find(id)).execute(conn)?;
        Ok(())
    }

    fn orphans(&self, conn: &mut Conn, limit: usize) -> Result<Vec<Orphan>, Fault> {
        let lines: Vec<DbUuid> = order_lines::table
            .filter(diesel::dsl::not(diesel::dsl::exists(
                orders::table.filter(orders::id.eq(order_lines::order_id)),
            )))
            .select(order_lines::order_id)
            .limit(i64::try_from(limit).unwrap_or(i64::MAX))
            .load(conn)?;
        Ok(lines.into_iter().map(|line| Orphan { table: "order_lines", parent: line.0 }).collect())
    }
}

#[derive(Queryable)]
struct Row {
    id: DbUuid,
    version: i64,
    customer: DbUuid,
    status: String,
    placed_at: i64,
    items: i64,
    total_amount: i64,
    currency: String,
    address_name: Option<String>,
    address_street: Option<String>,
    address_city: Option<String>,
    address_country: Option<String>,
    tracking: Option<String>,
}

prepared_row! {
    struct NewRow<'a>: "insert into" orders "" {
        id: DbUuid as SqlUuid,
        version: i64 as BigInt,
        customer: DbUuid as SqlUuid,
        status: &'a str as Text,
        placed_at: i64 as BigInt,
        items: i64 as BigInt,
        total_amount: i64 as BigInt,
        currency: &'a str as Text,
        address_name: Option<&'a str> as Nullable<Text>,
        address_street: Option<&'a str> as Nullable<Text>,
        address_city: Option<&'a str> as Nullable<Text>,
        address_country: Option<&'a str> as Nullable<Text>,
        tracking: Option<&'a str> as Nullable<Text>,
    }
}

prepared_row! {
    struct NewLine<'a>: "insert into" order_lines "" {
        order_id: DbUuid as SqlUuid,
        line: i64 as BigInt,
        sku: &'a str as Text,
        description: &'a str as Text,
        quantity: i64 as BigInt,
        unit_price_amount: i64 as BigInt,
    }
}

impl<'a> NewRow<'a> {
    fn of(order: &'a Order, version: Version) -> Self {
        let address = order.address();
        Self {
            id: DbUuid::of(order.id()),
            version: column_of(version),
            customer: DbUuid::of(order.customer()),
            status: order.status().as_str(),
            placed_at: order.placed_at().as_micros(),
            items: order.items(),
            total_amount: order.total().amount,
            currency: order.total().currency.code(),
            address_name: address.map(|address| &*address.name),
            address_street: address.map(|address| &*address.street),
            address_city: address.map(|address| &*address.city),
            address_country: address.map(|address| &*address.country),
            tracking: order.tracking().map(|tracking| &**tracking),
        }
    }
}

impl<'a> NewLine<'a> {
    fn of(order: &Order, line: &'a Line, number: i64) -> Self {
        Self {
            order_id: DbUuid::of(order.id()),
            line: number,
            sku: &line.sku,
            description: &line.description,
            quantity: line.quantity,
            unit_price_amount: line.unit_price.amount,
        }
    }
}

impl Row {
    /// An address is there whole or not at all.
    fn address(&mut self) -> Result<Option<Address>, Fault> {
        let name = self.address_name.take();
        let street = self.address_street.take();
        match (name, street, self.address_city.take(), self.address_country.take()) {
            (None, None, None, None) => Ok(None),
            (Some(name), Some(street), Some(city), Some(country)) => {
                Ok(Some(Address { name, street, city, country }))
            }
            _ => Err(Fault::unreadable("`address_*` in `orders`")),
        }
    }
}

fn stored(conn: &mut Conn, mut row: Row) -> Result<Stored<Order>, Fault> {
    let currency = currency("orders", &row.currency)?;
    let address = row.address()?;
    let state = Order::restore(order::Snapshot {
        id: row.id.id(),
        customer: row.customer.id(),
        status: parsed("`status` in `orders`", &row.status)?,
        placed_at: Timestamp::from_micros(row.placed_at),
        lines: lines(conn, row.id, currency)?,
        items: row.items,
        total: Money::new(row.total_amount, currency),
        address,
        tracking: row.tracking.map(Arc::from),
    });
    Ok(Stored { state, version: version(row.version) })
}

fn lines(conn: &mut Conn, order: DbUuid, currency: Currency) -> Result<Arc<[Line]>, Fault> {
    let lines = order_lines::table
        .filter(order_lines::order_id.eq(order))
        .order(order_lines::line)
        .select((
            order_lines::sku,
            order_lines::description,
            order_lines::quantity,
            order_lines::unit_price_amount,
        ))
        .load_iter::<(String, String, i64, i64), _>(conn)?
        .map(|row| {
            let (sku, description, quantity, unit_price) = row?;
            let unit_price = Money::new(unit_price, currency);
            Ok(Line { sku: sku.into(), description: description.into(), quantity, unit_price })
        })
        .collect::<QueryResult<Vec<_>>>()?;
    Ok(lines.into())
}

/// Writes the line of this article as it is now, or removes it.
fn write_line(conn: &mut Conn, order: &Order, sku: &str) -> Result<(), Fault> {
    let of_order = order_lines::order_id.eq(DbUuid::of(order.id())).and(order_lines::sku.eq(sku));
    match order.line(sku) {
        Some(line) => {
            prepared!(update(order_lines::table, of_order, order_lines::quantity.eq(line.quantity)))
                .execute(conn)?
        }
        None => diesel::delete(order_lines::table.filter(of_order)).execute(conn)?,
    };
    Ok(())
}
