//! [`EncodeError`], [`DecodeError`] and [`FormError`]: why something could not be written, or read.

/// Why a request could not be written. Never carries a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A path parameter that no encoding can save.
    #[error(
        "the path parameter `{name}` must not be blank, `.` or `..`: no encoding keeps such a segment in a URL"
    )]
    #[non_exhaustive]
    Segment {
        /// The name of the parameter.
        name: &'static str,
    },
    /// A field that has no form in JSON or in a query string.
    #[error("the request cannot be written as JSON")]
    Serialize(#[source] serde_json::Error),
    /// A list or an object among the fields of a query string or an URL-encoded form.
    #[error("the field `{name}` is a list or an object, which a query string cannot carry")]
    #[non_exhaustive]
    Nested {
        /// The name of the field.
        name: String,
    },
    /// A field with control characters that travels in a header.
    #[error("the field for the header `{name}` has characters that no header can carry")]
    #[non_exhaustive]
    Header {
        /// The name of the header.
        name: &'static str,
    },
    /// Path and query that no URI can hold.
    #[error("path and query do not form a URI")]
    Uri(#[source] http::Error),
}

/// For endpoints that are written by hand.
impl EncodeError {
    /// A path parameter of this name that is blank, `.` or `..`.
    pub fn segment(name: &'static str) -> Self {
        Self::Segment { name }
    }

    /// A list or an object in the field of this name, in a query string or an URL-encoded form.
    pub fn nested(name: impl Into<String>) -> Self {
        Self::Nested { name: name.into() }
    }

    /// Control characters in the field for the header of this name.
    pub fn header(name: &'static str) -> Self {
        Self::Header { name }
    }
}

/// Why a request or an answer could not be read. Names the field, never its value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Method or path belong to another operation.
    #[error("expected {method} {path}")]
    #[non_exhaustive]
    Route {
        /// The method of the operation that was expected.
        method: http::Method,
        /// Its path template.
        path: &'static str,
    },
    /// The text is not JSON, or a field is missing or of the wrong type.
    #[error("{}", at(.path))]
    #[non_exhaustive]
    Json {
        /// The place in the JSON text, such as `documents[3].chunk_count`; `.` is the whole.
        path: String,
        /// What is wrong there.
        #[source]
        source: serde_json::Error,
    },
    /// The text is not UTF-8.
    #[error("the text is not UTF-8")]
    Utf8(#[source] std::str::Utf8Error),
    /// The body is no form.
    #[error("the form cannot be read")]
    Form(#[source] FormError),
    /// A part of the form is missing.
    #[error("the form has no part `{name}`")]
    #[non_exhaustive]
    Part {
        /// The name of the part.
        name: &'static str,
    },
}

/// For endpoints that are written by hand.
impl DecodeError {
    /// A request for another operation than the one with this method and this path template.
    pub fn route(method: http::Method, path: &'static str) -> Self {
        Self::Route { method, path }
    }

    /// A JSON text that cannot be read: at this place, `.` for the whole, for this reason.
    pub fn json(path: impl Into<String>, source: serde_json::Error) -> Self {
        Self::Json { path: path.into(), source }
    }

    /// A form without a part of this name.
    pub fn part(name: &'static str) -> Self {
        Self::Part { name }
    }
}

fn at(path: &str) -> String {
    if path == "." {
        "the JSON text cannot be read".to_owned()
    } else {
        format!("the JSON field `{path}` cannot be read")
    }
}

/// Why a body is not a form.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// The content type is another one, or names no boundary.
    #[error("the content type must be multipart/form-data with a boundary")]
    ContentType,
    /// The body ends before its closing delimiter.
    #[error("the form ends before its closing delimiter")]
    Incomplete,
    /// A part without a readable `Content-Disposition`.
    #[error("part {index} has no Content-Disposition of type form-data with a name")]
    #[non_exhaustive]
    Disposition {
        /// Index of the part, from 0.
        index: usize,
    },
}
