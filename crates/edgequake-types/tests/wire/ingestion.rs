use edgequake_types::ingestion::{GetIngestionProgress, IngestionProgress, ListIngestionProgress};

use crate::table::Table;

#[test]
fn ingestion() {
    Table::of("ingestion", include_str!("ingestion.txt"))
        .request("progress", &GetIngestionProgress::new("insert-77aa"))
        .request("progress of several", &ListIngestionProgress::new(["insert-77aa", "insert-77bb"]))
        .answer::<IngestionProgress>("progress")
        .answer::<IngestionProgress>("done")
        .answer_read::<IngestionProgress>("progress with the least")
        .answer::<Vec<IngestionProgress>>("progress of several")
        .answer::<Vec<IngestionProgress>>("progress of none")
        .finish();
}
