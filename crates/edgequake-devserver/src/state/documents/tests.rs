use proptest::prelude::*;

use super::super::document::status_counts;
use super::*;
use crate::clock::Timestamp;

impl StoredDocument {
    /// A pending document.
    pub(crate) fn test(id: &str, content: &str, task: TrackId, now: Timestamp) -> Self {
        Self {
            title: id.to_owned(),
            track_id: TrackId::new(format!("track-{}", content.len() % 3)),
            task_id: task,
            ..StoredDocument::waiting(DocumentId::new(id), content.to_owned(), content.to_owned(), now)
        }
    }
}

fn document(number: usize) -> StoredDocument {
    let content = "x".repeat(number + 1);
    StoredDocument::test(&number.to_string(), &content, TrackId::new("t"), Timestamp::UNIX_EPOCH)
}

#[derive(Debug, Clone)]
enum Step {
    Insert(usize),
    Remove(usize),
    Change(usize, DocumentStatus),
    Move(usize, String),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let status = prop::sample::select(vec![
        DocumentStatus::Processing,
        DocumentStatus::Completed,
        DocumentStatus::Failed,
        DocumentStatus::Deleting,
        DocumentStatus::Other("odd".into()),
        DocumentStatus::Other("embedding".into()),
    ]);
    let step = prop_oneof![
        (0..12_usize).prop_map(Step::Insert),
        (0..12_usize).prop_map(Step::Remove),
        (0..12_usize, status).prop_map(|(number, status)| Step::Change(number, status)),
        (0..12_usize, "t{0,9}").prop_map(|(number, track)| Step::Move(number, track)),
    ];
    prop::collection::vec(step, 0..60)
}

proptest! {
    /// Whatever happens, the indices say the same as a look at all documents.
    #[test]
    fn the_indices_are_those_of_the_documents(steps in steps()) {
        let usage = Arc::new(Usage::default());
        let mut documents = Documents::new(Arc::clone(&usage));
        for step in steps {
            match step {
                Step::Insert(number) if documents.get(&document(number).id).is_none() => {
                    prop_assert!(documents.insert(document(number)));
                }
                Step::Insert(_) => {}
                Step::Move(number, track) => {
                    documents.move_to_track(&document(number).id, &TrackId::new(track));
                }
                Step::Remove(number) => drop(documents.remove(&document(number).id)),
                Step::Change(number, status) => {
                    documents.update(&document(number).id, |document| {
                        document.status = status;
                        document.chunk_count = document.chunk_count * 2 + 1;
                        Some(())
                    });
                }
            }
        }
        let all: Vec<&StoredDocument> = documents.newest_first().collect();
        prop_assert_eq!(all.len(), documents.len());
        prop_assert!(all.is_sorted_by(|one, other| one.sequence > other.sequence));
        let content = all.iter().map(|document| document.content.len() as u64).sum();
        let chunks = all.iter().map(|document| document.chunk_count).sum();
        prop_assert_eq!(documents.totals(), Totals { content, chunks });
        prop_assert_eq!(documents.counts(), &status_counts(all.iter().copied()));
        let in_flight: BTreeSet<u64> = documents.in_flight().map(|document| document.sequence).collect();
        let expected = all.iter().filter(|document| document.is_in_flight()).map(|document| document.sequence);
        prop_assert_eq!(in_flight, expected.collect());
        prop_assert_eq!(documents.by_status.values().map(BTreeSet::len).sum::<usize>(), all.len());
        for document in &all {
            let alike = all.iter().filter(|other| other.status == document.status).map(|other| &other.id);
            prop_assert!(documents.with_status(&document.status).map(|other| &other.id).eq(alike));
            let known = documents.with_hash(&document.hash).map(|known| &known.id);
            let expected = (document.status != DocumentStatus::Deleting).then_some(&document.id);
            prop_assert_eq!(known, expected);
            prop_assert!(documents.on_track(&document.track_id).any(|other| other.id == document.id));
        }
        prop_assert_eq!(documents.by_hash.len() <= all.len(), true);
        prop_assert_eq!(documents.by_track.values().map(BTreeSet::len).sum::<usize>(), all.len());
        drop(documents);
        prop_assert!(usage.is_unused());
    }
}

#[test]
fn names_and_metadata_take_room_as_they_do_in_memory() {
    let usage = Arc::new(Usage::default());
    let mut documents = Documents::new(Arc::clone(&usage));
    let document = |id: &str| StoredDocument::test(id, id, TrackId::new("t"), Timestamp::UNIX_EPOCH);
    let named = StoredDocument { file_name: Some("x".repeat(300 * 1024)), ..document("a") };
    assert!(!documents.insert(named));
    // 6 KiB of text, and a hundred times as much in memory.
    let objects = serde_json::json!(vec![serde_json::json!({"a": 0}); 1_000]);
    assert!(!documents.insert(StoredDocument { metadata: Some(objects), ..document("b") }));
    assert!(documents.insert(document("c")));
    drop(documents);
    assert!(usage.is_unused());
}

#[test]
fn there_is_room_for_so_much_and_no_more() {
    let usage = Arc::new(Usage::default());
    let (mut one, mut other) = (Documents::new(Arc::clone(&usage)), Documents::new(Arc::clone(&usage)));
    let large = |id: &str| {
        StoredDocument::test(id, &"x".repeat(100 * 1024), TrackId::new("t"), Timestamp::UNIX_EPOCH)
    };
    assert!(one.insert(large("a")) && other.insert(large("b")));
    assert!(!one.insert(large("c")));
    drop(other);
    assert!(one.insert(large("c")));
}
