use edgequake_types::{DocumentId, Endpoint, model, operation};

/// Reads the labels of a document.
#[operation(GET "/plugins/labels/{document_id}" -> Labels, Required, Safe, Query, new(document_id))]
pub struct GetLabels {
    /// The document.
    pub document_id: DocumentId,
    /// How many labels at most. By default all.
    pub limit: Option<u64>,
}

/// The answer to [`GetLabels`].
#[model(answer)]
pub struct Labels {
    /// Their names.
    pub names: Vec<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let request = GetLabels::new("report 1").limit(5).to_request()?;
    println!("{} {}", request.method(), request.uri());
    Ok(())
}
