//! Pages match the code: headings and crates, decisions and their index, findings and their pages, rules, dependencies.

#[test]
fn pages_match_the_code() -> anyhow::Result<()> {
    // fail: a crate, decision, finding, rule or dependency without its page or line, and the other way round
    let problems = xtask::tidy::check_pages(&xtask::root())?;
    assert!(problems.errors.is_empty(), "{}", problems.errors.join("\n"));
    Ok(())
}
