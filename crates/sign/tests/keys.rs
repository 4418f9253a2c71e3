//! Keys: made, kept, read back, used; and what openssl makes of them.
#![expect(clippy::unwrap_used, reason = "a failed test may stop")]

use std::fs;
use std::path::Path;
use std::process::Command;

use lasthand_model::limits::Limits;
use lasthand_model::wire::bundle::pre_authentication_encoding;
use lasthand_model::wire::statement::PAYLOAD_TYPE;
use lasthand_sign::{KeyAlgorithm, KeyFileError, KeyPair, SignError, load, write};
use lasthand_testkit::need;
use lasthand_trust::evidence::verify_evidence;
use lasthand_trust::keys::{KeyRing, PublicKey};

const ALGORITHMS: [KeyAlgorithm; 2] = [KeyAlgorithm::Ed25519, KeyAlgorithm::EcdsaP256];

fn statement() -> String {
    let digest = "a".repeat(64);
    format!(
        r#"{{"_type":"https://in-toto.io/Statement/v1","subject":[{{"name":"app","digest":{{"sha256":"{digest}"}}}}],"predicateType":"https://example.com/thing/v1"}}"#
    )
}

fn ring(pem: &[u8]) -> KeyRing {
    let mut ring = KeyRing::new();
    ring.add_key(PublicKey::parse(pem).unwrap());
    ring
}

fn openssl(arguments: &[&str]) -> Option<bool> {
    let output = Command::new("openssl").args(arguments).output().ok()?;
    Some(output.status.success())
}

#[test]
fn a_key_survives_its_file_and_signs_what_trust_verifies() {
    // pass: generate, write, load, sign, verify; both address forms
    for algorithm in ALGORITHMS {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ana.key");
        let key = KeyPair::generate(algorithm).unwrap();
        let public_path = write(&key, &path).unwrap();
        assert_eq!(public_path, folder.path().join("ana.key.pub"));
        let public = fs::read(&public_path).unwrap();
        assert_eq!(PublicKey::parse(&public).unwrap().id(), key.id());

        for address in
            [path.display().to_string(), format!("file:{}", path.display()), format!("file://{}", path.display())]
        {
            let loaded = load(&address).unwrap();
            assert_eq!((loaded.key.id(), loaded.key.algorithm()), (key.id(), algorithm));
            assert_eq!(loaded.warning, None);
            let bundle = loaded.key.sign_bundle(PAYLOAD_TYPE, statement().as_bytes()).unwrap();
            let bytes = serde_json::to_vec(&bundle).unwrap();
            let verified = verify_evidence(&bytes, &ring(&public), &Limits::DEFAULT).unwrap();
            assert_eq!(verified.signers().len(), 1);
            let envelope = serde_json::to_vec(&bundle.dsse_envelope).unwrap();
            verify_evidence(&envelope, &ring(&public), &Limits::DEFAULT).unwrap();
        }
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "nothing is left behind: {names:?}");
    }
}

#[test]
fn a_key_file_is_never_overwritten() {
    // fail: either file exists; what is there stays
    let folder = tempfile::tempdir().unwrap();
    for existing in ["k", "k.pub"] {
        let path = folder.path().join(existing);
        fs::write(&path, "mine").unwrap();
        let key = KeyPair::generate(KeyAlgorithm::Ed25519).unwrap();
        assert!(matches!(write(&key, &folder.path().join("k")), Err(KeyFileError::Exists { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        fs::remove_file(&path).unwrap();
    }
}

#[cfg(unix)]
#[test]
fn a_readable_key_file_is_told() {
    // pass: written 0600; fail: opened to the group
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("k");
    write(&KeyPair::generate(KeyAlgorithm::Ed25519).unwrap(), &path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let warning = load(path.to_str().unwrap()).unwrap().warning.unwrap();
    assert_eq!(warning.mode, 0o640);
    assert!(warning.to_string().contains("0640"));
}

#[test]
fn a_private_key_is_never_shown() {
    // fail: neither debug output nor an error holds bytes of the key
    let folder = tempfile::tempdir().unwrap();
    for algorithm in ALGORITHMS {
        let path = folder.path().join(format!("{algorithm:?}"));
        let key = KeyPair::generate(algorithm).unwrap();
        write(&key, &path).unwrap();
        let pem = fs::read_to_string(&path).unwrap();
        let secret = pem.lines().nth(1).unwrap();
        let shown = format!("{key:?} {:?}", load(path.to_str().unwrap()).unwrap());
        assert!(shown.contains("redacted") && !shown.contains(secret));
        let broken = pem.replacen("MI", "NI", 1).replacen("MC", "NC", 1);
        let error = KeyPair::from_pem(broken.as_bytes()).unwrap_err();
        assert!(!format!("{error:?} {error}").contains(secret));
    }
}

#[test]
fn other_addresses_and_files_are_refused_clearly() {
    // fail: addresses of later versions, public and encrypted keys, rubbish, nothing
    for address in ["pkcs11:token=x", "spiffe:x", "ssh-agent:", "keyless:", "exec:helper"] {
        let error = load(address).unwrap_err();
        assert!(matches!(error, KeyFileError::Scheme { .. }), "{error:?}");
        assert!(error.to_string().contains("not read by this version"));
    }
    assert!(matches!(load("no/such/file"), Err(KeyFileError::Io { .. })));
    let label = |pem: &str| KeyPair::from_pem(pem.as_bytes()).unwrap_err();
    let key = KeyPair::generate(KeyAlgorithm::Ed25519).unwrap();
    assert!(label(&key.public_pem().unwrap()).hints().concat().contains("public key"));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
    assert!(label(encrypted).hints().concat().contains("passphrase"));
    assert!(matches!(label("rubbish"), SignError::Pem { .. }));
    assert_eq!(label("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), SignError::Unusable);
}

#[test]
fn openssl_reads_our_keys_and_verifies_our_signatures() {
    // pass: another implementation agrees on key files and signatures
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    if need::tool("openssl").is_none() {
        return;
    }
    for algorithm in ALGORITHMS {
        let name = file(&format!("{algorithm:?}"));
        let key = KeyPair::generate(algorithm).unwrap();
        write(&key, Path::new(&name)).unwrap();
        let derived = file("derived.pub");
        assert_eq!(openssl(&["pkey", "-in", &name, "-pubout", "-out", &derived]), Some(true));
        assert_eq!(fs::read_to_string(&derived).unwrap(), key.public_pem().unwrap());

        let envelope = key.sign(PAYLOAD_TYPE, statement().as_bytes()).unwrap();
        let signature = lasthand_trust::dsse::decode_base64(&envelope.signatures.first().unwrap().sig).unwrap();
        fs::write(file("sig"), signature).unwrap();
        fs::write(file("message"), pre_authentication_encoding(PAYLOAD_TYPE, statement().as_bytes())).unwrap();
        let public = format!("{name}.pub");
        let (sig, message) = (file("sig"), file("message"));
        let verified = match algorithm {
            KeyAlgorithm::Ed25519 => openssl(&[
                "pkeyutl", "-verify", "-pubin", "-inkey", &public, "-rawin", "-in", &message, "-sigfile", &sig,
            ]),
            KeyAlgorithm::EcdsaP256 => openssl(&["dgst", "-sha256", "-verify", &public, "-signature", &sig, &message]),
        };
        assert_eq!(verified, Some(true), "{algorithm:?}");
    }
}

#[test]
fn keys_that_openssl_made_are_read() {
    // pass: PKCS#8 version 1 of both algorithms; fail: RSA
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let cases: [(&str, &[&str], Option<KeyAlgorithm>); 4] = [
        ("ed", &["-algorithm", "ED25519"], Some(KeyAlgorithm::Ed25519)),
        ("p256", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"], Some(KeyAlgorithm::EcdsaP256)),
        ("p384", &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"], None),
        ("x25519", &["-algorithm", "X25519"], None),
    ];
    for (name, arguments, expected) in cases {
        let (path, public) = (file(name), file(&format!("{name}.pub")));
        let made = openssl(&[&["genpkey", "-out", &path], arguments].concat());
        if !need::feature("openssl", made == Some(true), "none on the path that makes keys of this kind") {
            continue;
        }
        assert_eq!(openssl(&["pkey", "-in", &path, "-pubout", "-out", &public]), Some(true));
        let Some(expected) = expected else {
            assert!(matches!(load(&path), Err(KeyFileError::Key { source: SignError::Unusable, .. })), "{name}");
            continue;
        };
        let key = load(&path).unwrap().key;
        assert_eq!(key.algorithm(), expected);
        assert_eq!(key.public_pem().unwrap(), fs::read_to_string(&public).unwrap());
        let envelope = serde_json::to_vec(&key.sign(PAYLOAD_TYPE, statement().as_bytes()).unwrap()).unwrap();
        verify_evidence(&envelope, &ring(&fs::read(&public).unwrap()), &Limits::DEFAULT).unwrap();
    }
}
