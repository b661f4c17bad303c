use edgequake_types::model;

#[model(bare = ids, from = Wire)]
struct Things {
    ids: Vec<String>,
}

#[model]
struct Wire {}

fn main() {}
