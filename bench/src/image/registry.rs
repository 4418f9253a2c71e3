//! A registry on this machine, for peers that read from nowhere else.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use super::corpus::Image;
use super::peers::{Peer, Task};
use xtask::run::{logs, tool};

const LOOPBACK: &str = "127.0.0.1";
/// LIMIT: how often, and each time how long, is waited for the registry's first word.
const TURNS: usize = 100;
const TURN: Duration = Duration::from_millis(100);

/// A registry that holds one image; it ends with this value.
pub(super) struct Registry {
    server: Child,
    name: String,
    folder: PathBuf,
}

impl Registry {
    /// Starts crane's registry with the image in it, when there is crane and a peer that needs it.
    pub(super) fn started(peers: &[Peer], image: &Image, scratch: &Path) -> Result<Option<Self>> {
        let needs = |peer: &&Peer| matches!(peer.task(), Task::Validate | Task::Export | Task::Syft);
        let crane = peers.iter().find(|peer| peer.task() == Task::Validate || peer.task() == Task::Export);
        let Some(crane) =
            crane.and_then(|crane| crane.program.as_ref()).filter(|_| peers.iter().any(|peer| needs(&peer)))
        else {
            return Ok(None);
        };
        let folder = scratch.join("registry");
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let log = logs()?.join("bench-image-registry.log");
        let said = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        let mut serve = Command::new(crane);
        serve.args(["registry", "serve", "--address", &format!("{LOOPBACK}:0"), "--disk"]).arg(&folder);
        serve.stdin(Stdio::null()).stdout(said.try_clone()?).stderr(said);
        let server = serve.spawn().context("cannot start the registry")?;
        let mut registry = Self { server, name: String::new(), folder };
        let port = registry.port(&log)?;
        registry.name = format!("{LOOPBACK}:{port}/image:bench");
        let mut push = tool("skopeo", &["--insecure-policy", "copy", "--quiet", "--dest-tls-verify=false"]);
        push.arg(format!("oci:{}", image.reference)).arg(format!("docker://{}", registry.name));
        ensure!(push.status().context("cannot start skopeo")?.success(), "the registry did not take the image");
        Ok(Some(registry))
    }

    /// The port that the system gave it.
    fn port(&mut self, log: &Path) -> Result<u16> {
        for _ in 0..TURNS {
            let said = fs::read_to_string(log)?;
            let port = said.split_once("serving on port ").and_then(|(_, rest)| rest.lines().next());
            if let Some(port) = port.and_then(|port| port.trim().parse().ok()) {
                return Ok(port);
            }
            ensure!(self.server.try_wait()?.is_none(), "the registry ended: {said}");
            sleep(TURN);
        }
        anyhow::bail!("the registry does not say its port")
    }

    /// The image in it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // What cannot be ended or removed has ended, or is removed with the scratch folder.
        drop(self.server.kill());
        drop(self.server.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}
