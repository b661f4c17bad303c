use edgequake_types::model;

#[model]
struct Thing {
    id: String,
    #[field(alias = "id")]
    key: String,
}

fn main() {}
