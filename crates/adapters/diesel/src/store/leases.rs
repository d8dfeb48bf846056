//! Who runs a shared subscription.

use std::any::Any;
use std::time::Duration;

use async_trait::async_trait;
use diesel::prelude::*;
use portolan_kernel::{Claim, Epoch, Error, Lease, Leases, Result, SubscriptionId};

use super::tables::leases;
use super::{Conn, Fault, Store, engine};

/// The engine's answer to a claim: it is this process's for as long as the guard lives, or another owner has it, which
/// is named where it is known.
pub(in super::super) type Held = std::result::Result<Box<dyn Any + Send + Sync>, Option<String>>;

#[async_trait]
impl Leases for Store {
    async fn claim(&self, subscription: &SubscriptionId) -> Result<Claim> {
        let queue = self.queue()?;
        let held = self.0.leases.claim(&subscription.to_string());
        match held.map_err(|fault| fault.at(&self.0.config.location))? {
            Err(by) => Ok(Claim::Taken { by }),
            Ok(guard) => {
                let (claimed, term) = (subscription.clone(), self.term());
                let granted = queue.write(move |conn| claim(conn, &claimed, term)).await?;
                Ok(match granted {
                    Ok(epoch) => Claim::Granted(Lease::guarded(subscription.clone(), epoch, guard)),
                    Err(by) => Claim::Taken { by },
                })
            }
        }
    }

    async fn extend(&self, lease: &Lease) -> Result<()> {
        let (subscription, epoch) = (lease.subscription().clone(), lease.epoch());
        match self.term() {
            None => self.read_with(move |conn| check_epoch(conn, &subscription, epoch)).await,
            Some(term) => {
                self.queue()?
                    .write(move |conn| {
                        let ends_at = engine::now(conn)? + micros(term);
                        let extended = diesel::update(owned(&subscription, epoch))
                            .set(leases::ends_at.eq(ends_at))
                            .execute(conn)?;
                        if extended == 0 { Err(fenced(&subscription)) } else { Ok(()) }
                    })
                    .await
            }
        }
    }

    async fn release(&self, lease: Lease) -> Result<()> {
        if self.term().is_none() {
            // Dropping it gives it back.
            return Ok(());
        }
        let (subscription, epoch) = (lease.subscription().clone(), lease.epoch());
        self.queue()?
            .write(move |conn| {
                diesel::update(owned(&subscription, epoch))
                    .set((leases::owner.eq(None::<String>), leases::ends_at.eq(None::<i64>)))
                    .execute(conn)?;
                Ok(())
            })
            .await
    }

    fn term(&self) -> Option<Duration> {
        engine::term(&self.0.config)
    }
}

/// Refuses what was not written in the present epoch of its subscription.
pub(in super::super) fn check_epoch(
    conn: &mut Conn,
    subscription: &SubscriptionId,
    epoch: Epoch,
) -> Result<(), Fault> {
    if present_epoch(conn, subscription)? == epoch {
        return Ok(());
    }
    Err(fenced(subscription))
}

/// The newest epoch of each subscription.
pub(super) fn epochs(conn: &mut Conn) -> Result<Vec<(SubscriptionId, Epoch)>, Fault> {
    let rows: Vec<(String, i64, i64)> =
        leases::table.select((leases::name, leases::version, leases::epoch)).load(conn)?;
    let epoch = |(name, version, epoch): (String, i64, i64)| {
        let version = u16::try_from(version).map_err(|_| Fault::unreadable("`version` in `leases`"))?;
        Ok((SubscriptionId { name, version }, Epoch(epoch.cast_unsigned())))
    };
    rows.into_iter().map(epoch).collect()
}

/// Lets the next owner's epoch be beyond this one.
pub(super) fn raise_epoch(conn: &mut Conn, subscription: &SubscriptionId, epoch: Epoch) -> Result<(), Fault> {
    if present_epoch(conn, subscription)? >= epoch {
        return Ok(());
    }
    let (key, set) = (key(subscription), leases::epoch.eq(epoch.get().cast_signed()));
    if diesel::update(leases::table.find(key)).set(set).execute(conn)? == 0 {
        let key = (leases::name.eq(key.0), leases::version.eq(key.1));
        diesel::insert_into(leases::table).values((key, set)).execute(conn)?;
    }
    Ok(())
}

fn fenced(subscription: &SubscriptionId) -> Fault {
    Fault::answer(Error::Fenced(format!("the subscription {subscription}")))
}

/// Begins the next epoch, in the writer's transaction, unless somebody else's lease has not ended by the store's clock:
/// then who that is.
fn claim(
    conn: &mut Conn,
    subscription: &SubscriptionId,
    term: Option<Duration>,
) -> Result<Result<Epoch, Option<String>>, Fault> {
    let (name, version) = key(subscription);
    let row = leases::table.find((name, version)).select((leases::epoch, leases::owner, leases::ends_at));
    let found: Option<(i64, Option<String>, Option<i64>)> = row.get_result(conn).optional()?;
    let mut ends_at = None;
    if let Some(term) = term {
        let now = engine::now(conn)?;
        if let Some((_, Some(owner), Some(until))) = &found
            && *until > now
        {
            return Ok(Err(Some(owner.clone())));
        }
        ends_at = Some(now + micros(term));
    }
    let epoch = found.as_ref().map_or(0, |(epoch, _, _)| *epoch) + 1;
    let owner = term.map(|_| engine::owner());
    let changes = (leases::epoch.eq(epoch), leases::owner.eq(owner), leases::ends_at.eq(ends_at));
    if found.is_some() {
        diesel::update(leases::table.find((name, version))).set(changes).execute(conn)?;
    } else {
        let key = (leases::name.eq(name), leases::version.eq(version));
        diesel::insert_into(leases::table).values((key, changes)).execute(conn)?;
    }
    Ok(Ok(Epoch(epoch.cast_unsigned())))
}

/// The lease of this subscription, as long as it is held in this epoch.
#[diesel::dsl::auto_type(no_type_alias)]
fn owned(subscription: &SubscriptionId, epoch: Epoch) -> _ {
    let epoch: i64 = epoch.get().cast_signed();
    let version: i64 = i64::from(subscription.version);
    let name: &str = &subscription.name;
    leases::table
        .filter(leases::name.eq(name))
        .filter(leases::version.eq(version))
        .filter(leases::epoch.eq(epoch))
        .filter(leases::owner.is_not_null())
}

fn micros(term: Duration) -> i64 {
    i64::try_from(term.as_micros()).unwrap_or(i64::MAX)
}

fn present_epoch(conn: &mut Conn, subscription: &SubscriptionId) -> Result<Epoch, Fault> {
    let row = leases::table.find(key(subscription)).select(leases::epoch);
    let epoch: Option<i64> = row.get_result(conn).optional()?;
    Ok(Epoch(epoch.unwrap_or(0).cast_unsigned()))
}

fn key(subscription: &SubscriptionId) -> (&str, i64) {
    (&subscription.name, i64::from(subscription.version))
}
