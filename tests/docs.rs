//! Pages match the code: headings and crates, decisions and their index, findings and their pages, rules, dependencies.

use lasthand_lineage::finding::FindingId;
use lasthand_lineage::mutants::Rule;

#[test]
fn pages_match_the_code() -> anyhow::Result<()> {
    // fail: a crate, decision or dependency without its page or line, and the other way round
    let problems = xtask::tidy::check_pages(&xtask::root())?;
    assert!(problems.errors.is_empty(), "{}", problems.errors.join("\n"));
    Ok(())
}

#[test]
fn findings_and_rules_have_their_pages() -> anyhow::Result<()> {
    // fail: a finding or rule of the code without its page or word, a page about no finding, a bold word that is no rule
    let findings: Vec<_> = FindingId::ALL.iter().map(|finding| (finding.id(), finding.name())).collect();
    let rules: Vec<_> = Rule::ALL.iter().map(|rule| rule.name()).collect();
    let problems = xtask::tidy::check_named_pages(&xtask::root(), &findings, &rules)?;
    assert!(problems.errors.is_empty(), "{}", problems.errors.join("\n"));
    Ok(())
}
