//! `Idempotency-Key`: under which a write's outcome is kept, so that a retry gets the first answer again.

use axum::http::header::HeaderName;
use axum::http::{HeaderMap, Method};
use portolan_kernel::Fingerprint;
use uuid::Uuid;

use super::single;
use crate::problem::Problem;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The namespace in which keys become command ids. It never changes: kept outcomes would be lost.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f4c_1f0e_50d3_5d0b_9d53_0f6a_7c1e_2b88);

const LONGEST_KEY: usize = 255;

/// The command id that the key of these headers stands for; `None` without a key.
pub(super) fn command_id(headers: &HeaderMap) -> Result<Option<Uuid>, Problem> {
    let Some(key) = single(headers, &IDEMPOTENCY_KEY)? else { return Ok(None) };
    let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
    if key.is_empty() || key.len() > LONGEST_KEY || !visible {
        return Err(Problem::malformed(format!(
            "an Idempotency-Key is 1 to {LONGEST_KEY} visible ASCII characters"
        )));
    }
    Ok(Some(Uuid::new_v5(&NAMESPACE, key.as_bytes())))
}

/// The digest of a request as sent: of its method, its path and its body.
pub(super) fn fingerprint(method: &Method, path: &str, body: &[u8]) -> Fingerprint {
    let method = method.as_str();
    let mut whole = Vec::with_capacity(method.len() + path.len() + body.len() + 2);
    // Neither a method nor a path holds a line end, so that no two requests give the same bytes.
    for part in [method.as_bytes(), b"\n", path.as_bytes(), b"\n", body] {
        whole.extend_from_slice(part);
    }
    Fingerprint::of(&whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::headers;

    #[test]
    fn a_key_is_1_to_255_visible_characters() {
        let id = |key: &str| command_id(&headers([("idempotency-key", key)]));
        assert_eq!(id("order-1").unwrap(), id("order-1").unwrap());
        assert_ne!(id("order-1").unwrap(), id("order-2").unwrap());
        assert!(id(&"k".repeat(255)).unwrap().is_some());
        for wrong in ["", "two words", &"k".repeat(256)] {
            assert_eq!(id(wrong).unwrap_err().code(), "malformed", "{wrong}");
        }
        assert_eq!(command_id(&HeaderMap::new()).unwrap(), None);
    }

    #[test]
    fn the_fingerprint_covers_method_path_and_body() {
        let first = fingerprint(&Method::POST, "/a", b"{}");
        assert_eq!(first, fingerprint(&Method::POST, "/a", b"{}"));
        assert_ne!(first, fingerprint(&Method::PUT, "/a", b"{}"));
        assert_ne!(first, fingerprint(&Method::POST, "/b", b"{}"));
        assert_ne!(first, fingerprint(&Method::POST, "/a", b"{ }"));
    }
}
