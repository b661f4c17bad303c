use edgequake_types::model;

#[model(new(id, id))]
struct Thing {
    id: String,
}

fn main() {}
