use edgequake_types::model;

#[model(new())]
#[derive(Eq, Default)]
struct Thing {
    id: String,
}

fn main() {}
