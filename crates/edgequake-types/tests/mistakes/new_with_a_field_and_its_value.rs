use edgequake_types::model;

#[model(new(id, id = String::new()))]
struct Thing {
    id: String,
}

fn main() {}
