use edgequake_types::model;

#[model]
struct Thing<T> {
    id: T,
}

fn main() {}
