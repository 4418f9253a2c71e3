//! The dependency table of ARCHITECTURE.md is true, and pure crates are pure. The same check as `cargo xtask layers`.

#[test]
fn edges_and_purity_are_as_the_table_says() -> anyhow::Result<()> {
    // fail: an edge that the table has not, a row that the crates have not, an impure name in a pure crate
    let problems = xtask::layers::check(&xtask::root())?;
    assert!(problems.errors.is_empty(), "{}", problems.errors.join("\n"));
    Ok(())
}
