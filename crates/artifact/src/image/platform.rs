//! Platforms as engines compare them: one machine has several names.

/// True when an image of `platform` is what is asked for: the variant counts where it is asked for, or is part of the name.
///
/// SECURITY: of two entries of an index that engines take for one platform they run the first; both must be seen to fit.
pub(super) fn fits(platform: &str, wanted: &str) -> bool {
    let (found, asked) = (Platform::of(platform), Platform::of(wanted));
    let of_variant = !asked.is_exact || found.variant == asked.variant;
    (found.os, found.architecture) == (asked.os, asked.architecture) && of_variant
}

/// `os/arch[/variant]`, each under the one name that containerd gives it.
struct Platform {
    os: String,
    architecture: String,
    variant: String,
    /// It was written so that it means one variant.
    is_exact: bool,
}

impl Platform {
    /// SPEC: containerd/platforms 1.0, `normalizeOS`, `normalizeArch`.
    fn of(text: &str) -> Self {
        let folded = text.to_lowercase();
        let mut parts = folded.splitn(3, '/');
        let mut part = || parts.next().unwrap_or_default();
        let (os, architecture, variant) = (part(), part(), part());
        let (canonical, normal) = match (architecture, variant) {
            ("i386", _) => ("386", ""),
            ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
            ("x86_64" | "x86-64" | "amd64", other) => ("amd64", other),
            ("aarch64" | "arm64", "8" | "v8" | "v8.0") => ("arm64", ""),
            ("aarch64" | "arm64", "9" | "9.0" | "v9.0") => ("arm64", "v9"),
            ("aarch64" | "arm64", other) => ("arm64", other),
            ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
            ("armel", _) | ("arm", "6") => ("arm", "v6"),
            ("arm", "5") => ("arm", "v5"),
            ("arm", "8") => ("arm", "v8"),
            other => other,
        };
        Self {
            os: if os == "macos" { "darwin" } else { os }.to_owned(),
            architecture: canonical.to_owned(),
            variant: normal.to_owned(),
            is_exact: !variant.is_empty() || matches!(architecture, "armhf" | "armel"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_machine_is_found_under_all_its_names() {
        // pass: what is asked for, then an image that fits it
        for (wanted, platform) in [
            ("linux/amd64", "linux/amd64"),
            ("linux/amd64", "linux/x86_64"),
            ("linux/amd64", "Linux/X86-64/v1"),
            ("linux/amd64", "linux/amd64/v3"),
            ("linux/amd64/v1", "linux/amd64"),
            ("linux/x86_64/v3", "linux/amd64/v3"),
            ("linux/386", "linux/i386"),
            ("linux/arm64", "linux/aarch64"),
            ("linux/arm64/v8", "linux/arm64"),
            ("linux/arm64", "linux/arm64/v8"),
            ("linux/arm", "linux/arm/v6"),
            ("linux/arm/v7", "linux/arm"),
            ("linux/armhf", "linux/arm/7"),
            ("linux/armel", "linux/arm/v6"),
            ("darwin/arm64", "macos/arm64"),
        ] {
            assert!(fits(platform, wanted), "{wanted} {platform}");
        }
        // fail: another machine, another variant, a part of a name, none
        for (wanted, platform) in [
            ("linux/amd64", "linux/arm64"),
            ("linux/amd64", "windows/amd64"),
            ("linux/amd64/v1", "linux/amd64/v3"),
            ("linux/arm64/v8", "linux/arm64/v9"),
            ("linux/arm/v6", "linux/arm"),
            ("linux/armhf", "linux/arm/v6"),
            ("linux/arm", "linux/arm64"),
            ("linux/amd", "linux/amd64"),
            ("linux", "linux/amd64"),
        ] {
            assert!(!fits(platform, wanted), "{wanted} {platform}");
        }
    }
}
