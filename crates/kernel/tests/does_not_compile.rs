//! What must not compile, and what the compiler says of it.

#[test]
fn what_is_wrong_with_a_specification_in_code_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/does_not_compile/*.rs");
}
