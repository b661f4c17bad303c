use edgequake_types::model;

#[model(new(total = 0, id))]
struct Thing {
    id: String,
    total: u64,
}

fn main() {}
