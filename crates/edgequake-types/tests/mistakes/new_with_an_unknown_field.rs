use edgequake_types::model;

#[model(new(name))]
struct Thing {
    id: String,
}

fn main() {}
