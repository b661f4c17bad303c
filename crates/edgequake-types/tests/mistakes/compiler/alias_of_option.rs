use edgequake_types::model;

type Perhaps = Option<u64>;

#[model]
struct Thing {
    id: Perhaps,
}

fn main() {}
