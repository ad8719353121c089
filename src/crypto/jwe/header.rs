//! The protected header (RFC 7516 §4): a JSON object with unique member names.

use std::fmt;

use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::crypto::base64url;
use crate::crypto::error::EncryptError;
use crate::crypto::labels::{JWE_ALG, JWE_ENC};

/// The maximum header length, in bytes of JSON.
const MAX_BYTES: usize = 1 << 13;

/// Member names that claims must not use.
const RESERVED: [&str; 4] = ["alg", "enc", "crit", "zip"];

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    enc: &'a str,
    #[serde(flatten)]
    claims: Map<String, Value>,
}

/// Returns the encoded header of a token with these claims.
pub(super) fn write(claims: &impl Serialize) -> Result<Vec<u8>, EncryptError> {
    let Ok(Value::Object(claims)) = serde_json::to_value(claims) else { return Err(EncryptError::Header) };
    if RESERVED.iter().any(|name| claims.contains_key(*name)) {
        return Err(EncryptError::Header);
    }
    let header = Header { alg: JWE_ALG, enc: JWE_ENC, claims };
    let json = serde_json::to_vec(&header).map_err(|_| EncryptError::Header)?;
    if json.len() <= MAX_BYTES { Ok(base64url::encode(&json)) } else { Err(EncryptError::Header) }
}

/// Decodes a header; returns its members except "alg" and "enc", or `None` if it is invalid or requires another
/// algorithm or an extension.
pub(super) fn read(text: &[u8]) -> Option<Map<String, Value>> {
    let json = base64url::decode(text, MAX_BYTES)?;
    let Members(mut members) = serde_json::from_slice(&json).ok()?;
    let is_supported = members.remove("alg")? == JWE_ALG && members.remove("enc")? == JWE_ENC;
    // Neither critical extensions nor compression are supported.
    let is_plain = !members.contains_key("crit") && !members.contains_key("zip");
    (is_supported && is_plain).then_some(members)
}

/// Deserializes the claims; members that `C` does not have are ignored (RFC 7516 §4).
pub(super) fn claims<C: DeserializeOwned>(members: Map<String, Value>) -> Option<C> {
    serde_json::from_value(Value::Object(members)).ok()
}

/// The members of a JSON object, with unique names.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;
        impl<'de> Visitor<'de> for Unique {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object with unique member names")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("duplicate member name"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Unique)
    }
}
