//! [`Multipart`]: an operation whose fields travel in a form with files.

use crate::error::{DecodeError, EncodeError};
use crate::multipart::Form;

/// An operation whose fields travel in a `multipart/form-data` body: `#[operation(POST "..." -> ..., Multipart)]`.
pub trait Multipart: Sized {
    /// The form that carries the fields.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] when a field cannot be written.
    fn to_form(&self) -> Result<Form, EncodeError>;

    /// Reads the fields back, as a server does. `parameters` are those of the path: name and value.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Part`] when a part is missing.
    fn from_form(form: Form, parameters: &[(&'static str, String)]) -> Result<Self, DecodeError>;
}
