//! A folder in which real `git`, `gpg` and `ssh-keygen` sign and verify, each as of a fixed time.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Days of 2026 as `gpg --faked-system-time` takes them.
pub(crate) const JANUARY: &str = "20260101T000000";
pub(crate) const FEBRUARY: &str = "20260201T000000";
pub(crate) const MARCH: &str = "20260301T000000";
pub(crate) const JUNE: &str = "20260601T000000";

/// Such a time in seconds.
pub(crate) fn seconds(time: &str) -> i64 {
    let dashed = format!("{}-{}-{}T00:00:00Z", &time[..4], &time[4..6], &time[6..8]);
    lasthand_model::timestamp::parse(&dashed).unwrap()
}

/// A repository of git beside homes of GnuPG and keys of SSH.
pub(crate) struct Place {
    folder: TempDir,
}

impl Drop for Place {
    fn drop(&mut self) {
        for home in ["gnupg", "reader"] {
            let _ =
                Command::new("gpgconf").args(["--homedir"]).arg(self.path(home)).args(["--kill", "gpg-agent"]).output();
        }
    }
}

impl Place {
    pub(crate) fn new(format: &str) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        for home in ["gnupg", "reader"] {
            fs::create_dir(place.path(home)).unwrap();
            let mode: std::fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o700);
            fs::set_permissions(place.path(home), mode).unwrap();
        }
        place.git(&["init", "-q", "--bare", &format!("--object-format={format}"), "repo"], b"");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a program here with nothing of the surroundings but the path.
    pub(crate) fn run(&self, program: &str, words: &[&str], input: &[u8]) -> Output {
        let mut command = Command::new(program);
        command.args(words).current_dir(self.folder.path()).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("TZ", "UTC").env("LC_ALL", "C");
        command.env("HOME", self.folder.path()).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        for (name, value) in [
            ("GIT_AUTHOR_NAME", "Ana"),
            ("GIT_AUTHOR_EMAIL", "ana@example.com"),
            ("GIT_AUTHOR_DATE", "2026-02-01T00:00:00Z"),
            ("GIT_COMMITTER_NAME", "Ana"),
            ("GIT_COMMITTER_EMAIL", "ana@example.com"),
            ("GIT_COMMITTER_DATE", "2026-02-01T00:00:00Z"),
        ] {
            command.env(name, value);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that reads nothing closes the pipe.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    fn must(&self, program: &str, words: &[&str], input: &[u8]) -> Vec<u8> {
        let output = self.run(program, words, input);
        assert!(output.status.success(), "{program} {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    pub(crate) fn git(&self, words: &[&str], input: &[u8]) -> String {
        String::from_utf8(self.must("git", words, input)).unwrap().trim_end().to_owned()
    }

    pub(crate) fn git_bytes(&self, words: &[&str]) -> Vec<u8> {
        self.must("git", words, b"")
    }

    /// GnuPG with the signer's keys, at a time.
    pub(crate) fn gpg(&self, time: &str, words: &[&str], input: &[u8]) -> Vec<u8> {
        self.gpg_in("gnupg", time, words, input)
    }

    pub(crate) fn gpg_in(&self, home: &str, time: &str, words: &[&str], input: &[u8]) -> Vec<u8> {
        let time = format!("{time}!");
        let start = ["--homedir", home, "--batch", "--yes", "--quiet", "--faked-system-time", &time];
        let pass = ["--passphrase", "", "--pinentry-mode", "loopback"];
        self.must("gpg", &[&start[..], &pass[..], words].concat(), input)
    }

    /// Makes a key; out: its fingerprint, as GnuPG writes it.
    pub(crate) fn make_key(&self, time: &str, name: &str, algorithm: &str, usage: &str, expire: &str) -> String {
        self.gpg(time, &["--quick-gen-key", name, algorithm, usage, expire], b"");
        self.fingerprints(name)[0].clone()
    }

    /// Fingerprints of a certificate: of its primary key, then of each subkey.
    pub(crate) fn fingerprints(&self, name: &str) -> Vec<String> {
        let listed = self.gpg(JANUARY, &["--with-colons", "--fingerprint", "--fingerprint", "--list-keys", name], b"");
        let listed = String::from_utf8(listed).unwrap();
        let rows = listed.lines().filter(|line| line.starts_with("fpr:"));
        rows.map(|row| row.split(':').nth(9).unwrap().to_owned()).collect()
    }

    pub(crate) fn export(&self, name: &str) -> Vec<u8> {
        self.gpg(JANUARY, &["--export", name], b"")
    }

    /// An armoured detached signature.
    pub(crate) fn sign(&self, time: &str, key: &str, options: &[&str], message: &[u8]) -> String {
        let key = format!("{key}!");
        let words = [&["--armor", "--local-user", &key][..], options, &["--detach-sign"]].concat();
        String::from_utf8(self.gpg(time, &words, message)).unwrap()
    }

    /// Makes an SSH key; out: its line of kind and key.
    pub(crate) fn make_ssh_key(&self, name: &str, kind: &str) -> String {
        self.must("ssh-keygen", &["-q", "-t", kind, "-N", "", "-C", "", "-f", name], b"");
        fs::read_to_string(self.path(&format!("{name}.pub"))).unwrap().trim_end().to_owned()
    }

    pub(crate) fn sign_ssh(&self, key: &str, namespace: &str, message: &[u8]) -> String {
        let signed = self.must("ssh-keygen", &["-q", "-Y", "sign", "-f", key, "-n", namespace], message);
        String::from_utf8(signed).unwrap()
    }

    /// Whether git says that the object's signature is good, with these certificates and this list, at a time.
    pub(crate) fn git_says(&self, kind: &str, object: &[u8], certificates: &[u8], list: &str, time: &str) -> bool {
        let _ = fs::remove_file(self.path("reader/pubring.kbx"));
        if !certificates.is_empty() {
            self.run("gpg", &["--homedir", "reader", "--batch", "--quiet", "--import"], certificates);
        }
        fs::write(self.path("list"), list).unwrap();
        let gpg = format!(
            "#!/bin/sh\nexec gpg --homedir '{}' --batch --faked-system-time '{time}!' \"$@\"\n",
            self.path("reader").display()
        );
        write_program(&self.path("as-of.sh"), &gpg);
        let words = ["-C", "repo", "hash-object", "--literally", "-w", "-t", kind, "--stdin"];
        let id = self.git(&words, object);
        let program = format!("gpg.program={}", self.path("as-of.sh").display());
        let allowed = format!("gpg.ssh.allowedSignersFile={}", self.path("list").display());
        let verify = format!("verify-{kind}");
        let words = ["-C", "repo", "-c", &program, "-c", &allowed, &verify, &id];
        self.run("git", &words, b"").status.success()
    }
}

fn write_program(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
}

/// A commit without signature.
pub(crate) fn commit(message: &str) -> Vec<u8> {
    let who = "Ana <ana@example.com> 1769904000 +0000";
    let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    format!("tree {tree}\nauthor {who}\ncommitter {who}\n\n{message}").into_bytes()
}

/// A tag without signature.
pub(crate) fn tag(message: &str) -> Vec<u8> {
    let target = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    format!("object {target}\ntype tree\ntag v1\ntagger Ana <ana@example.com> 1769904000 +0000\n\n{message}")
        .into_bytes()
}

/// The lines of a header.
pub(crate) fn header(name: &str, value: &str) -> String {
    format!("{name} {}\n", value.trim_end_matches('\n').replace('\n', "\n "))
}

/// Puts lines into the headers of an object, before the line that begins with a word; with an empty word at their end.
pub(crate) fn insert(object: &[u8], before: &str, lines: &str) -> Vec<u8> {
    let text = std::str::from_utf8(object).unwrap();
    let place =
        if before.is_empty() { text.find("\n\n").unwrap() + 1 } else { text.find(&format!("{before} ")).unwrap() };
    format!("{}{lines}{}", &text[..place], &text[place..]).into_bytes()
}
