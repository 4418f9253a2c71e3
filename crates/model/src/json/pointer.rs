//! From a line and column of a JSON text to the JSON Pointer of the value there.

/// Where a scan is inside one object or array.
enum Level {
    /// The key that was read last, as it stands in the text, with quotes.
    Object { key: Option<(usize, usize)>, expects_key: bool },
    /// The number of the element.
    Array { index: usize },
}

/// Names the value that a reader had before it when it had read up to `line` and `column` of `bytes`, which are JSON.
///
/// SPEC: RFC 6901. Cost: O(bytes).
pub(super) fn at(bytes: &[u8], line: usize, column: usize) -> String {
    let end = offset(bytes, line, column);
    let mut levels: Vec<Level> = Vec::new();
    let mut at = 0;
    while at < end {
        match bytes.get(at) {
            Some(b'"') => {
                let close = string_end(bytes, at);
                if let Some(Level::Object { key, expects_key: expects_key @ true }) = levels.last_mut() {
                    *key = Some((at, close));
                    *expects_key = false;
                }
                at = close;
                continue;
            }
            Some(b'{') => levels.push(Level::Object { key: None, expects_key: true }),
            Some(b'[') => levels.push(Level::Array { index: 0 }),
            Some(b'}' | b']') => drop(levels.pop()),
            Some(b',') => match levels.last_mut() {
                Some(Level::Object { expects_key, .. }) => *expects_key = true,
                Some(Level::Array { index }) => *index += 1,
                None => {}
            },
            _ => {}
        }
        at += 1;
    }
    let segments = levels.iter().filter_map(|level| match level {
        Level::Array { index } => Some(index.to_string()),
        Level::Object { key, .. } => {
            let (from, to) = (*key)?;
            serde_json::from_slice::<String>(bytes.get(from..to)?).ok()
        }
    });
    segments.map(|segment| format!("/{}", segment.replace('~', "~0").replace('/', "~1"))).collect()
}

/// Bytes before the end of `column` (1-based, in bytes) of `line` (1-based).
fn offset(bytes: &[u8], line: usize, column: usize) -> usize {
    let mut start = 0;
    for _ in 1..line {
        let rest = bytes.get(start..).unwrap_or_default();
        start += rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |newline| newline + 1);
    }
    bytes.len().min(start + column)
}

/// Offset after the closing quote of the string that opens at `open`.
fn string_end(bytes: &[u8], open: usize) -> usize {
    let mut at = open + 1;
    loop {
        match bytes.get(at) {
            Some(b'\\') => at += 2,
            Some(b'"') => return at + 1,
            Some(_) => at += 1,
            None => return bytes.len(),
        }
    }
}
