//! [`Unfinished`]: what the server has taken and still works on, so that a command that ends early can say how to go on.

use std::collections::HashSet;

use edgequake_client::resources::Uploaded;

/// How many ids a hint names.
const NAMED: usize = 20;

/// What the server has taken and still works on.
#[derive(Debug, Default)]
pub(crate) struct Unfinished {
    /// What it is known by, in the order in which it was taken.
    taken: Vec<Work>,
    ended: HashSet<String>,
    /// Whether there is more to upload.
    uploading: bool,
}

#[derive(Debug)]
enum Work {
    Document(String),
    /// Of what is no document yet.
    Task(String),
}

impl Unfinished {
    pub(crate) fn add(&mut self, upload: &Uploaded) {
        if let Some(id) = upload.document_id() {
            self.taken.push(Work::Document(id.to_string()));
        } else if let Some(id) = upload.task_id() {
            self.taken.push(Work::Task(id.to_string()));
        }
    }

    pub(crate) fn remove(&mut self, upload: &Uploaded) {
        self.ended.extend(upload.document_id().map(ToString::to_string));
        self.ended.extend(upload.task_id().map(ToString::to_string));
    }

    pub(crate) fn clear(&mut self) {
        self.taken.clear();
    }

    /// Whether there is more to upload, from now on.
    pub(crate) fn set_uploading(&mut self, uploading: bool) {
        self.uploading = uploading;
    }

    /// How to go on; `None` where nothing is left.
    pub(crate) fn hint(&self) -> Option<String> {
        let mut told = HashSet::new();
        let left = |id: &&String| !self.ended.contains(*id);
        let (mut documents, mut tasks) = (Vec::new(), Vec::new());
        for work in &self.taken {
            let (id, list) = match work {
                Work::Document(id) => (id, &mut documents),
                Work::Task(id) => (id, &mut tasks),
            };
            list.extend(Some(id).filter(left).filter(|id| told.insert(*id)).map(String::as_str));
        }
        let count = documents.len() + tasks.len();
        let commands: Vec<String> = [("documents", documents), ("tasks", tasks)]
            .into_iter()
            .filter(|(_, ids)| !ids.is_empty())
            .map(|(what, ids)| format!("`edgequake-cli {what} wait {}`", ids.join(" ")))
            .collect();
        match count {
            0 if self.uploading => Some("the same command with --resume uploads what is left".to_owned()),
            0 => None,
            1..=NAMED => Some(format!(
                "the server goes on with what it has taken: {} waits for it, and another upload with --resume skips it",
                commands.join(" and ")
            )),
            _ => Some(format!(
                "the server goes on with the {count} files that it has taken: the same command with --resume and \
                 --wait skips those, and waits for all"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use edgequake_types::DocumentId;

    use super::*;

    fn upload(id: usize) -> Uploaded {
        Uploaded::from(DocumentId::new(format!("d-{id}")))
    }

    #[test]
    fn a_hint_names_what_is_left() {
        let mut unfinished = Unfinished::default();
        assert_eq!(unfinished.hint(), None);
        (0..3).for_each(|id| unfinished.add(&upload(id)));
        unfinished.add(&upload(2));
        unfinished.remove(&upload(1));
        insta::assert_snapshot!(unfinished.hint().unwrap(), @"the server goes on with what it has taken: `edgequake-cli documents wait d-0 d-2` waits for it, and another upload with --resume skips it");
        (3..30).for_each(|id| unfinished.add(&upload(id)));
        insta::assert_snapshot!(unfinished.hint().unwrap(), @"the server goes on with the 29 files that it has taken: the same command with --resume and --wait skips those, and waits for all");
        (0..30).for_each(|id| unfinished.remove(&upload(id)));
        assert_eq!(unfinished.hint(), None);
        unfinished.set_uploading(true);
        insta::assert_snapshot!(unfinished.hint().unwrap(), @"the same command with --resume uploads what is left");
    }
}
