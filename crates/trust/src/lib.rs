//! Bytes to verified statements: DSSE signatures, keys, the trust file.
