//! Views in SQL: tables made from a view's one declaration, specifications as conditions on them.
//!
//! Like `store/` it is the same for every engine, which mounts it below its own module.

use std::sync::Arc;

use portolan_kernel::{Position, Result, StoredView};
use tokio::sync::watch;

pub use projection::SqlProjection;
pub use repository::SqlView;

pub(super) use layout::Kind;
pub(super) use statement::{Bound, Raw, Statement};

use self::estimates::Estimates;
use self::layout::Layout;
use self::state::{Declared, Standing};
use self::statement::Shapes;
use super::store::pace::Pace;
use super::{Store, engine};

mod body;
mod count;
mod estimates;
mod inserts;
mod layout;
mod likeness;
mod members;
mod page;
mod plan;
mod projection;
mod repository;
mod rows;
mod selects;
mod source;
mod state;
mod statement;
mod tables;
#[cfg(test)]
mod tests;
mod translate;
mod words;
mod writes;

/// What both sides of a view share.
struct Model {
    store: Store,
    layout: Layout,
    /// The layout while its indexes are yet to be made.
    without_indexes: Layout,
    declared: Declared,
    shapes: Shapes,
    estimates: Estimates,
    pace: Arc<Pace>,
    /// How far this process has filled the view.
    told: watch::Sender<Position>,
}

/// What a question is answered from: the tables as they are in its snapshot, and what is known of them.
#[derive(Clone, Copy)]
struct Asked<'a> {
    layout: &'a Layout,
    shapes: &'a Shapes,
    estimates: &'a Estimates,
    position: Position,
}

impl Model {
    /// What a question is answered from where the view stands there.
    const fn asked(&self, Standing { position, has_indexes }: Standing) -> Asked<'_> {
        let layout = if has_indexes { &self.layout } else { &self.without_indexes };
        Asked { layout, shapes: &self.shapes, estimates: &self.estimates, position }
    }
}

impl Store {
    /// A view in this store: the side that answers, and the side that `projector` fills from the journal as the
    /// subscription `name`.
    ///
    /// Its tables are made here, from the view's declaration, where they are not there. Tables of another declaration or
    /// an older `version` are dropped, and the view is filled anew; so raise it when the projector makes other rows of the
    /// same events. In a store that was opened to be read they must be there when the view is asked.
    ///
    /// # Errors
    /// [`Error::Invalid`](portolan_kernel::Error::Invalid) for a name that is not in snake case, and for a view that a newer
    /// program has made; [`Error::Unsupported`](portolan_kernel::Error::Unsupported) for a declaration that has no tables;
    /// [`Error::Unavailable`](portolan_kernel::Error::Unavailable) where the store cannot be written.
    pub async fn view<V: StoredView, P>(
        &self,
        name: &str,
        version: u32,
        projector: P,
    ) -> Result<(SqlView<V>, SqlProjection<V, P>)> {
        self.view_of(Layout::of::<V>(name)?, version, projector).await
    }

    async fn view_of<V: StoredView, P>(
        &self,
        layout: Layout,
        version: u32,
        projector: P,
    ) -> Result<(SqlView<V>, SqlProjection<V, P>)> {
        let declared = Declared::new(&layout, version)?;
        let told = watch::Sender::new(Position::ZERO);
        let model = Arc::new(Model {
            store: self.clone(),
            without_indexes: layout.without_indexes(),
            layout,
            declared,
            shapes: Shapes::new(),
            estimates: Estimates::default(),
            pace: Arc::default(),
            told,
        });
        if let Ok(queue) = self.queue() {
            let model = Arc::clone(&model);
            if engine::MAKES_TABLES_IN_TRANSACTIONS {
                queue.write(move |conn| state::make(conn, &model.layout, &model.declared)).await?;
            } else {
                // It would end the transaction of the group that it is in.
                self.beside(move |conn| state::make_alone(conn, &model.layout, &model.declared)).await?;
            }
        }
        Ok((SqlView::new(Arc::clone(&model)), SqlProjection::new(model, projector)))
    }
}
