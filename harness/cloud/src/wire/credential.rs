//! The credential scope of a Signature Version 4 request: access key, Region and service.

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
        for bad in ["", "Basic abc", "AWS4-HMAC-SHA256 Credential=a/b/c", "AWS4-HMAC-SHA256 Credential=a/1/r/s/other"] {
            assert_eq!(CredentialScope::parse(bad), None, "{bad}");
        }
    }
}
