use edgequake_types::model;

#[model(from = Wire)]
struct Things {
    ids: Vec<String>,
}

#[model]
struct Wire {
    ids: Vec<String>,
}

fn main() {}
