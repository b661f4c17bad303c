use edgequake_types::model;

#[model]
struct Thing {
    key: edgequake_types::Secret,
}

fn main() {}
