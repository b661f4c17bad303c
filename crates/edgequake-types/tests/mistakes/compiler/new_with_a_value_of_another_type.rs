use edgequake_types::model;

#[model(new(id, total = "none"))]
struct Thing {
    id: String,
    total: u64,
}

fn main() {}
