//! An address that may be visited: `http` or `https`, a host, a port, a path.

use std::fmt;
use std::str::FromStr;

use hyper::Uri;

/// Longest address, in bytes. Our own bound.
const MAX_ADDRESS_LEN: usize = 2_048;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    text: String,
    tls: bool,
    host: String,
    port: u16,
    path: String,
}

impl Address {
    /// Whether the way there is encrypted.
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// The host, as it is looked up; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Path and query.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What the `Host` field of a request says.
    pub fn authority(&self) -> String {
        let host =
            if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        match (self.tls, self.port) {
            (false, 80) | (true, 443) => host,
            (_, port) => format!("{host}:{port}"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        if text.len() > MAX_ADDRESS_LEN {
            return Err(AddressError);
        }
        let uri: Uri = text.parse().map_err(|_| AddressError)?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(AddressError),
        };
        let authority = uri.authority().ok_or(AddressError)?;
        // A password in an address ends up in logs.
        if authority.as_str().contains('@') {
            return Err(AddressError);
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        if host.is_empty() {
            return Err(AddressError);
        }
        let port = authority.port_u16().unwrap_or(if tls { 443 } else { 80 });
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { text: text.to_owned(), tls, host, port, path })
    }
}

/// The text is no address that may be visited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressError;

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an address is http:// or https://, a host without a user name, and a path")
    }
}

impl std::error::Error for AddressError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_taken_apart() {
        let rows = [
            ("http://tsa.example/", false, "tsa.example", 80, "/", "tsa.example"),
            (
                "http://127.0.0.1:8080/dev/tsa",
                false,
                "127.0.0.1",
                8080,
                "/dev/tsa",
                "127.0.0.1:8080",
            ),
            ("https://tsa.example:443/a?b=c", true, "tsa.example", 443, "/a?b=c", "tsa.example"),
            ("http://[::1]:81", false, "::1", 81, "/", "[::1]:81"),
        ];
        for (text, tls, host, port, path, authority) in rows {
            let address: Address = text.parse().unwrap();
            let parts = (address.is_tls(), address.host(), address.port(), address.path());
            assert_eq!(parts, (tls, host, port, path), "{text}");
            assert_eq!((address.authority(), address.to_string()), (authority.into(), text.into()));
        }
    }

    #[test]
    fn other_schemes_and_passwords_are_no_addresses() {
        let long = format!("http://tsa.example/{}", "a".repeat(MAX_ADDRESS_LEN));
        for text in [
            "",
            "tsa.example",
            "ftp://tsa.example/",
            "file:///etc/passwd",
            "http://",
            "/dev/tsa",
            "http://name:word@tsa.example/",
            "http:// tsa.example/",
            &long,
        ] {
            assert_eq!(text.parse::<Address>(), Err(AddressError), "{text}");
        }
    }
}
