//! The protected header (RFC 7516 §4): a JSON object in which no name stands twice.

use std::fmt;

use serde::de::{DeserializeOwned, Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};

use crate::crypto::base64url;
use crate::crypto::error::EncryptError;
use crate::crypto::labels::{JWE_CONTENT, JWE_KEY};

/// The longest header, in bytes of JSON.
const LONGEST: usize = 1 << 13;

/// What we say with these names, no claim says.
const OURS: [&str; 4] = ["alg", "enc", "crit", "zip"];

#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    enc: &'a str,
    #[serde(flatten)]
    claims: Map<String, Value>,
}

/// The header as it stands in a token.
pub(super) fn write(claims: &impl Serialize) -> Result<Vec<u8>, EncryptError> {
    let Ok(Value::Object(claims)) = serde_json::to_value(claims) else { return Err(EncryptError::Header) };
    if OURS.iter().any(|name| claims.contains_key(*name)) {
        return Err(EncryptError::Header);
    }
    let header = Header { alg: JWE_KEY, enc: JWE_CONTENT, claims };
    let json = serde_json::to_vec(&header).map_err(|_| EncryptError::Header)?;
    if json.len() <= LONGEST { Ok(base64url::encode(&json)) } else { Err(EncryptError::Header) }
}

/// The members of a header that asks for what we do and nothing else; "alg" and "enc" are not among them any more.
pub(super) fn read(text: &[u8]) -> Option<Map<String, Value>> {
    let json = base64url::decode(text, LONGEST)?;
    let Members(mut members) = serde_json::from_slice(&json).ok()?;
    let as_ours = members.remove("alg")? == JWE_KEY && members.remove("enc")? == JWE_CONTENT;
    // What is critical is not understood, and nothing is compressed.
    let simple = !members.contains_key("crit") && !members.contains_key("zip");
    (as_ours && simple).then_some(members)
}

/// Members that the claims know; others are ignored (RFC 7516 §4).
pub(super) fn claims<C: DeserializeOwned>(members: Map<String, Value>) -> Option<C> {
    serde_json::from_value(Value::Object(members)).ok()
}

/// An object's members.
struct Members(Map<String, Value>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Unique;
        impl<'de> Visitor<'de> for Unique {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object in which no name stands twice")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Members, A::Error> {
                let mut members = Map::new();
                while let Some((name, value)) = access.next_entry()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a name stands twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Unique)
    }
}
