use edgequake_types::model;

#[model(new(id, sum = 0))]
struct Thing {
    id: String,
    total: u64,
}

fn main() {}
