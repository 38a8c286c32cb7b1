//! Sites as browsers name them: scheme, host, port.

use url::{Host, Url};

/// An origin in the form in which browsers write it; `None` when it is none, or more than one (a path, a wildcard, a user).
#[must_use]
pub fn written(said: &str) -> Option<String> {
    // Wildcards and what could break out of a policy never get as far as the parser.
    if said.len() > 200 || said.contains(['*', ' ', ';', ',', '\'', '"', '\\']) {
        return None;
    }
    let url = Url::parse(said).ok()?;
    let host = match url.host()? {
        Host::Domain(name) => !name.is_empty(),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    };
    let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let nobody = url.username().is_empty() && url.password().is_none();
    (host && bare && nobody && matches!(url.scheme(), "http" | "https")).then(|| url.origin().ascii_serialization())
}

/// Sites of which each may show the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sites {
    /// Any.
    Any,
    /// These, and our own.
    These(Vec<String>),
}

impl Sites {
    /// From the configuration: origins, or `*`.
    ///
    /// # Errors
    /// The first word that is neither.
    pub fn read(said: &[String]) -> Result<Self, String> {
        if said.iter().any(|s| s.trim() == "*") {
            return Ok(Self::Any);
        }
        let said = said.iter().map(|s| s.trim()).filter(|s| !s.is_empty());
        said.map(|s| written(s).ok_or_else(|| s.to_owned())).collect::<Result<_, _>>().map(Self::These)
    }

    /// As the value of `frame-ancestors`.
    #[must_use]
    pub fn ancestors(&self) -> String {
        match self {
            Self::Any => "*".to_owned(),
            Self::These(origins) => origins.iter().fold("'self'".to_owned(), |all, o| all + " " + o),
        }
    }

    /// Whether a site is among them; our own is asked for elsewhere.
    #[must_use]
    pub fn has(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::These(origins) => origins.iter().any(|o| o == origin),
        }
    }
}
