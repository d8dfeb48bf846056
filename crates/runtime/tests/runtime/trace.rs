//! What spans and logs hold, and what they do not.

use std::io;
use std::sync::{Arc, Mutex};

use portolan_runtime::SystemIds;
use portolan_runtime::middleware::{Chain, Trace};
use tracing_subscriber::fmt::MakeWriter;

use crate::mediator::mediator;
use crate::support::{Add, Peek, context};

/// Where the log goes.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn each_message_has_a_span_with_its_outcome_and_without_its_payload() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_writer(log.clone())
        .with_max_level(tracing::Level::DEBUG)
        .with_ansi(false)
        .finish();
    let _default = tracing::subscriber::set_default(subscriber);
    let (_, mediator) = mediator(Chain::new().around_both(Trace::new(Arc::new(SystemIds::new())))).await;
    mediator.send(Add { counter: 1, amount: 424_242 }, context(0xc0ffee)).await.unwrap();
    mediator.send(Add { counter: 1, amount: -999_999 }, context(2)).await.unwrap_err();
    mediator.ask(Peek(1)).await.unwrap();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    let fields = [
        r#"command="add""#,
        "aggregate=counter 00000000-0000-0000-0000-000000000001",
        "command_id=00000000-0000-0000-0000-000000c0ffee",
        r#"traceparent="00-"#,
        "version=2",
    ];
    assert!(fields.iter().all(|field| lines[0].contains(field)), "{text}");
    assert!(lines[1].contains(r#"code="negative""#) && lines[2].contains(r#"query="peek""#), "{text}");
    assert!(!text.contains("424242") && !text.contains("999999"), "{text}");
}
