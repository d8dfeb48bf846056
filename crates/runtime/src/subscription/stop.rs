//! How everything that runs hears that it is to end.

use tokio::sync::watch;

/// Tells all who hold a [`Stop`].
pub(crate) struct Stopper(watch::Sender<bool>);

/// Hears of the end.
#[derive(Clone)]
pub(crate) struct Stop(watch::Receiver<bool>);

impl Stopper {
    pub(crate) fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    pub(crate) fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    pub(crate) fn is_requested(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits for the end; also over when nobody is left to tell.
    pub(crate) async fn requested(&self) {
        let mut receiver = self.0.clone();
        // An error says that the one who tells is gone, which is the end as well.
        let _ = receiver.wait_for(|requested| *requested).await;
    }
}
