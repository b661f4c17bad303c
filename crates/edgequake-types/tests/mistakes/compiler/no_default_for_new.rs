use edgequake_types::model;

#[model(new(id))]
struct Thing {
    id: u64,
    at: edgequake_types::Timestamp,
}

fn main() {}
