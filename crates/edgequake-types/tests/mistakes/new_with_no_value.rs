use edgequake_types::model;

#[model(new(id, total = ))]
struct Thing {
    id: String,
    total: u64,
}

fn main() {}
