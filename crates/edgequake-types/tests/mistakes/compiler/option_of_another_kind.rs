use edgequake_types::model;

type Option<T> = Vec<T>;

#[model]
struct Thing {
    id: Option<u64>,
}

fn main() {}
