//! The credential scope of a Signature Version 4 request: access key, Region and service.

use super::HttpRequest;

/// Who calls, where, and which service, as the `Authorization` header says it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialScope {
    /// The access key id.
    pub access_key: String,
    /// The Region the request was signed for.
    pub region: String,
    /// The service's signing name.
    pub service: String,
}

impl CredentialScope {
    /// Of a request: from its `Authorization` header, else from the query string of a presigned URL. [D] sigv4 query
    pub fn of(request: &HttpRequest) -> Option<Self> {
        let by_header = request.header("authorization").and_then(Self::parse);
        by_header.or_else(|| {
            let mut pairs = form_urlencoded::parse(request.query.as_bytes());
            let (_, credential) = pairs.find(|(name, _)| name == "X-Amz-Credential")?;
            Self::parse(&format!("Credential={credential}"))
        })
    }

    /// Reads `AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/sns/aws4_request, …`. [D] sigv4
    pub fn parse(authorization: &str) -> Option<Self> {
        let credential = authorization.split("Credential=").nth(1)?;
        let credential = credential.split([',', ' ']).next()?;
        let mut parts = credential.rsplit('/');
        (parts.next()? == "aws4_request").then_some(())?;
        let (service, region, _date) = (parts.next()?, parts.next()?, parts.next()?);
        let access_key: Vec<&str> = parts.rev().collect();
        Some(Self { access_key: access_key.join("/"), region: region.to_owned(), service: service.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes() {
        let header = "AWS4-HMAC-SHA256 Credential=111122223333/20260302/eu-west-1/monitoring/aws4_request, \
                      SignedHeaders=host, Signature=00";
        let scope = CredentialScope::parse(header).unwrap();
        assert_eq!((&*scope.access_key, &*scope.region, &*scope.service), ("111122223333", "eu-west-1", "monitoring"));
        let query =
            "Action=x&X-Amz-Credential=111122223333%2F20260302%2Feu-west-1%2Fsqs%2Faws4_request&X-Amz-Signature=00";
        let presigned = HttpRequest { query: query.to_owned(), ..HttpRequest::default() };
        assert_eq!(CredentialScope::of(&presigned).unwrap().service, "sqs");
        assert_eq!(CredentialScope::of(&HttpRequest::default()), None);
        for bad in ["", "Basic abc", "AWS4-HMAC-SHA256 Credential=a/b/c", "AWS4-HMAC-SHA256 Credential=a/1/r/s/other"] {
            assert_eq!(CredentialScope::parse(bad), None, "{bad}");
        }
    }
}
