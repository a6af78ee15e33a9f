//! The whole state as JSON, and back: what `GET /_rootwatch/state` answers and what `rootwatch serve --state` keeps.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::state::{SCHEMA_VERSION, State};

/// Why a text cannot be continued as the state of a cloud.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// Cut off, or something else altogether.
    #[error("expected a saved state, but this is not JSON: {0}")]
    NotJson(serde_json::Error),
    /// JSON, but of another build or of something else.
    #[error(
        "expected what this build saved (schema_version {SCHEMA_VERSION}, build `{build}`), found schema_version \
         {found_version}, build {found_build}: a state belongs to the build that saved it",
        build = crate::FINGERPRINT
    )]
    Foreign {
        /// Its `schema_version` in JSON, `null` where there is none.
        found_version: String,
        /// Its `build`, likewise.
        found_build: String,
    },
    /// It says that this build saved it, and yet it does not fit.
    #[error("the member `state` does not hold the state of a cloud: {0}")]
    NotAState(serde_json::Error),
}

/// What is written.
#[derive(Debug, Serialize)]
pub(crate) struct Saved<'s> {
    schema_version: u32,
    build: &'static str,
    state: &'s State,
}

impl<'s> Saved<'s> {
    pub(crate) fn of(state: &'s State) -> Self {
        Self { schema_version: SCHEMA_VERSION, build: crate::FINGERPRINT, state }
    }
}

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    schema_version: Value,
    #[serde(default)]
    build: Value,
}

#[derive(Deserialize)]
struct Body {
    state: State,
}

impl State {
    /// The state as JSON.
    ///
    /// # Errors
    /// Only a mistake of ours.
    pub fn to_saved(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Saved::of(self))
    }

    /// The state of [`State::to_saved`].
    ///
    /// # Errors
    /// What is not a state that this build saved.
    pub fn from_saved(json: &[u8]) -> Result<Self, SavedError> {
        let found: Value = serde_json::from_slice(json).map_err(SavedError::NotJson)?;
        let header = Header::deserialize(&found).unwrap_or(Header { schema_version: Value::Null, build: Value::Null });
        if header.schema_version != SCHEMA_VERSION || header.build != crate::FINGERPRINT {
            let (found_version, found_build) = (header.schema_version.to_string(), header.build.to_string());
            return Err(SavedError::Foreign { found_version, found_build });
        }
        // From the text, as whatever it holds was written.
        let body: Body = serde_json::from_slice(json).map_err(SavedError::NotAState)?;
        Ok(body.state)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Time;

    #[test]
    fn states_come_back_and_nothing_else_does() {
        let mut state = State::new(Time(1000), 7);
        let id = state.clone().uuid();
        let saved = state.to_saved().unwrap();
        assert_eq!(State::from_saved(&saved).unwrap().uuid(), id);
        state.now = Time(2000);
        let foreign = String::from_utf8(saved.clone()).unwrap().replace(crate::FINGERPRINT, "another");
        let damaged = String::from_utf8(saved.clone()).unwrap().replace("\"now\":", "\"then\":");
        for (json, expected) in [
            (&b""[..], "not JSON"),
            (&saved[..saved.len() / 2], "not JSON"),
            (b"[]", "schema_version null"),
            (b"{\"Records\": []}", "schema_version null"),
            (foreign.as_bytes(), "build \"another\""),
            (damaged.as_bytes(), "the member `state`"),
        ] {
            let error = State::from_saved(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{expected}: {error}");
        }
    }
}
