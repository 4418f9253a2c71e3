//! Signatures of commits: who of a landing's authors signed what is his.

use std::path::Path;

use lasthand_model::digest::GitId;
use lasthand_model::wire::facts::{Actor, SignerMethod};
use lasthand_model::wire::step_actor::{Established, WireActor};
use lasthand_observe::git::{self, AuthoredCommit, Repository};
use lasthand_trust::git_signature::{GitSignatureError, SignedObject, verify_commit};
use lasthand_trust::trust_file::TrustFile;
use lasthand_verify::LoadedTrust;

use crate::command_error::CommandError;
use crate::context::Context;

/// How the people of a commit are known who can have signed it: nobody signs for a trailer.
const OWN: [&str; 2] = ["git-author", "git-committer"];

/// Whom signatures of commits are believed of, and for which moment.
#[derive(Debug)]
pub(crate) struct SignedCommits {
    trust: LoadedTrust,
    now: i64,
}

impl SignedCommits {
    /// Reads the trust file.
    ///
    /// # Errors
    /// When it cannot be read or has an error.
    pub(crate) fn from_file(file: &Path, context: &Context) -> Result<Self, CommandError> {
        Ok(Self { trust: LoadedTrust::from_file(file, context.now, &context.limits)?, now: context.now })
    }

    /// Adds to each author or committer who signed his commit that he is known by the signature, too, behind how he is known already.
    ///
    /// Out: what the reader should know: signatures that prove nothing, and signers who are none of their commit's people.
    ///
    /// SECURITY: nobody is made an author, or another kind, by a signature: it only adds to what is stated of somebody whom the commit names.
    ///
    /// # Errors
    /// When a commit cannot be read.
    pub(crate) fn establish(
        &self,
        repository: &Repository,
        commits: &[AuthoredCommit],
        actors: &mut [WireActor],
    ) -> Result<Vec<String>, CommandError> {
        let mut notes = Vec::new();
        for AuthoredCommit { commit, authors, .. } in commits {
            let short: String = commit.as_str().chars().take(12).collect();
            match verify_commit(&git::commit_content(repository, commit)?, &self.trust.file().ring, self.now) {
                Ok(signed) => {
                    if !establish(self.trust.file(), &signed, authors, actors) {
                        let who = signed.principal();
                        notes.push(format!("commit {short} is signed by {who}, who is none of its people"));
                    }
                }
                Err(GitSignatureError::Unsigned) => {}
                Err(error) => {
                    let source =
                        std::error::Error::source(&error).map_or_else(String::new, |source| format!(": {source}"));
                    notes.push(format!("the signature of commit {short} proves nothing: {error}{source}"));
                }
            }
        }
        Ok(notes)
    }
}

/// Marks the signer among the actors; tells whether he is one of the commit's people.
fn establish(file: &TrustFile, signed: &SignedObject, authors: &[Actor], actors: &mut [WireActor]) -> bool {
    let accounts = accounts(file, signed);
    let is_signer = |principal: &str| accounts.iter().any(|account| account == principal);
    let own: Vec<&Actor> = authors.iter().filter(|author| OWN.contains(&author.method.as_str())).collect();
    for author in own.iter().filter(|author| is_signer(&author.principal)) {
        for actor in actors.iter_mut().filter(|actor| principal(actor) == author.principal) {
            actor.established.push(Established {
                method: method(signed).to_owned(),
                digest: [("gitCommit".to_owned(), GitId::to_string(signed.id()))].into(),
                ..Established::default()
            });
        }
    }
    own.iter().any(|author| is_signer(&author.principal) || author.sponsor.as_deref().is_some_and(is_signer))
}

/// Every account of the signer: his principal, the address that it is, and the accounts of the person whose it is.
fn accounts(file: &TrustFile, signed: &SignedObject) -> Vec<String> {
    let mut accounts = vec![signed.principal().to_owned(), crate::source_tree::principal(signed.principal())];
    for person in &file.facts.persons {
        if person.accounts.iter().any(|account| accounts.contains(account)) {
            accounts.extend(person.accounts.iter().cloned());
        }
    }
    accounts
}

fn principal(actor: &WireActor) -> &str {
    actor.act.as_ref().map_or(actor.sub.as_str(), |act| act.sub.as_str())
}

/// The word of `established`. SPEC: docs/predicates/step-actor.md.
fn method(signed: &SignedObject) -> &'static str {
    match (signed.method(), signed.signer().presence) {
        (SignerMethod::SshSk, true) => "ssh-sk-key",
        (SignerMethod::SshSk, false) | (SignerMethod::Ssh, _) => "ssh-key",
        _ => "openpgp-key",
    }
}
