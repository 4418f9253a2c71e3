//! `lasthand key generate`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use lasthand_attest::PayloadSigner as _;
use lasthand_sign::{KeyAlgorithm, KeyPair};

use crate::command_error::CommandError;
use crate::context::Context;

/// Arguments of `key`.
#[derive(Debug, Args)]
pub(crate) struct KeyArguments {
    #[command(subcommand)]
    command: KeyCommand,
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key pair: FILE (PKCS#8 PEM, readable by you alone) and FILE.pub
    #[command(
        after_help = "Examples:\n  lasthand key generate --out ana\n  lasthand key generate --out ci --algorithm ecdsa-p256"
    )]
    Generate(GenerateArguments),
}

#[derive(Debug, Args)]
struct GenerateArguments {
    /// Where to write the private key; the public key gets `.pub` behind
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// Algorithm
    #[arg(long, value_enum, default_value_t = Algorithm::Ed25519)]
    algorithm: Algorithm,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Algorithm {
    /// Ed25519
    Ed25519,
    /// ECDSA on P-256 with SHA-256
    EcdsaP256,
}

/// Makes a key; prints its principal.
///
/// # Errors
/// When a file is already there or cannot be written.
pub(crate) fn run(arguments: &KeyArguments, context: &Context) -> Result<u8, CommandError> {
    let KeyCommand::Generate(arguments) = &arguments.command;
    let algorithm = match arguments.algorithm {
        Algorithm::Ed25519 => KeyAlgorithm::Ed25519,
        Algorithm::EcdsaP256 => KeyAlgorithm::EcdsaP256,
    };
    let key = KeyPair::generate(algorithm)?;
    let public = lasthand_sign::write(&key, &arguments.out)?;
    context.output.note(&format!("wrote {} (keep it secret) and {}", arguments.out.display(), public.display()));
    context.output.line(&key.principal())?;
    Ok(0)
}
