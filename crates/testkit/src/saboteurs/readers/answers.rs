//! Read models that answer wrongly.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use portolan_kernel::{Error, Page, PageRequest, Position, Query, Result, Specification};

use super::Tamper;
use crate::ReadModel;
use crate::counter::CounterView;

pub(super) struct BreaksTies;

#[async_trait]
impl Tamper for BreaksTies {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let mut page = inner.repository.find(query).await?;
        let sort = query.sort.to_string();
        if sort == "count" && page.next.is_none() && query.page.after.is_none() {
            page.rows.sort_by_key(|row| (row.view.count, std::cmp::Reverse(row.view.id)));
        }
        Ok(page)
    }
}

pub(super) struct NullsFirst;

#[async_trait]
impl Tamper for NullsFirst {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let mut page = inner.repository.find(query).await?;
        if query.sort.to_string() == "-price.amount" {
            page.rows.sort_by_key(|row| row.view.price.is_some());
        }
        Ok(page)
    }
}

pub(super) struct LosesTheLast;

#[async_trait]
impl Tamper for LosesTheLast {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let mut page = inner.repository.find(query).await?;
        // It takes a page that is not full for the end, and a last row that is alone for none.
        if query.page.after.is_some() && page.rows.len() == 1 && page.next.is_none() {
            page.rows.clear();
        }
        Ok(page)
    }
}

/// Knows of each cursor how many rows stood before it.
#[derive(Default)]
pub(super) struct CountsRows(Mutex<HashMap<String, usize>>);

#[async_trait]
impl Tamper for CountsRows {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let page = inner.repository.find(query).await?;
        let known = |text: &str| self.0.lock().unwrap_or_else(PoisonError::into_inner).get(text).copied();
        let skipped = query.page.after.as_ref().and_then(|cursor| known(cursor.as_str())).unwrap_or(0);
        let all = inner.repository.find(&query.clone().page(PageRequest::everything())).await?;
        let size = query.page.size.rows().unwrap_or(usize::MAX);
        let rows: Vec<_> = all.rows.into_iter().skip(skipped).take(size).collect();
        if let Some(next) = &page.next {
            let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            counts.insert(next.to_string(), skipped + rows.len());
        }
        Ok(Page { rows, ..page })
    }
}

pub(super) struct StartsOver;

#[async_trait]
impl Tamper for StartsOver {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        match inner.repository.find(query).await {
            Err(Error::Invalid(_)) if query.page.after.is_some() => {
                inner.repository.find(&query.clone().page(PageRequest::first(query.page.size))).await
            }
            answer => answer,
        }
    }
}

pub(super) struct AnswersOneMore;

#[async_trait]
impl Tamper for AnswersOneMore {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let mut page = inner.repository.find(query).await?;
        if page.next.is_some() && page.rows.len() >= 50 {
            page.rows.extend(page.rows.last().cloned());
        }
        Ok(page)
    }
}

pub(super) struct NeverStale;

#[async_trait]
impl Tamper for NeverStale {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        inner.repository.find(&Query { at_least: None, ..query.clone() }).await
    }
}

pub(super) struct NeverWakes;

#[async_trait]
impl Tamper for NeverWakes {
    async fn wait_for(&self, inner: &ReadModel, want: Position, patience: Duration) -> Result<Position> {
        match inner.repository.wait_for(want, Duration::ZERO).await {
            Err(stale) => {
                tokio::time::sleep(patience).await;
                Err(stale)
            }
            come => come,
        }
    }
}

pub(super) struct Widens;

#[async_trait]
impl Tamper for Widens {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        match query.criteria.tree() {
            Ok(_) => inner.repository.find(query).await,
            Err(_) => {
                inner.repository.find(&Query { criteria: Specification::everything(), ..query.clone() }).await
            }
        }
    }
}

pub(super) struct CountsAll;

#[async_trait]
impl Tamper for CountsAll {
    async fn count(&self, inner: &ReadModel, criteria: &Specification<CounterView>) -> Result<u64> {
        criteria.tree()?;
        inner.repository.count(&Specification::everything()).await
    }
}

pub(super) struct CountsThePage;

#[async_trait]
impl Tamper for CountsThePage {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let page = inner.repository.find(query).await?;
        let count = page.count.map(|_| page.rows.len() as u64);
        Ok(Page { count, ..page })
    }
}

pub(super) struct CountsApart;

#[async_trait]
impl Tamper for CountsApart {
    async fn find(&self, inner: &ReadModel, query: &Query<CounterView>) -> Result<Page<CounterView>> {
        let page = inner.repository.find(&Query { is_counted: false, ..query.clone() }).await?;
        if !query.is_counted {
            return Ok(page);
        }
        tokio::task::yield_now().await;
        Ok(Page { count: Some(inner.repository.count(&query.criteria).await?), ..page })
    }
}
