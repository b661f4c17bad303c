use edgequake_types::model;

#[model(respond)]
struct Thing {
    id: String,
}

fn main() {}
