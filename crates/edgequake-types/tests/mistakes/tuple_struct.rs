use edgequake_types::model;

#[model]
struct Thing(String);

fn main() {}
