use edgequake_types::model;

#[model]
enum Thing {
    One,
}

fn main() {}
