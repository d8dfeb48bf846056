//! Who runs a shared subscription.

use std::any::Any;
use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use portolan_kernel::{Claim, Epoch, Error, Lease, Leases, Result, SubscriptionId};

use super::tables::leases;
use super::{Conn, Fault, Store};

/// The engine's answer to a claim.
pub(in super::super) enum Held {
    /// It is this process's for as long as the guard lives.
    Here(Box<dyn Any + Send + Sync>),
    /// Another owner has it: which process, where that is known.
    Elsewhere {
        /// In words.
        by: Option<String>,
    },
}

#[async_trait]
impl Leases for Store {
    async fn claim(&self, subscription: &SubscriptionId) -> Result<Claim> {
        let queue = self.queue()?;
        let held = self.0.leases.claim(&subscription.to_string());
        match held.map_err(|fault| fault.at(&self.0.config.location))? {
            Held::Elsewhere { by } => Ok(Claim::Taken { by }),
            Held::Here(guard) => {
                let claimed = subscription.clone();
                let epoch = queue.write(move |conn| next_epoch(conn, &claimed)).await?;
                Ok(Claim::Granted(Lease::guarded(subscription.clone(), epoch, guard)))
            }
        }
    }

    async fn extend(&self, lease: &Lease) -> Result<()> {
        let (subscription, epoch) = (lease.subscription().clone(), lease.epoch());
        self.read_with(move |conn| check_epoch(conn, &subscription, epoch)).await
    }

    async fn release(&self, lease: Lease) -> Result<()> {
        drop(lease);
        Ok(())
    }

    fn term(&self) -> Option<Duration> {
        None
    }
}

/// Refuses what was not written in the present epoch of its subscription.
pub(super) fn check_epoch(conn: &mut Conn, subscription: &SubscriptionId, epoch: Epoch) -> Result<(), Fault> {
    if present_epoch(conn, subscription)? == epoch {
        return Ok(());
    }
    Err(Error::Fenced(format!("the subscription {subscription}")).into())
}

/// Begins the next epoch, in the writer's transaction.
fn next_epoch(conn: &mut Conn, subscription: &SubscriptionId) -> Result<Epoch, Fault> {
    let next = Epoch(present_epoch(conn, subscription)?.get() + 1);
    let (name, version) = key(subscription);
    let epoch = leases::epoch.eq(next.get().cast_signed());
    let raised = diesel::update(leases::table.find((name, version))).set(epoch).execute(conn)?;
    if raised == 0 {
        let row = (leases::name.eq(name), leases::version.eq(version), epoch);
        diesel::insert_into(leases::table).values(row).execute(conn)?;
    }
    Ok(next)
}

fn present_epoch(conn: &mut Conn, subscription: &SubscriptionId) -> Result<Epoch, Fault> {
    let row = leases::table.find(key(subscription)).select(leases::epoch);
    let epoch: Option<i64> = row.get_result(conn).optional()?;
    Ok(Epoch(epoch.unwrap_or(0).cast_unsigned()))
}

fn key(subscription: &SubscriptionId) -> (&str, i64) {
    (&subscription.name, i64::from(subscription.version))
}
