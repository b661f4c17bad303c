use edgequake_types::model;

#[model]
struct Thing {
    #[field(header = "x-id")]
    id: Option<String>,
}

fn main() {}
