//! The small program that the demo releases, and the changes to it.

/// The files of the first commit: path and content. The link `share/default.txt` is made apart.
pub(super) const FILES: &[(&str, &str)] = &[
    (".gitignore", include_str!("../../../demo/greet/gitignore")),
    ("LICENSE", include_str!("../../../demo/greet/LICENSE")),
    ("README.md", include_str!("../../../demo/greet/README.md")),
    ("build.sh", include_str!("../../../demo/greet/build.sh")),
    ("image.json", include_str!("../../../demo/greet/image.json")),
    ("image.sh", include_str!("../../../demo/greet/image.sh")),
    ("man/greet.1", include_str!("../../../demo/greet/man/greet.1")),
    ("package.sh", include_str!("../../../demo/greet/package.sh")),
    ("share/greetings.txt", include_str!("../../../demo/greet/share/greetings.txt")),
    ("src/greeting.c", include_str!("../../../demo/greet/src/greeting.c")),
    ("src/greeting.h", include_str!("../../../demo/greet/src/greeting.h")),
    ("src/main.c", include_str!("../../../demo/greet/src/main.c")),
    ("src/options.c", include_str!("../../../demo/greet/src/options.c")),
    ("src/options.h", include_str!("../../../demo/greet/src/options.h")),
    ("tests/run.sh", include_str!("../../../demo/greet/tests/run.sh")),
];

/// What the base image holds: path and content. It stands in for an image that somebody else publishes.
pub(super) const BASE: &[(&str, &str)] = &[
    ("bin/README", "what runs on this base\n"),
    ("etc/passwd", "root:x:0:0:root:/:/bin/sh\ngreet:x:1000:1000::/:/bin/sh\n"),
];

/// Makes an image of a folder.
pub(super) const BASE_SCRIPT: &str = include_str!("../../../demo/base.sh");

/// A symbolic link of the program: path and target.
pub(super) const LINK: (&str, &str) = ("share/default.txt", "greetings.txt");

/// One change of one file: what stands there, and what shall stand there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Edit {
    /// The file.
    pub(super) path: &'static str,
    /// Text that is there once.
    pub(super) from: &'static str,
    /// Text in its stead.
    pub(super) to: &'static str,
}

/// ana greets by name.
pub(super) const BY_NAME: Edit = Edit {
    path: "src/greeting.c",
    from: "    (void)options;\n    fprintf(out, \"hello\\n\");",
    to: "    fprintf(out, \"hello, %s\\n\", options->name);",
};

/// coder-7 adds a loud voice.
pub(super) const LOUD: Edit = Edit {
    path: "src/options.c",
    from: "    options->loud = 0;\n",
    to: "    options->loud = options->name[0] == '!';\n",
};

/// bo says more of the program.
pub(super) const READ_ME: Edit = Edit { path: "README.md", from: "Greets.", to: "Greets NAME, or the world." };

/// coder-7 adds what nobody asked for.
pub(super) const UNASKED: Edit = Edit {
    path: "src/main.c",
    from: "    greeting_print(stdout, &options);\n",
    to: "    greeting_print(stdout, &options);\n    fprintf(stdout, \"(brought to you by coder-7)\\n\");\n",
};

/// ana adds a greeting.
pub(super) const ONE_MORE: Edit =
    Edit { path: "share/greetings.txt", from: "good morning\n", to: "good morning\ngood evening\n" };
