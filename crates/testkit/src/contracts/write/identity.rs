//! The identity map, and copies.

use portolan_kernel::Aggregate as _;

use crate::builders::{counter_id, incremented, opened};
use crate::counter::fields::counter;
use crate::counter::{Counter, CounterId};
use crate::subject::{execute, get};
use crate::{OrBreach, Subject, Verdict, ensure_eq};

/// W12: two gets of one id in a unit of work give the same aggregate (identity map); in two units, independent
/// copies.
pub async fn w12_two_gets_in_one_unit_are_one_aggregate(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one")]).await?;
    let (unit, other) = (subject.begin()?, subject.begin()?);
    let (first, second) = (get(&unit, id).await?, get(&unit, id).await?);
    let elsewhere = get(&other, id).await?;
    execute(&first, |counter| counter.increment(5))?;
    ensure_eq!(second.read(|counter| counter.count), 5, "the number that the second get shows");
    ensure_eq!(get(&unit, id).await?.read(|counter| counter.count), 5, "the number that a later get shows");
    ensure_eq!(elsewhere.read(|counter| counter.count), 0, "the number in another unit");
    execute(&second, |counter| counter.increment(1))?;
    unit.commit(first.key()).await?;
    ensure_eq!(subject.state(id).await?.count, 6, "the stored number");
    ensure_eq!(elsewhere.read(|counter| counter.count), 0, "the number in another unit, after the commit");
    Ok(())
}

/// W12: find hands out the unit's own instances for the ids it already holds, and tests those again.
pub async fn w12_find_tests_the_units_own_copies_again(subject: &mut Subject) -> Verdict {
    let mut ids = ["one", "two", "three"].map(counter_id);
    ids.sort_unstable();
    for name in ["one", "two", "three"] {
        subject.add(vec![opened(name), incremented(1)]).await?;
    }
    let unit = subject.begin()?;
    let held = get(&unit, ids[1]).await?;
    execute(&held, |counter| counter.increment(1))?;
    let counters = unit.repository::<Counter>();
    let found = counters.find(&counter::count().eq(1), 10).await?;
    let found: Vec<CounterId> = found.iter().map(|found| found.read(|state| state.id)).collect();
    ensure_eq!(found, [ids[0], ids[2]], "those that still have the number 1 in this unit");
    let same = counters.find(&counter::id().eq(ids[1]), 10).await?;
    let same = same.first().or_breach("the counter that the unit holds")?;
    execute(same, |counter| counter.increment(1))?;
    ensure_eq!(held.read(|counter| counter.count), 3, "the number of the one copy");
    Ok(())
}

/// W22: a mutation of a returned aggregate that is not committed never shows in the store.
pub async fn w22_what_is_not_committed_never_shows(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    subject.add(vec![opened("one"), incremented(1)]).await?;
    let stored = subject.stored(id).await?;
    let unit = subject.begin()?;
    let counter = get(&unit, id).await?;
    execute(&counter, |counter| counter.increment(41))?;
    ensure_eq!(subject.stored(id).await?, stored, "the counter while a unit is changing it");
    drop((counter, unit));
    ensure_eq!(subject.stored(id).await?, stored, "the counter after that unit was dropped");

    // The state that the port answers is shared; whoever can make it his own still changes no store.
    let key = portolan_kernel::AggregateKey::of::<Counter>(id);
    let loaded = subject.store()?.load(key).await?.or_breach("the counter")?;
    if let Ok(state) = loaded.state.downcast::<Counter>() {
        let mut state = std::sync::Arc::unwrap_or_clone(state);
        state.apply(&incremented(41));
        ensure_eq!(state.count, 42, "the copy's number");
    }
    ensure_eq!(subject.stored(id).await?, stored, "the counter after its state was changed in hand");
    Ok(())
}
