//! Other programs that read images: which are there, how to get them, and the command of each.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::contender::Contender;
use super::corpus::Image;
use super::registry::Registry;
use xtask::run::tool;

const PACKAGES: &[&str] = &["debootstrap", "umoci", "skopeo", "pigz", "zstd"];
/// Name, module and version, folder of the command in it.
const MODULES: &[(&str, &str, &str)] = &[
    ("crane", "github.com/google/go-containerregistry@v0.22.1", "cmd/crane"),
    ("umoci", "github.com/opencontainers/umoci@v0.6.0", "cmd/umoci"),
    ("syft", "github.com/anchore/syft@v1.57.0", "cmd/syft"),
];
const BY_OPTION: &str = "cargo xtask bench image --install-peers";

/// One way to read an image with another program.
pub(super) struct Peer {
    pub(super) name: &'static str,
    /// What it does with the image.
    pub(super) does: &'static str,
    task: Task,
    /// The program, where it is there.
    pub(super) program: Option<PathBuf>,
    /// What it says of its version; how to get it, where it is not there.
    pub(super) note: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    Umoci,
    Skopeo,
    Validate,
    Export,
    Tar,
    Pigz,
    Syft,
}

/// Name, task, program, how it tells its version, what it does.
type Row = (&'static str, Task, &'static str, &'static [&'static str], &'static str);

const PEERS: &[Row] = &[
    (
        "umoci unpack",
        Task::Umoci,
        "umoci",
        &["--version"],
        "digests of the layers as stored and uncompressed; writes every file to the disk",
    ),
    (
        "umoci unpack, of Debian",
        Task::Umoci,
        "/usr/bin/umoci",
        &["--version"],
        "as above, in the version that Debian 12 ships",
    ),
    (
        "skopeo copy",
        Task::Skopeo,
        "skopeo",
        &["--version"],
        "digests of the layers as stored; writes them to a folder, inflates nothing",
    ),
    (
        "crane validate",
        Task::Validate,
        "crane",
        &["version"],
        "digests of the layers as stored and uncompressed, none of files; from a registry on this machine whose work is not counted",
    ),
    (
        "crane export",
        Task::Export,
        "crane",
        &["version"],
        "one flat tar of all layers, no digests of files; from a registry on this machine whose work is not counted",
    ),
    (
        "tar and sha256sum",
        Task::Tar,
        "tar",
        &["--version"],
        "digests of the layers as stored; unpacks them to the disk, then digests of the files there",
    ),
    (
        "pigz and sha256sum",
        Task::Pigz,
        "pigz",
        &["--version"],
        "digests of the layers uncompressed; no files are looked at, nothing is written",
    ),
    (
        "syft",
        Task::Syft,
        "syft",
        &["--version"],
        "a list of files with SHA-256 and of packages; from a registry on this machine whose work is not counted",
    ),
];

/// Looks for each peer whose name has one of `words` in it, or for all: first where [`install`] puts them, then on the path.
pub(super) fn find(folder: &Path, words: &[String]) -> Vec<Peer> {
    let wanted = |row: &&Row| words.is_empty() || words.iter().any(|word| row.0.contains(word.as_str()));
    let found = |(name, task, program, version, does): &Row| {
        let own = installed(folder).join(program);
        let file = if own.exists() { own } else { PathBuf::from(program) };
        let said = Command::new(&file).args(*version).output().ok().filter(|output| output.status.success());
        let module = MODULES.iter().find(|(module, ..)| module == program);
        let note = match &said {
            // A program that is built from its module often does not know its version.
            Some(_) if file.is_absolute() && module.is_some() => module.map_or("", |(_, module, _)| module).to_owned(),
            Some(output) => String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned(),
            None if module.is_some() => BY_OPTION.to_owned(),
            None => format!("apt-get install {program}, or {BY_OPTION}"),
        };
        Peer { name, does, task: *task, program: said.map(|_| file), note }
    };
    PEERS.iter().filter(wanted).map(found).collect()
}

fn installed(folder: &Path) -> PathBuf {
    folder.join("peers")
}

/// Installs what can be installed; what cannot is said and left out.
///
/// # Errors
/// When the folder for the programs cannot be made.
pub(super) fn install(folder: &Path) -> Result<()> {
    let mut packages = tool("apt-get", &["install", "--yes", "--quiet=2", "--no-install-recommends"]);
    packages.args(PACKAGES).env("DEBIAN_FRONTEND", "noninteractive").stdout(std::io::stderr());
    if !packages.status().is_ok_and(|status| status.success()) {
        eprintln!("bench: apt-get could not install {}", PACKAGES.join(" "));
    }
    for (name, module, command) in MODULES {
        if let Err(error) = build(&installed(folder), name, module, command) {
            eprintln!("bench: go could not build {name}: {error:#}");
        }
    }
    Ok(())
}

/// Builds a command by naming its module in a module of our own: `go install` refuses modules that replace others.
fn build(programs: &Path, name: &str, module: &str, command: &str) -> Result<()> {
    let folder = programs.join("build").join(name);
    std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    std::fs::write(folder.join("go.mod"), "module peers\n").context("cannot write go.mod")?;
    let path = module.split('@').next().unwrap_or_default();
    let package = format!("{path}/{command}");
    let binary: OsString = programs.join(name).into();
    let steps: [Vec<OsString>; 2] = [
        vec!["get".into(), format!("{package}@{}", module.rsplit('@').next().unwrap_or_default()).into()],
        vec!["build".into(), "-buildvcs=false".into(), "-mod=mod".into(), "-o".into(), binary, package.into()],
    ];
    for words in steps {
        let mut go = tool("go", &[]);
        go.args(words).current_dir(&folder).stdout(std::io::stderr());
        ensure!(go.status().context("cannot start go")?.success(), "go failed");
    }
    Ok(())
}

impl Peer {
    pub(super) const fn task(&self) -> Task {
        self.task
    }

    /// The command; `None` where the program or the registry is missing.
    pub(super) fn contender(&self, image: &Image, scratch: &Path, registry: Option<&Registry>) -> Option<Contender> {
        let program = self.program.clone()?.into_os_string();
        let written = scratch.join("written");
        let layers = || image.layers.iter().map(|layer| layer.clone().into_os_string());
        let words: Vec<OsString> = match self.task {
            Task::Umoci => {
                vec![program, "unpack".into(), "--image".into(), (&image.reference).into(), written.clone().into()]
            }
            Task::Skopeo => vec![
                program,
                "--insecure-policy".into(),
                "copy".into(),
                "--quiet".into(),
                format!("oci:{}", image.reference).into(),
                format!("dir:{}", written.display()).into(),
            ],
            Task::Validate => {
                vec![program, "validate".into(), "--insecure".into(), "--remote".into(), registry?.name().into()]
            }
            Task::Export => vec![program, "export".into(), "--insecure".into(), registry?.name().into(), "-".into()],
            Task::Tar => shell(TAR, [OsString::from(&written)].into_iter().chain(layers())),
            Task::Pigz => shell(PIGZ, layers()),
            Task::Syft => vec![
                program,
                "scan".into(),
                format!("registry:{}", registry?.name()).into(),
                "--output".into(),
                "json".into(),
            ],
        };
        let contender = Contender::new(self.name, image, words).with(&[
            ("SYFT_REGISTRY_INSECURE_USE_HTTP", "true"),
            ("SYFT_FILE_METADATA_SELECTION", "all"),
            ("SYFT_FILE_METADATA_DIGESTS", "sha256"),
            ("SYFT_CHECK_FOR_APP_UPDATE", "false"),
        ]);
        let writes = matches!(self.task, Task::Umoci | Task::Skopeo | Task::Tar);
        Some(if writes { contender.writes(written) } else { contender })
    }
}

const TAR: &str = r#"set -e
folder=$1
shift
sha256sum "$@"
mkdir "$folder"
for layer; do tar -xzf "$layer" -C "$folder"; done
find "$folder" -type f -exec sha256sum {} +"#;

const PIGZ: &str = r#"set -e
for layer; do pigz -dc < "$layer" | sha256sum; done"#;

fn shell(script: &str, words: impl Iterator<Item = OsString>) -> Vec<OsString> {
    ["sh", "-c", script, "sh"].into_iter().map(OsString::from).chain(words).collect()
}
