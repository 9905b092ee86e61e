//! What the app is called by others. Used by the verifier of callbacks and by `http`.

/// What the app is called by others.
#[derive(Clone, Debug)]
pub struct About {
    /// Its key.
    pub key: String,
    /// Its base URL, without trailing slash.
    pub base_url: String,
    /// The path of that.
    pub base_path: String,
}

impl About {
    /// Scheme, host and port, as a browser's `Origin` writes them.
    #[must_use]
    pub fn origin(&self) -> String {
        url::Url::parse(&self.base_url).map_or_else(
            |_| self.base_url.clone(),
            |url| url.origin().ascii_serialization(),
        )
    }
}
