//! Laws of all readers of hints, on damaged records.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use super::*;

const NOTE: &str = "src/main.rs\n  s_c9883b05a2487d::t_9f8e7d6c5b4a32 12,1-10\n  h_31dce776f88375 15-20\n\"a b\"\n  abcd1234abcd1234 1,3-4\n---\n{\"schema_version\": \
                    \"authorship/3.0.0\", \"base_commit_sha\": \"77\", \"prompts\": {}, \"sessions\": {\"s_c9883b05a2487d\": {\"agent_id\": {\"tool\": \"claude\"}}}}";
const TRACE: &str = "{\"version\": \"0.1.0\", \"id\": \"1\", \"timestamp\": \"2\", \"tool\": {\"name\": \"cursor\"}, \"files\": [{\"path\": \"a/b\", \"conversations\": \
                     [{\"contributor\": {\"type\": \"ai\"}, \"ranges\": [{\"start_line\": 3, \"end_line\": 7}, {\"start_line\": 1, \"end_line\": 2}]}]}]}";
const COMMIT: &str = "{\"subject\": [{\"digest\": {\"gitCommit\": \"77\"}}], \"predicateType\": \"https://slsa.dev/provenance/v1\", \"predicate\": {\"buildDefinition\": \
                      {\"buildType\": \"https://refs.arewm.com/agent-commit/v0.3\", \"internalParameters\": {\"agent\": {}}}, \"runDetails\": {\"byproducts\": [{\"name\": \
                      \"observed-filesystem\", \"annotations\": {\"observations\": [{\"writes\": [{\"path\": \"a\"}]}]}}]}}}";

type Read = fn(&[u8]) -> Result<Hint, HintError>;

/// A generator of numbers that is the same everywhere. SPEC: xorshift64*, Vigna 2016.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        usize::try_from(self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33).unwrap() % bound
    }
}

fn holds_laws(hint: &Hint, bytes: &[u8]) {
    let told = String::from_utf8_lossy(bytes);
    assert!(hint.files.windows(2).all(|pair| pair[0].path < pair[1].path), "{told}");
    for file in &hint.files {
        assert!(path_fault(&file.path).is_none() && !file.labels.is_empty(), "{told}");
        for label in &file.labels {
            assert!(label.lines.iter().all(|range| range.first > 0 && range.first <= range.last), "{told}");
            assert!(label.lines.windows(2).all(|pair| pair[0].last + 1 < pair[1].first), "{told}");
        }
    }
}

#[test]
fn damaged_records_are_refused_or_read_by_the_same_laws() {
    // pass: whatever is read has paths of a tree in order, and lines in order; fail: a panic, a path outside
    let readers: [(&str, Read); 3] = [(NOTE, read_git_ai_note), (TRACE, read_agent_trace), (COMMIT, read_agent_commit)];
    let mut numbers = Numbers(0x1234_5678_9abc_def1);
    for (record, read) in readers {
        let hint = read(record.as_bytes()).unwrap();
        assert!(!hint.files.is_empty());
        holds_laws(&hint, record.as_bytes());
        let (mut read_count, mut refused_count) = (0, 0);
        for _ in 0..4_000 {
            let mut bytes = record.as_bytes().to_vec();
            for _ in 0..=numbers.below(3) {
                let at = numbers.below(bytes.len());
                let pieces: [&[u8]; 8] = [b"", b"\n", b"../", b"-", b"\"", b"0", b"4294967296", b"\xff"];
                let until = (at + numbers.below(4)).min(bytes.len());
                bytes.splice(at..until, pieces[numbers.below(pieces.len())].iter().copied());
            }
            match read(&bytes) {
                Ok(hint) => {
                    read_count += 1;
                    holds_laws(&hint, &bytes);
                }
                Err(_) => refused_count += 1,
            }
        }
        assert!(read_count > 10 && refused_count > 100, "{read_count} {refused_count}");
    }
}
