//! What `verify`, `inspect`, `why` and `diff` ask, and how they answer.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use lasthand_lineage::presets;
use lasthand_model::json;
use lasthand_model::wire::facts::{ListKind, Preset};
use lasthand_observe::git::{self, GitError};
use lasthand_verify::render::{Color, Style};
use lasthand_verify::{
    ArtifactRef, CacheError, Evidence, Expectations, InventoryCache, LoadedTrust, Opening, Verification, Verifier,
    VerifyError, report_for_error,
};
use serde::Serialize;

use crate::command_error::{CommandError, exit_code};
use crate::context::{Context, program};
use crate::files::{write_whole, write_whole_by};
use crate::revoked_names;

/// What an artifact may be.
const ARTIFACT: &str = "The artifact: a file, an archive (tar, tar.gz, tar.zst), a folder, or an image: oci:DIR[:TAG], \
                        oci-archive:FILE[:TAG], docker-archive:FILE[:NAME], also found out by themselves";

/// The trust file that nobody needs to name.
const TRUST: &str = "lasthand.trust.toml";

/// What is asked, of which artifact, by which evidence.
#[derive(Debug, Args)]
pub(crate) struct QuestionArguments {
    /// The artifact as it is named on the command line.
    #[arg(value_name = "ARTIFACT", help = ARTIFACT)]
    pub(crate) artifact: OsString,
    /// List what archives in it hold, one level deep (zip, jar, wheel, tar, deb, gem and others); a member is as good as its archive,
    /// and the verdict is never
    /// better for it
    #[arg(long)]
    open_archives: bool,
    #[command(flatten)]
    demand: DemandArguments,
}

/// By which evidence and whose word, and what is demanded; the same for every artifact of a call.
#[derive(Debug, Args)]
pub(crate) struct DemandArguments {
    /// Of a multi-platform image only this one: os/arch[/variant] [default: all of them]
    #[arg(long, value_name = "PLATFORM")]
    platform: Option<String>,
    /// Evidence: bundles, or folders of them; repeatable [default: the folder ARTIFACT.lasthand]
    #[arg(long, short = 'b', value_name = "FILE|DIR", visible_alias = "evidence")]
    bundle: Vec<PathBuf>,
    /// Whom to believe [default: lasthand.trust.toml, unless it came with a commit]
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// What to demand: observe, standard, strict, or a preset of your own in JSON; `observe` only reports
    #[arg(long, value_name = "NAME|FILE.json", default_value = "standard")]
    policy: String,
    /// Name of the product that the artifact must be [default: the only one of the trust file]
    #[arg(long, value_name = "PRODUCT")]
    name: Option<String>,
    /// Where the artifact is about to be used
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,
    /// Demand a list of revocations that was issued at most this long ago, such as 36h or 7d, whatever the policy says; without one the
    /// answer is undecided
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    revocations_max_age: Option<i64>,
    /// Where to keep what was found in the layers of images [default: lasthand in the user's cache folder]; what lies there is believed
    #[arg(long, value_name = "DIR", conflicts_with = "no_cache")]
    cache_dir: Option<PathBuf>,
    /// Read every layer, and keep nothing
    #[arg(long)]
    no_cache: bool,
}

/// Where an answer goes, and in which form: `FORMAT[=PATH]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sink {
    pub(crate) format: Format,
    pub(crate) path: Option<PathBuf>,
}

/// The form of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For people.
    Text,
    /// The report document.
    Json,
    /// The facts document: what the verdict was computed from.
    Facts,
}

impl FromStr for Sink {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, path) = text.split_once('=').map_or((text, None), |(word, path)| (word, Some(path)));
        let format = match word {
            "text" => Format::Text,
            "json" => Format::Json,
            "facts" => Format::Facts,
            _ => return Err("expected text, json or facts, each with =PATH behind or not".to_owned()),
        };
        if path.is_some_and(str::is_empty) {
            return Err("there is no path behind `=`".to_owned());
        }
        Ok(Self { format, path: path.map(PathBuf::from) })
    }
}

/// Reads a sink that is text or json.
///
/// # Errors
/// In words, for any other.
pub(crate) fn text_or_json(text: &str) -> Result<Sink, String> {
    match text.parse::<Sink>() {
        Ok(sink) if sink.format != Format::Facts => Ok(sink),
        _ => Err("expected text or json, each with =PATH behind or not".to_owned()),
    }
}

/// The option `-o`.
#[derive(Debug, Args)]
pub(crate) struct SinkArguments {
    /// What to print, or write to a file: text, json, facts; repeatable
    #[arg(
        long = "output",
        short = 'o',
        value_name = "FORMAT[=PATH]",
        default_value = "text",
        visible_alias = "format"
    )]
    pub(crate) output: Vec<Sink>,
}

/// An answer, or why there is none.
pub(crate) enum Answer {
    /// A verdict was formed.
    Given(Box<Verification>),
    /// It was not.
    NotGiven(VerifyError),
}

impl QuestionArguments {
    /// Reads trust, evidence and artifact, and decides.
    ///
    /// # Errors
    /// When the policy cannot be read. Everything else that is wrong is an [`Answer::NotGiven`], which has a report.
    pub(crate) fn ask(&self, context: &Context) -> Result<Answer, CommandError> {
        self.demand.refuse_committed_trust()?;
        let preset = self.demand.preset(context)?;
        let opening = if self.open_archives { Opening::Open } else { Opening::Closed };
        let cache = self.demand.cache(context)?;
        let decided = self.demand.verifier(context).map(|verifier| verifier.with_cache(cache));
        let decided =
            decided.and_then(|verifier| self.demand.decide((&self.artifact, opening), &verifier, preset, context));
        Ok(match decided {
            Ok(verification) => {
                revoked_names::warn(&verification.facts, context.output);
                Answer::Given(Box::new(verification))
            }
            Err(error) => Answer::NotGiven(error),
        })
    }
}

impl DemandArguments {
    /// What is demanded.
    ///
    /// # Errors
    /// When the policy cannot be read.
    pub(crate) fn preset(&self, context: &Context) -> Result<Preset, CommandError> {
        let mut preset = policy(&self.policy, context)?;
        if let Some(most) = self.revocations_max_age {
            // The option only demands more: of two bounds the shorter one counts.
            preset.revocations_seconds = Some(preset.revocations_seconds.map_or(most, |known| known.min(most)));
            if !preset.require_lists.contains(&ListKind::Revocation) {
                preset.require_lists.push(ListKind::Revocation);
            }
        }
        Ok(preset)
    }

    /// Refuses a trust file that nobody named and that came with a commit: whoever made it would say whom to believe.
    ///
    /// SECURITY: CVE-2023-32076: trust comes from the verifier, never from what is verified.
    ///
    /// # Errors
    /// When `--trust` was not given, and the usual file is part of the commit that is checked out here, or the repository cannot be read.
    pub(crate) fn refuse_committed_trust(&self) -> Result<(), CommandError> {
        if self.trust.is_some() {
            return Ok(());
        }
        let refused = |why: &str| {
            let hint =
                format!("name one that is yours: `--trust FILE`; `--trust {TRUST}` where you know who wrote this one");
            CommandError::usage(format!("whom do you believe? `{TRUST}` {why}")).hint(hint)
        };
        let unread = "may have come with a commit, which cannot be told here";
        let here = std::env::current_dir().map_err(|error| refused(unread).because(error))?;
        let is_top = |folder: &&Path| folder.join(".git").symlink_metadata().is_ok();
        let Some(top) = here.ancestors().find(is_top) else { return Ok(()) };
        let repository = git::open(top).map_err(|error| refused(unread).because(error))?;
        let head = match git::resolve(&repository, "HEAD") {
            Ok(head) => head,
            // Without a commit there is nothing that came with one.
            Err(GitError::UnknownRevision { .. }) => return Ok(()),
            Err(error) => return Err(refused(unread).because(error)),
        };
        let path = here.strip_prefix(top).unwrap_or(&here).join(TRUST);
        match git::has_path(&repository, &head.tree, path.as_os_str().as_encoded_bytes()) {
            Ok(false) => Ok(()),
            Ok(true) => Err(refused("is part of the commit that is checked out here")),
            Err(error) => Err(refused(unread).because(error)),
        }
    }

    /// Whom to believe.
    ///
    /// # Errors
    /// When the trust file cannot be read.
    pub(crate) fn verifier(&self, context: &Context) -> Result<Verifier, VerifyError> {
        let file = self.trust.as_deref().unwrap_or(Path::new(TRUST));
        let trust = LoadedTrust::from_file(file, context.now, &context.limits)?;
        Ok(Verifier::new(trust, context.limits))
    }

    /// Opens the folder of facts. One that was named must be usable; the usual one is passed over, in words where others can write to it.
    ///
    /// # Errors
    /// When the folder that was named cannot be used.
    pub(crate) fn cache(&self, context: &Context) -> Result<Option<InventoryCache>, CommandError> {
        let usual = || context.cache_folder.as_ref().filter(|_| !self.no_cache);
        let Some(program) = program() else { return Ok(None) };
        match (&self.cache_dir, usual()) {
            (Some(named), _) => InventoryCache::open(named, program).map(Some).map_err(|error| {
                CommandError::usage("the folder of `--cache-dir` cannot be used")
                    .because(error)
                    .hint("name one that is yours alone to write, with every folder above it, or give `--no-cache`")
            }),
            (None, Some(usual)) => Ok(InventoryCache::open(usual, program)
                .inspect_err(|error| {
                    if matches!(error, CacheError::OthersCanWrite { .. }) {
                        context.output.warn(&format!("{error}: nothing is kept there, and nothing taken from there"));
                    }
                })
                .ok()),
            (None, None) => Ok(None),
        }
    }

    /// Reads evidence and artifact, and decides.
    ///
    /// # Errors
    /// When no verdict could be formed.
    pub(crate) fn decide(
        &self,
        (artifact, opening): (&OsStr, Opening),
        verifier: &Verifier,
        preset: Preset,
        context: &Context,
    ) -> Result<Verification, VerifyError> {
        let artifact = ArtifactRef::parse(artifact).map_err(VerifyError::Reference)?;
        let artifact = artifact.with_platform(self.platform.clone()).with_opening(opening);
        let evidence = if self.bundle.is_empty() {
            Evidence::beside(artifact.place(), &context.limits)?
        } else {
            Evidence::gather(&self.bundle, &context.limits)?
        };
        let mut expectations = Expectations::new(preset, context.now);
        if let Some(name) = &self.name {
            expectations = expectations.with_product(name);
        }
        if let Some(target) = &self.target {
            expectations = expectations.with_target(target);
        }
        let progress = context.output.progress(artifact.place());
        verifier.verify(artifact, &evidence, &expectations, &mut |bytes| progress.reached(bytes))
    }
}

/// Reads a whole number of seconds, minutes, hours or days: `90s`, `30m`, `36h`, `7d`. Gives seconds.
fn duration(text: &str) -> Result<i64, String> {
    let wrong = || "expected a whole number and s, m, h or d, such as 36h".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let number = text.strip_suffix(unit).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let number: i64 = number.and_then(|digits| digits.parse().ok()).ok_or_else(wrong)?;
    number.checked_mul(seconds).ok_or_else(wrong)
}

/// A shipped preset by name, or one of the caller's own from a file.
pub(crate) fn policy(name: &str, context: &Context) -> Result<Preset, CommandError> {
    if let Some(preset) = presets::find(name) {
        return Ok(preset);
    }
    let known = "give observe, standard, strict, or a file that ends in `.json`";
    if !name.ends_with(".json") {
        return Err(CommandError::usage(format!("there is no policy `{name}`")).hint(known));
    }
    let bytes = fs::read(name)
        .map_err(|error| CommandError::usage(format!("cannot read the policy `{name}`")).because(error).hint(known))?;
    json::parse_as(&bytes, &context.limits)
        .map_err(|error| CommandError::usage(format!("`{name}` is not a policy")).because(error))
}

/// Writes an answer to every sink; `text` renders it for people.
///
/// # Errors
/// When a sink cannot be written.
pub(crate) fn deliver(
    sinks: &[Sink],
    verification: &Verification,
    report: &impl Serialize,
    text: &dyn Fn(&Verification, Style) -> String,
    context: &Context,
) -> Result<(), CommandError> {
    for sink in sinks {
        match sink.format {
            Format::Text => put(sink, text(verification, style(sink, context)).as_bytes(), context)?,
            Format::Json => put_document(sink, report, context)?,
            Format::Facts => put_document(sink, &verification.facts, context)?,
        }
    }
    Ok(())
}

/// Writes why there is no answer: a report where one is asked for, words on standard error otherwise. Gives the exit code.
///
/// # Errors
/// When a sink cannot be written.
pub(crate) fn deliver_error(
    sinks: &[Sink],
    error: VerifyError,
    artifact: &OsStr,
    context: &Context,
) -> Result<u8, CommandError> {
    let report = report_for_error(&error, Path::new(artifact));
    for sink in sinks.iter().filter(|sink| sink.format == Format::Json) {
        put_document(sink, &report, context)?;
    }
    Ok(say_error(error, context))
}

/// Says on standard error why there is no answer. Gives the exit code.
pub(crate) fn say_error(error: VerifyError, context: &Context) -> u8 {
    for (line, hints) in error.diagnostics() {
        context.output.note(&line);
        hints.iter().for_each(|hint| context.output.note(&format!("    hint: {hint}")));
    }
    let error = CommandError::from(error);
    context.output.error(&error);
    exit_code(error.kind())
}

/// How to print for people: colours only where standard output is a terminal.
pub(crate) fn style(sink: &Sink, context: &Context) -> Style {
    let color = if sink.path.is_none() && context.output.color() { Color::Ansi } else { Color::Plain };
    Style::new(color, columns())
}

/// SPEC: POSIX, `COLUMNS`.
fn columns() -> usize {
    let set = std::env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    set.filter(|columns| (40..=500).contains(columns)).unwrap_or(100)
}

/// Writes a value as a JSON document where a sink says, part by part.
///
/// # Errors
/// When it cannot be written.
pub(crate) fn put_document(sink: &Sink, value: &impl Serialize, context: &Context) -> Result<(), CommandError> {
    let write = |out: &mut dyn io::Write| crate::json::write(out, value);
    match &sink.path {
        None => context.output.data_by(&write),
        Some(path) => write_whole_by(path, &write),
    }
}

/// Writes bytes where a sink says.
///
/// # Errors
/// When they cannot be written.
pub(crate) fn put(sink: &Sink, bytes: &[u8], context: &Context) -> Result<(), CommandError> {
    match &sink.path {
        None => context.output.data(bytes),
        Some(path) => write_whole(path, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_whole_numbers_of_one_unit() {
        // pass: each unit; fail: no unit, none that is known, signs, parts, more than there is
        for (text, seconds) in [("90s", 90), ("30m", 1_800), ("36h", 129_600), ("7d", 604_800), ("0s", 0)] {
            assert_eq!(duration(text), Ok(seconds), "{text}");
        }
        for text in [
            "",
            "36",
            "h",
            "-1h",
            "+1h",
            "1.5h",
            "1h30m",
            "1 h",
            "7w",
            "\u{e4}",
            "99999999999999999999d",
            "9223372036854775807d",
        ] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
