//! [`UploadInjection`] as a form.

use bytes::Bytes;

use super::*;
use crate::documents::NamedFile;
use crate::documents::form::{received, string};
use crate::endpoint::Multipart;
use crate::multipart::{Form, Part};

impl UploadInjection {
    /// Adds a text of these bytes.
    pub fn from_bytes(
        workspace_id: impl Into<WorkspaceId>,
        name: impl Into<String>,
        file_name: impl AsRef<str>,
        bytes: impl Into<Bytes>,
    ) -> Self {
        let NamedFile { file_name, content } = NamedFile::from_bytes(file_name, bytes);
        Self::new(workspace_id, name, file_name, content)
    }
}

impl Multipart for UploadInjection {
    #[inline]
    fn to_form(&self) -> Result<Form, EncodeError> {
        let file = Part::file("file", &self.file_name, self.content.clone());
        Ok(Form::new(vec![Part::text("name", &self.name), file]))
    }

    #[inline]
    fn from_form(form: Form, parameters: &[(&'static str, String)]) -> Result<Self, DecodeError> {
        let workspace =
            parameters.iter().find(|(name, _)| *name == "workspace_id").map(|(_, text)| text.as_str());
        let workspace = workspace.unwrap_or_default();
        let workspace = WorkspaceId::new(workspace).or_else(|_| WorkspaceId::opaque(workspace));
        let workspace = workspace.map_err(|_| DecodeError::Part { name: "workspace_id" })?;
        let (mut name, mut file) = (None, None);
        for (part, file_name, bytes) in received(form) {
            match part.as_str() {
                "name" => name = Some(string(&bytes)),
                "file" => file = Some(NamedFile::of_part(file_name, "unnamed.txt", bytes)),
                _ => {}
            }
        }
        let name = name.ok_or(DecodeError::Part { name: "name" })?;
        let NamedFile { file_name, content } = file.ok_or(DecodeError::Part { name: "file" })?;
        Ok(Self::new(workspace, name, file_name, content))
    }
}
