//! [`EncodeError`], [`DecodeError`] and [`FormError`]: why something could not be written, or read.

/// Why a request could not be written. Never carries a value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// A path parameter that no encoding can save.
    #[error(
        "the path parameter `{name}` must not be blank, `.` or `..`: no encoding keeps such a segment in a URL"
    )]
    Segment {
        /// The name of the parameter.
        name: &'static str,
    },
    /// A field that has no form in JSON or in a query string.
    #[error("the request cannot be written as JSON")]
    Serialize(#[source] serde_json::Error),
    /// A list or an object among the fields of a query string or an URL-encoded form.
    #[error("the field `{name}` is a list or an object, which a query string cannot carry")]
    Nested {
        /// The name of the field.
        name: String,
    },
    /// A field with control characters that travels in a header.
    #[error("the field for the header `{name}` has characters that no header can carry")]
    Header {
        /// The name of the header.
        name: &'static str,
    },
    /// Path and query that no URI can hold.
    #[error("path and query do not form a URI")]
    Uri(#[source] http::Error),
}

/// Why a request or an answer could not be read. Names the field, never its value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Method or path belong to another operation.
    #[error("expected {method} {path}")]
    Route {
        /// The method of the operation that was expected.
        method: http::Method,
        /// Its path template.
        path: &'static str,
    },
    /// The text is no JSON, or a field is missing or of the wrong type.
    #[error("{}", at(.path))]
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
    Part {
        /// The name of the part.
        name: &'static str,
    },
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
    Disposition {
        /// Index of the part, from 0.
        index: usize,
    },
}
