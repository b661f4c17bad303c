use edgequake_types::model;

#[model]
struct Thing {
    #[field(required, default)]
    id: u64,
}

fn main() {}
