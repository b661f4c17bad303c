//! Lists of documents: filtered, page by page, and as wide as the terminal.

use edgequake_devserver::{Era, Fault, SeedDocument};

use crate::rig::{ROOT_PASSWORD, Rig, assert_transcript, server};

async fn with_documents(rig: &mut Rig) {
    for (title, text) in [
        ("Harbour bridge", "The harbour bridge opened in 1931."),
        ("Cats", "A cat has nine lives."),
        ("Canal BRIDGE", "The canal bridge opened in 1977."),
    ] {
        rig.server.seed(SeedDocument::new(title, text)).await.unwrap();
    }
    rig.server.faults().add(Fault::fail_processing("embedding").times(1)).unwrap();
    std::fs::write(rig.home.path().join("lost.md"), "Lost at sea.\n").unwrap();
    let lost = rig.cli(&["documents", "upload", "lost.md", "--wait"]).await;
    assert_eq!(lost.code, 1, "{}", lost.stderr);
}

#[tokio::test]
async fn documents_by_status_title_date_and_page() {
    // Servers of either era: the first do not know the filter of the status.
    for era in [Era::B, Era::C] {
        let mut rig = Rig::with(server().era(era)).await;
        rig.quiet_login("root", ROOT_PASSWORD).await;
        with_documents(&mut rig).await;
        for (filter, count) in [
            (&[][..], 4),
            (&["--status", "failed"], 1),
            (&["--status", "completed"], 3),
            (&["--status", "Processed"], 3),
            (&["--status", "INDEXED"], 3),
            (&["--status", "pending"], 0),
            (&["--pattern", "bridge"], 2),
            (&["--pattern", "cat,lost"], 2),
            (&["--pattern", "cat", "--pattern", "lost"], 2),
            (&["--pattern", "bridge", "--status", "failed"], 0),
            (&["--from", "2001-01-01"], 4),
            (&["--to", "2001-01-01"], 0),
            (&["--from", "2001-01-01", "--to", "2999-12-31T00:00:00Z"], 4),
            (&["--from", "2999-12-31T00:00:00+02:00"], 0),
            (&["--page-size", "3"], 3),
            (&["--page-size", "3", "--page", "2"], 1),
            (&["--page-size", "3", "--page", "3"], 0),
            (&["--page-size", "1", "--all"], 4),
        ] {
            let listed = rig.cli(&[&["documents", "list"], filter].concat()).await.succeeded();
            assert_eq!(listed.ids().len(), count, "{filter:?} of {era:?}: {}", listed.stdout);
            let json = rig.cli(&[&["documents", "list", "--json"], filter].concat()).await.succeeded().json();
            assert_eq!(json.as_array().unwrap().len(), count, "{filter:?} of {era:?}: {json}");
        }
    }
}

#[tokio::test]
async fn filters_that_make_no_sense_are_refused() {
    let mut rig = Rig::new().await;
    rig.cli(&["documents", "list", "--from", "yesterday"]).await;
    rig.cli(&["documents", "list", "--page", "0"]).await;
    rig.cli(&["documents", "list", "--all", "--page", "2"]).await;
    rig.cli(&["documents", "search", "x", "--limit", "51"]).await;
    rig.cli(&["documents", "list", "--from", "2031-02-03", "--to", "2031-02-02"]).await;
    rig.cli(&["documents", "list", "--status", "nonsense"]).await;
    rig.cli(&["documents", "list", "--status", "faild"]).await;
    rig.cli(&["tasks", "list", "--status", "queued"]).await;
    rig.cli(&["tasks", "list", "--type", "tea"]).await;
    rig.cli(&["tenants", "create", "Acme", "--plan", "golden"]).await;
    rig.cli(&["documents", "lost"]).await;
    assert_eq!(rig.server.stats().requests, 0);
    assert_transcript!(rig);
}

#[tokio::test]
async fn documents_of_every_status_are_found_by_it() {
    let mut rig = Rig::as_root().await;
    let words = [
        "pending",
        "queued",
        "processing",
        "completed",
        "processed",
        "indexed",
        "partial_failure",
        "failed",
        "cancelled",
        "deleting",
        "delete_failed",
        "converting",
        "chunking",
        "extracting",
        "embedding",
        "indexing",
        "projecting",
    ];
    let document = |word: &&str| format!(r#"{{"id":"{word}","status":"{word}","chunk_count":0}}"#);
    let documents = words.iter().map(document).collect::<Vec<_>>().join(",");
    let answer = format!(r#"{{"documents":[{documents}],"total":{}}}"#, words.len());
    rig.server.faults().add(Fault::status(200).body(answer).on("ListDocuments")).unwrap();
    for word in words {
        let listed = rig.cli(&["documents", "list", "--status", &word.to_uppercase()]).await.succeeded();
        assert!(listed.ids().contains(&word.to_owned()), "{word}: {}", listed.stdout);
        let alike = match word {
            "completed" | "processed" | "indexed" => 3,
            "processing" => 7,
            _ => 1,
        };
        assert_eq!(listed.ids().len(), alike, "{word}: {}", listed.stdout);
    }
}

#[tokio::test]
async fn documents_are_found_by_their_titles() {
    let mut rig = Rig::as_root().await;
    with_documents(&mut rig).await;
    let found = rig.cli(&["documents", "search", "bridge"]).await.succeeded();
    assert_eq!(found.ids().len(), 2, "{}", found.stdout);
    assert_eq!(rig.cli(&["documents", "search", "lost"]).await.succeeded().ids().len(), 0);
    assert_eq!(rig.cli(&["documents", "search", "lost", "--any-status"]).await.succeeded().ids().len(), 1);
    let cut = rig.cli(&["documents", "search", "--limit", "1"]).await.succeeded();
    assert_eq!(cut.ids().len(), 1);
    assert!(cut.stderr.contains("3 match"), "{}", cut.stderr);
    let json = rig.cli(&["documents", "search", "--json"]).await.succeeded().json();
    assert_eq!(json["total"], 3);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_list_is_as_wide_as_the_terminal() {
    use unicode_width::UnicodeWidthStr as _;

    let mut rig = Rig::as_root().await;
    with_documents(&mut rig).await;
    let long = "The history of the harbour bridge, of the canal bridge, and of all other bridges of the town";
    rig.server.seed(SeedDocument::new(long, "Bridges.")).await.unwrap();
    for columns in [200, 120, 80, 60] {
        let (shown, code) = rig.cli_on_terminal(columns, &["documents", "list"], "").await;
        assert_eq!(code, 0, "{shown}");
        assert_eq!(shown.lines().count(), 6, "{shown}");
        assert!(shown.lines().all(|line| line.width() <= usize::from(columns)), "{shown}");
        // The times are to the minute.
        assert_eq!(shown.contains("CREATED"), columns >= 120, "{shown}");
        assert_eq!(shown.contains(long), columns == 200, "{shown}");
        assert!(!shown.contains("+00:00"), "{shown}");
    }
    // Elsewhere nothing is cut.
    let piped = rig.cli(&["documents", "list"]).await.succeeded();
    assert!(piped.stdout.contains(long) && piped.stdout.contains("+00:00"), "{}", piped.stdout);
}
