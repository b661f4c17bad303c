use super::*;

fn create(tasks: &mut Tasks, task_type: TaskType) -> TrackId {
    let document = Some(DocumentId::new("d"));
    tasks.create(task_type, &Place::server_default(), document, Timestamp::UNIX_EPOCH)
}

#[test]
fn tasks_of_documents_stay_and_others_are_forgotten_in_turn() {
    let mut tasks = Tasks::default();
    let kept = create(&mut tasks, TaskType::Insert);
    tasks.finish(&kept, TaskStatus::Indexed, None, Timestamp::UNIX_EPOCH);
    let running = create(&mut tasks, TaskType::Deletion);
    let first = create(&mut tasks, TaskType::Deletion);
    for _ in 0..2 {
        tasks.finish(&first, TaskStatus::Indexed, None, Timestamp::UNIX_EPOCH);
    }
    for _ in 0..RELEASED {
        assert!(tasks.get(&first).is_some());
        let other = create(&mut tasks, TaskType::Insert);
        tasks.finish(&other, TaskStatus::Failed, None, Timestamp::UNIX_EPOCH);
        tasks.release(&other);
    }
    assert!(tasks.get(&first).is_none());
    assert!(tasks.get(&kept).is_some() && tasks.get(&running).is_some());
    assert_eq!((tasks.newest_first().count(), tasks.by_track.len()), (RELEASED + 2, RELEASED + 2));
}
