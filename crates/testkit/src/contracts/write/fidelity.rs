//! What comes back is what went in.

use portolan_kernel::Timestamp;

use crate::builders::{counter_id, line, line_added, money, opened};
use crate::counter::{Counter, Event, Line, LineAdded, Opened, Refused};
use crate::{Subject, Verdict, ensure_eq};

/// W15: remove a middle element and reorder: the exact list, and no orphan rows.
pub async fn w15_the_list_is_exact_after_removal_and_reordering(subject: &mut Subject) -> Verdict {
    let id = counter_id("one");
    let lines = ["a", "b", "c", "d", "e"].map(line_added);
    subject.add([vec![opened("one")], lines.to_vec()].concat()).await?;
    subject.change(id, |counter| counter.remove_line("c")).await?;
    ensure_eq!(subject.state(id).await?.keys(), ["a", "b", "d", "e"], "the lines without the middle one");
    subject.change(id, |counter| counter.reorder(&["e", "a", "d", "b"])).await?;
    ensure_eq!(subject.state(id).await?.keys(), ["e", "a", "d", "b"], "the lines in another order");
    let again = |counter: &Counter| {
        let c = Line { quantity: 3, ..line("c") };
        Ok::<_, Refused>([counter.remove_line("a")?, counter.add_line(c)?].concat())
    };
    subject.change(id, again).await?;
    subject.change(id, |counter| counter.reorder(&["c", "b", "d", "e"])).await?;
    let state = subject.state(id).await?;
    ensure_eq!(state.keys(), ["c", "b", "d", "e"], "the lines after one went and one came");
    ensure_eq!(state.lines[0].quantity, 3, "the quantity of the line that came again");

    // Gone and back in one commit: the same key, other values, and now the last.
    let replaced = |counter: &Counter| {
        let b = Line { quantity: 9, ..line("b") };
        let added = Event::LineAdded(LineAdded { line: b });
        Ok::<_, Refused>([counter.remove_line("b")?, vec![added]].concat())
    };
    subject.change(id, replaced).await?;
    let state = subject.state(id).await?;
    ensure_eq!(state.keys(), ["c", "d", "e", "b"], "the lines after one was replaced");
    ensure_eq!(state.lines[3].quantity, 9, "the quantity of the line that was replaced");

    for key in ["c", "d", "e", "b"] {
        subject.change(id, |counter| counter.remove_line(key)).await?;
    }
    ensure_eq!(subject.state(id).await?.lines, [], "the lines when all are removed");
    let findings = subject.harness().findings(subject.ports()?).await?;
    ensure_eq!(findings, Vec::<String>::new(), "what the adapter's own check finds");
    Ok(())
}

/// W16: hostile text (quotes, `%_\`, trailing spaces, emoji, combining marks, right-to-left, 4 KiB; keys that differ
/// only by case) round-trips.
pub async fn w16_hostile_text_comes_back_as_it_was(subject: &mut Subject) -> Verdict {
    let long = "\u{1f99c}".repeat(1024);
    for (index, text) in HOSTILE.iter().copied().chain([&*long]).enumerate() {
        let id = counter_id(&format!("counter {index}"));
        let begun = Event::Opened(Opened::named(id, text));
        let lined = Event::LineAdded(LineAdded { line: line(text) });
        subject.add(vec![begun, lined]).await?;
        let state = subject.state(id).await?;
        ensure_eq!(state.text, text, "the text");
        ensure_eq!(state.keys(), [text], "the key of its line");
        let other = format!("{text}{text}");
        subject.change(id, |counter| counter.set_text(&other)).await?;
        subject.change(id, |counter| counter.remove_line(text)).await?;
        let state = subject.state(id).await?;
        ensure_eq!((state.text, state.lines.len()), (other, 0), "the text twice, and no line");
    }

    // Keys that a lenient collation takes for one another.
    let alike =
        ["a", "A", "a ", " a", "\u{e4}", "a\u{308}", "\u{c4}", "\u{df}", "ss", "\u{131}", "i", "I", ""];
    let events = [vec![opened("alike")], alike.map(line_added).to_vec()].concat();
    subject.add(events).await?;
    ensure_eq!(subject.state(counter_id("alike")).await?.keys(), alike, "the keys");
    subject.change(counter_id("alike"), |counter| counter.remove_line("A")).await?;
    let kept: Vec<_> = alike.into_iter().filter(|key| *key != "A").collect();
    ensure_eq!(subject.state(counter_id("alike")).await?.keys(), kept, "the keys without `A`");
    Ok(())
}

const HOSTILE: &[&str] = &[
    "",
    " ",
    "trailing   ",
    "\ttabs\r\nand\nlines\u{2028}",
    "it's \"quoted\" `back` \u{201c}curly\u{201d}",
    "100%_\\\\%\\_",
    "'; DROP TABLE counters; --",
    "$1 ?1 :name @name {} {0} ${x} {{x}}",
    "\u{1f469}\u{200d}\u{1f469}\u{200d}\u{1f467} \u{1f1eb}\u{1f1ee}",
    "e\u{301}\u{323} vs \u{1eb9}\u{301}",
    "\u{5e9}\u{5dc}\u{5d5}\u{5dd} \u{202e}txt.exe",
    "\u{feff}bom \u{200b}zero\u{ad}width",
    "\u{1}\u{7f}\u{85}\u{fffd}\u{10ffff}",
    "null",
    "NaN",
    "{\"json\": [1, \"\\u0041\"]}",
];

/// W17: i64 extremes and microsecond UTC times round-trip unchanged.
pub async fn w17_extreme_numbers_and_microseconds_come_back_as_they_were(subject: &mut Subject) -> Verdict {
    let numbers = [i64::MIN, i64::MIN + 1, -(1 << 53) - 1, -1, 0, 1, (1 << 53) + 1, i64::MAX - 1, i64::MAX];
    for number in numbers {
        let id = counter_id(&format!("counter {number}"));
        let price = money(number, "KWD");
        let begun = Opened { count: number, price: Some(price), ..Opened::named(id, "extreme") };
        let lined = LineAdded { line: Line { key: "a".to_owned(), quantity: number, price } };
        subject.add(vec![Event::Opened(begun), Event::LineAdded(lined)]).await?;
        let state = subject.state(id).await?;
        ensure_eq!(state.count, number, "the number");
        ensure_eq!(state.price, Some(price), "the price");
        ensure_eq!((state.lines[0].quantity, state.lines[0].price), (number, price), "the line");
    }
    let id = counter_id("times");
    subject.add(vec![opened("times")]).await?;
    let times = [Timestamp::MIN, Timestamp::MAX].into_iter().chain(
        [-62_135_596_799_999_999, -1, 0, 1, 999_999, 1_767_609_743_612_654, 1_774_746_000_000_001]
            .map(Timestamp::from_micros),
    );
    for time in times {
        subject.change(id, |counter| counter.set_moment(time)).await?;
        ensure_eq!(subject.state(id).await?.moment, time, "the time");
        subject.clock().set(time);
        let receipt = subject.change(id, |counter| counter.increment(1)).await?;
        let events = subject.history(id).await?;
        let last = events.iter().find(|event| event.position == receipt.position);
        ensure_eq!(last.map(|event| event.occurred_at), Some(time), "when the event occurred");
        ensure_eq!(last.map(|event| event.recorded_at), Some(time), "when the event was recorded");
    }
    Ok(())
}
