//! What every request passes: limits on its head, a stop for panics, counting, and the headers of every answer. One that is
//! answered before its body was read says that its connection ends, because the rest of that body stands in the way of the next.
//!
//! It is one hand-written layer, because each layer of a router costs every request an allocation.

use std::any::Any;
use std::convert::Infallible;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{CONNECTION, HeaderValue, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use crate::http::Shared;
use crate::metrics::RouteLabels;
use crate::problem::Problem;
use crate::request::{traceparent, within_limit};

/// The layer.
#[derive(Clone)]
pub(crate) struct Front(pub(crate) Shared);

impl<S> Layer<S> for Front {
    type Service = Fronted<S>;

    fn layer(&self, inner: S) -> Fronted<S> {
        Fronted { inner, http: self.0.clone() }
    }
}

/// A route behind the layer.
#[derive(Clone)]
pub(crate) struct Fronted<S> {
    inner: S,
    http: Shared,
}

impl<S> Service<Request> for Fronted<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answering<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request) -> Self::Future {
        let began = Instant::now();
        let route = RouteLabels {
            method: request.method().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
        };
        let traceparent = traceparent(request.headers()).map(str::to_owned);
        let refused = self.refuse(&request);
        let is_unread = (!request.body().is_end_stream()).then(|| {
            let is_unread = Arc::new(AtomicBool::new(true));
            let inner = std::mem::take(request.body_mut());
            *request.body_mut() = Body::new(Watched { inner, is_unread: Arc::clone(&is_unread) });
            is_unread
        });
        let answer = match refused {
            Some(problem) => Answer::Refused { response: Some(problem.into_response()) },
            // The call itself runs nothing of a handler: that begins with the first poll.
            None => Answer::Routed { future: self.inner.call(request) },
        };
        Answering { answer, http: self.http.clone(), began, route, traceparent, is_unread }
    }
}

impl<S> Fronted<S> {
    fn refuse(&self, request: &Request) -> Option<Problem> {
        let limits = &self.http.limits;
        let target = request.uri();
        if target.path().len() + target.query().map_or(0, str::len) > limits.url_bytes {
            return Some(Problem::url_too_long());
        }
        within_limit(request.headers(), limits.body_bytes).err()
    }
}

pin_project! {
    /// An answer on its way.
    pub(crate) struct Answering<F> {
        #[pin]
        answer: Answer<F>,
        http: Shared,
        began: Instant,
        route: RouteLabels,
        traceparent: Option<String>,
        // Of the request's body, where it has one.
        is_unread: Option<Arc<AtomicBool>>,
    }
}

/// A body that tells whether it was read to its end.
struct Watched {
    inner: Body,
    is_unread: Arc<AtomicBool>,
}

impl http_body::Body for Watched {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.inner).poll_frame(context);
        if matches!(frame, Poll::Ready(None)) || self.inner.is_end_stream() {
            self.is_unread.store(false, Ordering::Relaxed);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

pin_project! {
    #[project = AnswerState]
    enum Answer<F> {
        Refused { response: Option<Response> },
        Routed { #[pin] future: F },
    }
}

impl<F, R> Future for Answering<F>
where
    F: Future<Output = Result<R, Infallible>>,
    R: IntoResponse,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let mut response = match this.answer.project() {
            AnswerState::Refused { response } => match response.take() {
                Some(response) => response,
                // It has answered already, and nobody asks a future twice.
                None => return Poll::Pending,
            },
            // A future that panicked is never polled again, so that nothing half-done is seen.
            AnswerState::Routed { future } => match catch_unwind(AssertUnwindSafe(|| future.poll(context))) {
                Ok(polled) => match ready!(polled) {
                    Ok(response) => response.into_response(),
                    Err(never) => match never {},
                },
                Err(panic) => {
                    let what = format!("a handler panicked: {}", said(&*panic));
                    this.http.bug(&what, this.traceparent.as_deref()).into_response()
                }
            },
        };
        response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if this.is_unread.as_ref().is_some_and(|is_unread| is_unread.load(Ordering::Relaxed)) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
        this.http.metrics.request(this.route.clone(), response.status(), this.began.elapsed());
        Poll::Ready(Ok(response))
    }
}

/// What a panic said, where that is a text.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a text")
}
