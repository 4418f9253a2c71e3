//! Canonical JSON, as links and layouts without an envelope are signed over it.
//!
//! SPEC: OLPC "Canonical JSON": members by name, no blanks, only `"` and `\` escaped, integers alone.

use serde_json::Value;

/// LIMIT: numbers that every common reader keeps as they are.
const MOST: i64 = (1 << 53) - 1;

/// A number that has no canonical form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NotAnInteger;

/// Writes a value in canonical form.
///
/// In: a value that [`lasthand_model::json`] read, so nested no deeper than its limit.
///
/// # Errors
/// [`NotAnInteger`] for a number with a fraction or an exponent, and for one that common readers round.
pub(super) fn encode(value: &Value) -> Result<Vec<u8>, NotAnInteger> {
    let mut out = Vec::new();
    write(value, &mut out)?;
    Ok(out)
}

fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), NotAnInteger> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => {
            let integer = number.as_i64().filter(|integer| (-MOST..=MOST).contains(integer)).ok_or(NotAnInteger)?;
            out.extend_from_slice(integer.to_string().as_bytes());
        }
        Value::String(text) => string(text, out),
        Value::Array(items) => {
            out.push(b'[');
            for (index, item) in items.iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write(item, out)?;
            }
            out.push(b']');
        }
        Value::Object(members) => {
            let mut sorted: Vec<(&String, &Value)> = members.iter().collect();
            // Bytes of UTF-8 sort as code points do.
            sorted.sort_unstable_by_key(|(name, _)| *name);
            out.push(b'{');
            for (index, (name, member)) in sorted.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                string(name, out);
                out.push(b':');
                write(member, out)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for byte in text.bytes() {
        if matches!(byte, b'"' | b'\\') {
            out.push(b'\\');
        }
        out.push(byte);
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn members_are_sorted_and_two_signs_escaped() {
        // pass: as the page of OLPC has it; fail: fractions, exponents, what readers round
        let value = json!({"b": [1, -2, true, null], "a": "q\"b\\n\n\u{e9}", "\u{ffff}": {}, "\u{10000}": {}});
        let text = encode(&value).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let expected = "{\"a\":\"q\\\"b\\\\n\n\u{e9}\",\"b\":[1,-2,true,null],\"\u{ffff}\":{},\"\u{10000}\":{}}";
        assert_eq!(text.as_deref(), Ok(expected));
        for text in ["1.0", "1e3", "-0", "9007199254740992", "18446744073709551615", "1e400"] {
            let Ok(number) = serde_json::from_str::<Value>(text) else { continue };
            assert_eq!(encode(&json!([number])), Err(NotAnInteger), "{text}");
        }
    }
}
