//! What must not compile, with the message that a newcomer reads.

#[test]
fn a_message_without_a_handler_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
