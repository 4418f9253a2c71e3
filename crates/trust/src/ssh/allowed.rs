//! Lists of allowed signers: whose keys they are, for which uses, and when.
//!
//! SPEC: ssh-keygen(1), "ALLOWED SIGNERS".
//!
//! OFF-SPEC: principals are plain names, not patterns; a moment ends with `Z`, because without it it depends on the reader's time zone;
//! `cert-authority` is not read. One key belongs to one principal.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lasthand_model::timestamp;

use super::error::SshError;
use super::key::SshKey;

/// LIMIT: bytes and lines of a list.
const LIST_BYTES: usize = 1 << 20;
const LINES: usize = 10_000;

/// A list of allowed signers.
#[derive(Debug, Clone, Default)]
pub struct AllowedSigners {
    lines: Vec<Line>,
}

#[derive(Debug, Clone)]
struct Line {
    principal: String,
    key: SshKey,
    /// Uses; empty for any.
    namespaces: Vec<String>,
    after: Option<i64>,
    before: Option<i64>,
}

impl Line {
    /// Whether it is the same key, also where one line has it in a file and another in a device, or for another application.
    fn is_same(&self, other: &Self) -> bool {
        self.key.key().id() == other.key.key().id()
    }
}

impl AllowedSigners {
    /// Reads a list.
    ///
    /// # Errors
    /// [`SshError::Line`] for the first line that is not read as every reader would.
    pub fn parse(text: &str) -> Result<Self, SshError> {
        let over = |line| SshError::Line { line, reason: "the list is too large".to_owned() };
        if text.len() > LIST_BYTES {
            return Err(over(1));
        }
        let mut list = Self::default();
        for (number, text) in (1..).zip(text.lines()) {
            if number > LINES {
                return Err(over(number));
            }
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            for line in read(text).map_err(|reason| SshError::Line { line: number, reason })? {
                // SECURITY: a key of two people is nobody's.
                if list.lines.iter().any(|known| known.is_same(&line) && known.principal != line.principal) {
                    let reason = "the key stands in another line, of another principal".to_owned();
                    return Err(SshError::Line { line: number, reason });
                }
                list.lines.push(line);
            }
        }
        Ok(list)
    }

    /// Each principal once, in their order.
    #[must_use]
    pub fn principals(&self) -> Vec<&str> {
        let mut seen: Vec<&str> = Vec::new();
        for line in &self.lines {
            if !seen.contains(&line.principal.as_str()) {
                seen.push(&line.principal);
            }
        }
        seen
    }

    /// Each key with its principal, in their order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&SshKey, &str)> {
        self.lines.iter().map(|line| (&line.key, line.principal.as_str()))
    }

    /// Whether any line holds this key, for whatever use and time.
    pub(crate) fn holds(&self, key: &SshKey) -> bool {
        self.lines.iter().any(|line| line.key == *key)
    }

    /// Whose key it is, for this use at this moment, seconds since 1970-01-01T00:00:00Z. Without a moment, lines that are bounded in time do not
    /// count.
    ///
    /// # Errors
    /// [`SshError::NotAllowed`].
    pub fn principal(&self, key: &SshKey, namespace: &str, moment: Option<i64>) -> Result<&str, SshError> {
        let mut reason = String::new();
        for line in self.lines.iter().filter(|line| line.key == *key) {
            if !line.namespaces.is_empty() && !line.namespaces.iter().any(|known| known == namespace) {
                reason = format!(" for the namespace `{namespace}`");
            } else if line.after.is_some_and(|after| moment.is_none_or(|moment| moment < after)) {
                reason = " yet at this moment".to_owned();
            } else if line.before.is_some_and(|before| moment.is_none_or(|moment| moment > before)) {
                reason = " any more at this moment".to_owned();
            } else {
                return Ok(&line.principal);
            }
        }
        Err(SshError::NotAllowed { fingerprint: key.fingerprint(), reason })
    }
}

/// Reads one line: one for each principal in it.
fn read(text: &str) -> Result<Vec<Line>, String> {
    let mut words = words(text)?.into_iter();
    let principals = words.next().unwrap_or_default();
    let mut next = words.next().ok_or("there is no key")?;
    let (mut namespaces, mut after, mut before) = (Vec::new(), None, None);
    if !is_kind(&next) {
        for option in split(&next)? {
            let (name, value) = option.split_once('=').unwrap_or((&option, ""));
            let value = value.trim_matches('"');
            match name.to_ascii_lowercase().as_str() {
                "namespaces" if namespaces.is_empty() && !value.is_empty() => {
                    namespaces = value.split(',').map(str::to_owned).collect();
                    if namespaces.iter().any(|name| name.is_empty() || name.contains(['*', '?', '!'])) {
                        return Err("a namespace is a plain name, not a pattern".to_owned());
                    }
                }
                "valid-after" if after.is_none() => after = Some(moment(value)?),
                "valid-before" if before.is_none() => before = Some(moment(value)?),
                _ => {
                    return Err(format!("the option `{}` is not read here", name.chars().take(40).collect::<String>()));
                }
            }
        }
        next = words.next().ok_or("there is no key")?;
    }
    if after.zip(before).is_some_and(|(after, before)| after > before) {
        return Err("it ends before it begins".to_owned());
    }
    let encoded = words.next().ok_or("there is no key")?;
    let blob = STANDARD.decode(encoded).map_err(|_| "the key is not base64")?;
    let key = SshKey::from_wire(&blob).map_err(|error| error.to_string())?;
    // The kind stands before the key and in it.
    if blob.get(4..).is_none_or(|inner| !inner.starts_with(next.as_bytes())) {
        return Err("the key is of another kind than the line says".to_owned());
    }
    let mut lines = Vec::new();
    for principal in principals.split(',') {
        if principal.is_empty()
            || principal.contains(['*', '?', '!', '#'])
            || principal.chars().any(|c| c.is_control() || c.is_whitespace())
        {
            return Err("a principal is a plain name, not a pattern".to_owned());
        }
        let (namespaces, key) = (namespaces.clone(), key.clone());
        lines.push(Line { principal: principal.to_owned(), key, namespaces, after, before });
    }
    if lines.len() > 1 {
        return Err("the key is of several principals".to_owned());
    }
    Ok(lines)
}

fn is_kind(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"].iter().any(|start| word.starts_with(start))
}

/// Words parted by blanks; blanks inside quotes part nothing.
fn words(text: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for sign in text.chars() {
        match sign {
            '"' => {
                quoted = !quoted;
                word.push(sign);
            }
            ' ' | '\t' if !quoted => {
                if !word.is_empty() {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => word.push(other),
        }
    }
    if quoted {
        return Err("a quotation does not end".to_owned());
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    if let Some(first) = words.first_mut() {
        *first = first.trim_matches('"').to_owned();
    }
    Ok(words)
}

/// Options parted by commas; commas inside quotes part nothing.
fn split(text: &str) -> Result<Vec<String>, String> {
    let (mut options, mut option, mut quoted) = (Vec::new(), String::new(), false);
    for sign in text.chars() {
        match sign {
            '"' => {
                quoted = !quoted;
                option.push(sign);
            }
            ',' if !quoted => options.push(std::mem::take(&mut option)),
            other => option.push(other),
        }
    }
    options.push(option);
    if options.iter().any(String::is_empty) {
        return Err("an option is empty".to_owned());
    }
    Ok(options)
}

/// `YYYYMMDDZ`, `YYYYMMDDHHMMZ` or `YYYYMMDDHHMMSSZ`.
fn moment(text: &str) -> Result<i64, String> {
    let digits = text.strip_suffix('Z').ok_or("a moment ends with `Z`: without it, it depends on who reads it")?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) || !matches!(digits.len(), 8 | 12 | 14) {
        return Err("a moment is YYYYMMDD, YYYYMMDDHHMM or YYYYMMDDHHMMSS, and `Z`".to_owned());
    }
    let part = |from: usize, to: usize| digits.get(from..to).unwrap_or("00");
    let text =
        format!("{}-{}-{}T{}:{}:{}Z", part(0, 4), part(4, 6), part(6, 8), part(8, 10), part(10, 12), part(12, 14));
    timestamp::parse(&text).map_err(|error| error.to_string())
}
