use edgequake_types::model;

#[model]
struct Thing {
    #[serde(rename = "key")]
    id: String,
}

fn main() {}
