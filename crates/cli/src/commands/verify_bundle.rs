//! `lasthand verify-bundle`: one bundle, by the signer and artifact that the caller expects.
//!
//! SPEC: sigstore/sigstore-conformance, docs/cli_protocol.md, "Verify, bundle flow".

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};
use lasthand_model::timestamp;
use lasthand_trust::content_digest::{ContentDigest, DigestAlgorithm};
use lasthand_trust::evidence::{Signed, TrustError};
use lasthand_trust::expected::{
    ExpectedArtifact, ExpectedError, ExpectedSigner, algorithm_to_compare, verify_expected,
};
use lasthand_trust::git_object::{GitObjectId, GitObjectKind};
use lasthand_trust::keys::PublicKey;
use lasthand_trust::sigstore::{Claim, Claims, Part, SigstoreRoot};
use lasthand_verify::render::escape;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::command_error::CommandError;
use crate::context::Context;

// LIMIT: a trusted root or a key is small, an object of git that is signed by its id is a commit, a tag or a folder.
const ROOT_BYTES: usize = 1 << 20;
const OBJECT_BYTES: usize = 64 << 20;

/// Arguments of `verify-bundle`.
#[derive(Debug, Args)]
#[command(
    after_help = "This asks only who signed what. Whether the artifact may be used, and what happened to it, is what `lasthand verify` asks.\n\n\
                  Exit codes: 0 signed by whom you expect; 1 refused; 2 wrong use; 4 a file is malformed or over a limit.\n\nExamples:\n  \
                  lasthand verify-bundle --bundle app.sigstore.json --certificate-identity ana@example.com --certificate-oidc-issuer \
                  https://accounts.example app.tar\n  lasthand verify-bundle --bundle app.sigstore.json --key release.pub sha256:0b42...\n  git \
                  cat-file commit HEAD > commit; lasthand verify-bundle --bundle note.json --git-object commit --certificate-identity ... \
                  --certificate-oidc-issuer ... commit"
)]
pub(crate) struct VerifyBundleArguments {
    /// By the staging instance of Sigstore, instead of the public-good one, where no root is named; for tests of tools
    #[arg(long)]
    staging: bool,
    /// The bundle, envelope or Python attestation
    #[arg(long, value_name = "FILE")]
    bundle: PathBuf,
    /// The one name that the certificate must have, exact
    #[arg(
        long,
        value_name = "IDENTITY",
        required_unless_present = "key",
        requires = "certificate_oidc_issuer",
        visible_alias = "cert-identity"
    )]
    certificate_identity: Option<String>,
    /// The identity provider that the certificate must name, exact
    #[arg(long, value_name = "URL", requires = "certificate_identity", visible_alias = "cert-oidc-issuer")]
    certificate_oidc_issuer: Option<String>,
    /// What the certificate must say of its run, such as `source-repository-ref=refs/heads/main` (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = claim, requires = "certificate_identity")]
    certificate_claim: Vec<(Claim, String)>,
    /// The public key of the signer, PEM, instead of a certificate
    #[arg(long, value_name = "FILE", conflicts_with_all = ["certificate_identity", "certificate_oidc_issuer"])]
    key: Option<PathBuf>,
    /// The authorities and logs to verify by; without it, the public-good instance as this program knows it
    #[arg(long, value_name = "FILE", visible_alias = "custom-trusted-root")]
    trusted_root: Option<PathBuf>,
    /// The type that the statement about the artifact must have, exact; a signature without a statement has none
    #[arg(long, value_name = "URI", value_parser = NonEmptyStringValueParser::new())]
    predicate_type: Option<String>,
    /// FILE holds an object of git, as `git cat-file KIND ID` prints it; its id is computed
    #[arg(long, value_name = "KIND", value_parser = git_kind)]
    git_object: Option<GitObjectKind>,
    /// What to print
    #[arg(long, short = 'o', value_name = "FORMAT", default_value = "text", visible_alias = "format")]
    output: Format,
    /// The artifact, or `sha256:`, `sha384:` or `sha512:` and its digest
    #[arg(value_name = "FILE_OR_DIGEST")]
    artifact: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

fn claim(text: &str) -> Result<(Claim, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    let known = || Claim::all().map(Claim::name).collect::<Vec<_>>().join(", ");
    let claim = Claim::named(name).ok_or_else(|| format!("no member `{name}`, expected one of: {}", known()))?;
    if value.is_empty() {
        return Err("an empty value expects nothing".to_owned());
    }
    Ok((claim, value.to_owned()))
}

fn git_kind(text: &str) -> Result<GitObjectKind, String> {
    GitObjectKind::named(text).ok_or_else(|| "expected commit, tree, blob or tag".to_owned())
}

/// Verifies the bundle and says what was proven, and what was not asked.
///
/// # Errors
/// For wrong use, and for files that cannot be read. A refusal is exit code 1.
pub(crate) fn run(arguments: &VerifyBundleArguments, context: &Context) -> Result<u8, CommandError> {
    let root = root(arguments, context)?;
    let key = match &arguments.key {
        Some(path) => Some(read_key(path)?),
        None => None,
    };
    let signer = match (&key, &arguments.certificate_identity, &arguments.certificate_oidc_issuer) {
        (Some(key), ..) => ExpectedSigner::Key(key),
        (None, Some(identity), Some(issuer)) => {
            ExpectedSigner::Certificate { identity, issuer, claims: &arguments.certificate_claim }
        }
        // The arguments are declared so that this cannot be written.
        _ => return Err(CommandError::usage("whom do you expect? `--certificate-identity` or `--key` is needed")),
    };
    let bundle = read_bounded(&arguments.bundle, context.limits.json_bytes)?;
    let artifact = artifact(arguments, algorithm_to_compare(&bundle, &context.limits))?;
    match verify_expected(&bundle, &[root], &signer, &artifact, &context.limits) {
        Ok(signed) => match other_type(arguments, &signed) {
            None => {
                print(arguments, &signed, context)?;
                Ok(0)
            }
            Some(reason) => {
                let hint = "name the bundle that holds such a statement, or ask for the type that this one has";
                tell_refusal(arguments, &reason, &[hint.to_owned()], context)
            }
        },
        Err(error) => refuse(arguments, error, context),
    }
}

fn statement_type(signed: &Signed) -> Option<&str> {
    match signed {
        Signed::Blob(_) => None,
        Signed::Statement(statement) => Some(&statement.value().predicate_type),
    }
}

/// Why what is signed is not of the type that was asked for.
fn other_type(arguments: &VerifyBundleArguments, signed: &Signed) -> Option<String> {
    let expected = arguments.predicate_type.as_deref()?;
    match statement_type(signed) {
        Some(got) if got == expected => None,
        Some(got) => Some(format!("its statement is of type `{got}`, expected `{expected}`")),
        None => Some(format!("it holds a signature and no statement, expected one of type `{expected}`")),
    }
}

fn root(arguments: &VerifyBundleArguments, context: &Context) -> Result<SigstoreRoot, CommandError> {
    let known = match &arguments.trusted_root {
        Some(path) => {
            let bytes = read_bounded(path, ROOT_BYTES)?;
            // Behind a key there is no authority, and no log of certificates.
            let parse = if arguments.key.is_some() { SigstoreRoot::for_keys } else { SigstoreRoot::parse };
            parse(&bytes, &context.limits)
        }
        None if arguments.staging => SigstoreRoot::staging(),
        None => SigstoreRoot::public_good(),
    };
    let name =
        arguments.trusted_root.as_ref().map_or_else(|| "trusted root".to_owned(), |path| path.display().to_string());
    known.map_err(|error| {
        CommandError::malformed(format!("`{name}` cannot be used"))
            .because(error)
            .hint("name the `trusted_root.json` of a Sigstore instance, as its publisher gives it")
    })
}

fn read_key(path: &Path) -> Result<PublicKey, CommandError> {
    PublicKey::parse(&read_bounded(path, ROOT_BYTES)?).map_err(|error| {
        let hints = error.hints();
        let failed = CommandError::malformed(format!("`{}` cannot be used", path.display())).because(error);
        hints.into_iter().fold(failed, CommandError::hint)
    })
}

fn read_bounded(path: &Path, limit: usize) -> Result<Vec<u8>, CommandError> {
    let failed = |error| CommandError::usage(format!("cannot read `{}`", path.display())).because(error);
    let mut bytes = Vec::new();
    let more = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    File::open(path).map_err(failed)?.take(more).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() > limit {
        return Err(CommandError::malformed(format!("`{}` has more than {limit} bytes", path.display())));
    }
    Ok(bytes)
}

/// SPEC: docs/cli_protocol.md, `FILE_OR_DIGEST`: a digest of the right length that is no path on disk; anything else is a path.
fn artifact(arguments: &VerifyBundleArguments, algorithm: DigestAlgorithm) -> Result<ExpectedArtifact, CommandError> {
    let path = Path::new(&arguments.artifact);
    if let Some(kind) = arguments.git_object {
        let id = GitObjectId::of(kind, &read_bounded(path, OBJECT_BYTES)?);
        let id =
            id.map_err(|error| CommandError::malformed(format!("`{}` has no id", path.display())).because(error))?;
        return Ok(ExpectedArtifact::Git(id));
    }
    if let Some(digest) = ContentDigest::parse(&arguments.artifact).filter(|_| !path.exists()) {
        return Ok(ExpectedArtifact::Content(digest));
    }
    let digest = match algorithm {
        DigestAlgorithm::Sha256 => digest_of(path, Sha256::new()),
        DigestAlgorithm::Sha384 => digest_of(path, Sha384::new()),
        DigestAlgorithm::Sha512 => digest_of(path, Sha512::new()),
    };
    let digest = digest.map_err(|error| {
        CommandError::usage(format!("cannot read `{}`", path.display())).because(error).hint(
            "a digest is written as `sha256:` and 64 hex digits, or as `sha384:` or `sha512:` and as many as it has",
        )
    })?;
    let digest = ContentDigest::of_bytes(algorithm, &digest);
    digest
        .map(ExpectedArtifact::Content)
        .ok_or_else(|| CommandError::usage("digest has another length than its algorithm gives"))
}

fn digest_of(path: &Path, mut hasher: impl Digest) -> io::Result<Vec<u8>> {
    let (mut file, mut buffer) = (File::open(path)?, vec![0; 64 << 10]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hasher.finalize().to_vec()),
            length => hasher.update(buffer.get(..length).unwrap_or_default()),
        }
    }
}

fn refuse(arguments: &VerifyBundleArguments, error: ExpectedError, context: &Context) -> Result<u8, CommandError> {
    let is_malformed = match &error {
        ExpectedError::Trust(TrustError::Sigstore(error)) => error.part() == Part::Bundle,
        ExpectedError::Trust(
            TrustError::NoKnownSignature { .. }
            | TrustError::Statement(_)
            | TrustError::NoStatement
            | TrustError::PayloadType { .. },
        ) => false,
        ExpectedError::Trust(_) => true,
        ExpectedError::Empty { .. } => {
            return Err(CommandError::usage(error.to_string()).hint(error.hints().join("; ")));
        }
        _ => false,
    };
    let mut hints = error.hints();
    if hints.is_empty() {
        hints.push("get the bundle anew from its publisher, or make it anew with a current tool".to_owned());
    }
    if is_malformed {
        let failed = CommandError::malformed(format!("`{}`", arguments.bundle.display())).because(error);
        return Err(hints.into_iter().fold(failed, CommandError::hint));
    }
    tell_refusal(arguments, &words(&error), &hints, context)
}

fn tell_refusal(
    arguments: &VerifyBundleArguments,
    reason: &str,
    hints: &[String],
    context: &Context,
) -> Result<u8, CommandError> {
    if arguments.output == Format::Json {
        let document = json!({ "verdict": "refused", "bundle": arguments.bundle.display().to_string(), "reason": reason, "hints": hints });
        context.output.data_by(&|out| crate::json::write_line(out, &document))?;
    }
    context.output.note(&format!("refused: `{}`: {reason}", arguments.bundle.display()));
    hints.iter().for_each(|hint| context.output.note(&format!("    hint: {hint}")));
    Ok(1)
}

fn words(error: &dyn std::error::Error) -> String {
    let mut parts = vec![error.to_string()];
    let mut next = error.source();
    while let Some(source) = next {
        parts.push(source.to_string());
        next = source.source();
    }
    parts.join(": ")
}

/// What was proven, in the order in which it is printed.
struct Proven<'a> {
    principal: String,
    method: &'static str,
    time: Option<String>,
    clock: Option<&'static str>,
    content: String,
    claims: Option<&'a Claims>,
}

fn proven(signed: &Signed) -> Proven<'_> {
    let (signers, clock, claims, content) = match signed {
        Signed::Blob(blob) => (blob.signers(), blob.clock(), blob.claims(), blob.value().artifact.to_string()),
        Signed::Statement(statement) => {
            let content = format!("statement {} of type {}", statement.digest(), statement.value().predicate_type);
            (statement.signers(), statement.clock(), statement.claims(), content)
        }
    };
    let first = signers.first();
    Proven {
        principal: first.map_or_else(String::new, |signer| signer.principal.clone()),
        method: if claims.is_some() { "certificate" } else { "key" },
        time: first.and_then(|signer| signer.time).map(timestamp::format),
        clock: clock.map(|clock| clock.as_str()),
        content,
        claims,
    }
}

fn print(arguments: &VerifyBundleArguments, signed: &Signed, context: &Context) -> Result<(), CommandError> {
    let proven = proven(signed);
    let asked = |claim: Claim| arguments.certificate_claim.iter().any(|(known, _)| *known == claim);
    let is_identity = |claim: Claim| claim == Claim::ISSUER || claim == Claim::ISSUER_OLD;
    let claims: Vec<(Claim, &str)> = proven.claims.into_iter().flat_map(Claims::iter).collect();
    let open: Vec<&str> = claims
        .iter()
        .filter(|(claim, _)| !asked(*claim) && !is_identity(*claim))
        .map(|(claim, _)| claim.name())
        .collect();
    if arguments.output == Format::Json {
        let members: Map<String, Value> =
            claims.iter().map(|(claim, text)| (claim.name().to_owned(), Value::from(*text))).collect();
        let document = json!({
            "verdict": "accepted",
            "signer": { "method": proven.method, "principal": proven.principal },
            "time": { "value": proven.time, "source": proven.clock },
            "signed": proven.content,
            "claims": members,
            "predicate_type": statement_type(signed),
            "not_constrained": open
        });
        return context.output.data_by(&|out| crate::json::write_line(out, &document));
    }
    let mut lines = vec![
        format!("accepted: `{}`", arguments.artifact),
        format!("  signed by  {} ({})", proven.principal, proven.method),
        format!("  signed     {}", proven.content),
    ];
    match (&proven.time, proven.clock) {
        (Some(time), Some(clock)) => lines.push(format!("  at         {time}, as a {clock} says")),
        _ => lines.push("  at         nobody says when".to_owned()),
    }
    lines.extend(claims.iter().map(|(claim, text)| format!("  {:<36} {text}", claim.name())));
    if !open.is_empty() {
        lines.push(format!("  not asked for: {} (--certificate-claim NAME=VALUE)", open.join(", ")));
    }
    if matches!(signed, Signed::Statement(_)) {
        let more = if arguments.predicate_type.is_none() {
            "of which type the statement is (--predicate-type URI), and "
        } else {
            ""
        };
        lines.push(format!("  not asked for: {more}what it says of the artifact"));
    }
    lines.iter().try_for_each(|line| context.output.line(&escape(line)))
}
