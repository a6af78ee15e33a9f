//! The body of a request: read within bounds of size and time, and unpacked.

use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};

use crate::api::ApiError;

/// The largest body that is taken; Lambda packages are the largest that a client sends (50 MB zipped, more as base64). [D]
const MAX_BODY: usize = 80 * 1024 * 1024;
/// How much of a larger one is read without being kept, so that its client receives the answer: one whose connection
/// is closed while it still sends sees a broken connection.
const MAX_DISCARDED: usize = 8 * MAX_BODY;

/// Reads a body, or says in AWS's terms why it is not taken.
pub(super) async fn read(body: Incoming, encoding: Option<&str>, patience: Duration) -> Result<Vec<u8>, ApiError> {
    let body = tokio::time::timeout(patience, collect(body)).await.map_err(|_| {
        let text = format!("rootwatch: the body did not arrive within {} s", patience.as_secs_f32());
        ApiError::new("RequestTimeout", text).status(408)
    })??;
    match encoding.map(str::trim).unwrap_or_default() {
        "" | "identity" => Ok(body),
        // SDKs compress PutMetricData from 10 KB on. [D] the service model's requestcompression
        "gzip" => unpack(&body),
        other => {
            let text = format!("rootwatch: expected a body without content-encoding or with gzip; found `{other}`");
            Err(ApiError::new("UnsupportedMediaTypeException", text).status(415))
        }
    }
}

async fn collect(mut body: Incoming) -> Result<Vec<u8>, ApiError> {
    if body.size_hint().lower() > MAX_DISCARDED as u64 {
        return Err(too_large());
    }
    let (mut taken, mut seen) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| {
            let text = format!("rootwatch: the body broke off: {error}");
            ApiError::new("IncompleteBody", text)
        })?;
        let Ok(data) = frame.into_data() else { continue };
        seen += data.len();
        if seen <= MAX_BODY {
            taken.extend_from_slice(&data);
        } else {
            taken = Vec::new();
        }
        if seen > MAX_DISCARDED {
            break;
        }
    }
    if seen > MAX_BODY { Err(too_large()) } else { Ok(taken) }
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    let mut reader = MultiGzDecoder::new(packed).take(MAX_BODY as u64 + 1);
    reader.read_to_end(&mut body).map_err(|error| {
        ApiError::new(
            "SerializationException",
            format!("rootwatch: the body is not gzip, as content-encoding says: {error}"),
        )
    })?;
    if body.len() > MAX_BODY { Err(too_large()) } else { Ok(body) }
}

fn too_large() -> ApiError {
    let text = format!("rootwatch: the body is larger than {} MiB", MAX_BODY / 1024 / 1024);
    ApiError::new("RequestEntityTooLargeException", text).status(413)
}
