//! Work done at once.

use crate::{Breach, Verdict};

/// Runs these at once, each as a task, and answers what each answered, in their order.
///
/// # Errors
/// The first breach; also where one panicked.
pub(crate) async fn all<T: Send + 'static, F>(workers: impl IntoIterator<Item = F>) -> Verdict<Vec<T>>
where
    F: Future<Output = Verdict<T>> + Send + 'static,
{
    let tasks: Vec<_> = workers.into_iter().map(tokio::spawn).collect();
    let mut answers = Vec::with_capacity(tasks.len());
    for task in tasks {
        answers.push(task.await.map_err(|error| Breach::new(format!("a worker died: {error}")))??);
    }
    Ok(answers)
}
