use edgequake_types::model;

#[model]
struct Thing {
    #[field(rename = "key", rename = "id")]
    id: String,
}

fn main() {}
