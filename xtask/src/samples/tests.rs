use super::*;

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

#[test]
fn every_kind_of_body_and_every_mistake_is_told() {
    let manifest = "\u{feff}# recorded\r\n\r\n\
        good.json\tGET /api/v1/auth/me\tall fields\r\n\
        task.json\tGET /api/v1/tasks/{id}\r\n\
        lost.json\tGET /api/v1/tasks\r\n\
        bad.json\tGET /api/v1/documents\r\n\
        error-in-200.json\tGET /api/v1/users\r\n\
        problem.json\tGET /api/v1/documents/{id}\t404 Not Found\r\n\
        layer.json\tGET /api/v1/documents\t\t401\r\n\
        limiter.json\tPOST /api/v1/query\tHTTP 429\r\n\
        odd-error.json\tGET /api/v1/documents\t500\r\n\
        page.html\tGET /api/v1/documents\t\t502\r\n\
        empty\tDELETE /api/v1/users/{user_id}\t\t204\r\n\
        empty\tGET /api/v1/auth/me\r\n\
        said.json\tDELETE /api/v1/tenants/{tenant_id}\r\n\
        stream.sse\tPOST /api/v1/query/stream\r\n\
        text.sse\tPOST /api/v1/query/stream\tv1\r\n\
        cut.sse\tPOST /api/v1/query/stream\r\n\
        no.sse\tPOST /api/v1/query/stream\r\n\
        live\tGET /live\r\n\
        latin1.json\tGET /health\r\n\
        latin1.json\tGET /live\r\n\
        create.json\tPOST /api/v1/users\trequest\r\n\
        list.txt\tGET /api/v1/documents\trequest: the query\r\n\
        upload.form\tPOST /api/v1/documents/upload\trequest\r\n\
        nothing.json\tGET /live\r\n\
        good.json\tGET /api/v1/nonsense\r\n\
        alone\r\n";
    let folder = folder(&[
        ("manifest.tsv", manifest.as_bytes()),
        ("good.json", b"\xEF\xBB\xBF{\"user\":{\"user_id\":\"u-1\",\"username\":\"mona\",\"role\":\"user\"}}"),
        ("task.json", br#"{"track_id":"t","task_type":"insert","status":"indexed","created_at":"2031-02-03T10:11:12Z","retry_count":1.0,"max_retries":"3"}"#),
        ("lost.json", br#"{"tasks":[{"track_id":"t","task_type":"insert","status":"indexed","new":1},{"track_id":"u","task_type":"insert","status":"indexed","new":2}],"pagination":{"total":2,"page":1,"page_size":20,"total_pages":1,"odd":[{"x":1}]}}"#),
        ("bad.json", br#"{"documents":[{"id":"d","chunk_count":"many"}]}"#),
        ("error-in-200.json", br#"{"error":"x"}"#),
        ("problem.json", br#"{"code":"NOT_FOUND","message":"Not found: d","type":"https://edgequake.dev/problems/not-found","title":"Not Found","status":404,"details":{"request_id":"r-1","error_code":"NOT_FOUND","http_status":404,"retryable":false,"source":"api","diagnostics":{"kind":"not_found","resource":"d"}}}"#),
        ("layer.json", br#"{"error":"unauthorized","message":"Authentication required","request_id":"r-2"}"#),
        ("limiter.json", br#"{"error":"rate_limit_exceeded","message":"Slow down","retry_after_seconds":3,"request_id":"r-3","error_code":"RATE_LIMITED","retryable":true}"#),
        ("odd-error.json", br#"{"code":"INTERNAL_ERROR","message":"m","hint":"turn it off"}"#),
        ("page.html", b"<html><body>Bad gateway</body></html>"),
        ("empty", b""),
        ("said.json", br#"{"deleted":true}"#),
        ("stream.sse", b"data: {\"type\":\"context\",\"sources\":[],\"depth\":2}\r\n\r\n: ping\r\n\r\ndata: {\"type\":\"token\",\"content\":\"A\"}\r\n\r\ndata: {\"type\":\"novelty\",\"a\":[1]}\r\n\r\ndata: {\"type\":\"done\"}\r\n\r\n"),
        ("text.sse", b"data: The \n\ndata: bridge\n\n"),
        ("cut.sse", b"data: {\"type\":\"token\",\"content\":\"A\"}\n\ndata: {\"type\":\"tok\n\n"),
        ("no.sse", b"<html>"),
        ("live", b"OK"),
        ("latin1.json", b"{\"status\":\"healthy\",\"version\":\"\xE9\"}"),
        ("create.json", br#"{"username":"mona","email":"m@corp.test","password":"s3cr3t-p","nick":"mo"}"#),
        ("list.txt", b"page=2&sort=title\n"),
        ("upload.form", b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.md\"\r\n\r\n# A\r\n--b\r\nContent-Disposition: form-data; name=\"novel\"\r\n\r\nx\r\n--b--\r\n"),
        ("deep/extra.json", b"{}"),
    ]);
    let report = check(folder.path()).unwrap();
    assert!(!report.text.contains("s3cr3t"), "{}", report.text);
    insta::assert_snapshot!(report.text, @r"
    FAILED manifest.tsv, line 28: expected file, operation (`METHOD /path/template`) and, if you like, remark and status, parted by tabs
    LOST   lost.json (GET /api/v1/tasks)
           pagination.odd: lost (a list)
           tasks[*].new: lost (a number), at tasks[0].new, tasks[1].new
    FAILED bad.json (GET /api/v1/documents), line 6 of the manifest
           the JSON field `documents[0].chunk_count` cannot be read: invalid value: text that is not a number, expected a whole number of 0 or more at line 1 column 44
    FAILED error-in-200.json (GET /api/v1/users), line 7 of the manifest
           the JSON text cannot be read: missing field `users` at line 1 column 13
    LOST   odd-error.json (GET /api/v1/documents)
           hint: lost (a text)
    FAILED empty (GET /api/v1/auth/me), line 14 of the manifest
           the JSON text cannot be read: EOF while parsing a value at line 1 column 0
    LOST   said.json (DELETE /api/v1/tenants/{tenant_id})
           deleted: lost (true)
    LOST   stream.sse (POST /api/v1/query/stream)
           event 1: depth: lost (a number)
    FAILED cut.sse (POST /api/v1/query/stream), line 18 of the manifest
           event 2: the JSON field `type` cannot be read: EOF while parsing a string at line 1 column 12
    FAILED no.sse (POST /api/v1/query/stream), line 19 of the manifest
           no server-sent event in it: expected lines such as `data: {...}`
    FAILED latin1.json (GET /health), line 21 of the manifest
           the JSON field `version` cannot be read: a text that is not UTF-8
    FAILED latin1.json (GET /live), line 22 of the manifest
           the text is not UTF-8: invalid utf-8 sequence of 1 bytes from index 31
    LOST   create.json (POST /api/v1/users)
           nick: lost (a text)
    LOST   list.txt (GET /api/v1/documents)
           sort: lost (a text)
    LOST   upload.form (POST /api/v1/documents/upload)
           novel: lost (a text)
    FAILED nothing.json (GET /live), line 26 of the manifest
           the file cannot be read: No such file or directory (os error 2)
    FAILED good.json (GET /api/v1/nonsense), line 27 of the manifest
           no operation `GET /api/v1/nonsense` is declared: `cargo xtask operations --list --no-build` names all that are
    note   deep/extra.json is not in the manifest
    26 samples of 14 operations: 16 read, 10 failed; 8 fields lost in 7
    ");
}

#[test]
fn a_folder_without_a_manifest_and_one_in_latin_1_say_what_to_do() {
    let none = check(tempfile::tempdir().unwrap().path()).err().unwrap().to_string();
    assert!(none.contains("manifest.tsv") && none.contains("No such file"), "{none}");
    let latin1 = folder(&[("manifest.tsv", b"a\tGET /live\nb\tGET /live\t\xE9\n")]);
    let told = check(latin1.path()).err().unwrap().to_string();
    assert!(told.contains("line 2 is not UTF-8"), "{told}");
}

#[test]
fn a_head_before_the_body_tells_the_status() {
    let folder = folder(&[
        ("manifest.tsv", b"a\tGET /api/v1/documents\nb\tGET /live\n"),
        ("a", b"HTTP/1.1 404 Not Found\r\ncontent-type: application/json\r\n\r\n{\"code\":\"NOT_FOUND\",\"message\":\"m\"}"),
        ("b", b"HTTP/2 200\nserver: x\n\nOK\n\n"),
    ]);
    let report = check(folder.path()).unwrap();
    insta::assert_snapshot!(report.text, @"2 samples of 2 operations: 2 read, 0 failed; 0 fields lost in 0");
}

/// The fields that servers document, with invented values: none may be lost.
#[test]
fn the_models_lose_nothing_of_the_samples_of_the_project() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/edgequake-types/tests/samples");
    let report = check(&folder).unwrap();
    assert!(report.samples > 100, "{}", report.text);
    assert_eq!((report.failed, report.lost), (0, 0), "{}", report.text);
    assert!(!report.text.contains("is not in the manifest"), "{}", report.text);
}

/// What the client records of a server is read here, and the dev server sends nothing that the models do not know.
#[tokio::test]
async fn what_the_client_records_is_read_and_loses_nothing() {
    use edgequake_client::Client;
    use edgequake_client::record::RecordLayer;
    use edgequake_client::types::api_keys::{CreateApiKey, ListApiKeys};
    use edgequake_client::types::documents::{ListDocuments, UploadText};
    use edgequake_client::types::query::{Query, StreamQuery};
    use edgequake_client::types::session::Role;
    use edgequake_client::types::tasks::ListTasks;
    use edgequake_client::types::tenants::ListTenants;
    use edgequake_client::types::users::ListUsers;
    use edgequake_devserver::DevServer;

    let server =
        DevServer::builder().user("mona", "mona@corp.test", "s3cr3t-p", Role::Admin).start().await.unwrap();
    let directory = tempfile::tempdir().unwrap();
    let record = RecordLayer::new(directory.path()).requests(true);
    let client = Client::builder().base_url(server.url()).attempt_layer(record.clone()).build().unwrap();
    client.health().get().await.unwrap();
    client.health().live().await.unwrap();
    client.health().setup_status().await.unwrap();
    let client = client.login("mona", "s3cr3t-p").await.unwrap();
    client.auth().me().await.unwrap();
    let created = client.api_keys().create(CreateApiKey::new().name("ci")).await.unwrap();
    client.api_keys().list(ListApiKeys::new()).await.unwrap();
    client.users().list(ListUsers::new()).await.unwrap();
    client.tenants().list(ListTenants::new()).await.unwrap();
    let uploaded =
        client.documents().upload_text(UploadText::new("# Bridges\n\nOpened in 1931.")).await.unwrap();
    client.documents().get(uploaded.document_id.unwrap()).await.unwrap();
    client.documents().list(ListDocuments::new()).await.unwrap();
    client.documents().get("none").await.unwrap_err();
    client.tasks().list(ListTasks::new()).await.unwrap();
    client.query().execute(Query::new("When?")).await.unwrap();
    drop(client.query().stream(StreamQuery::new("When?")).await.unwrap());
    let _ = client.logout().await.unwrap();
    let stats = record.flush().await;
    assert_eq!(stats.failed, 0);

    let report = check(directory.path()).unwrap();
    assert_eq!((report.samples as u64, report.failed, report.lost), (stats.written, 0, 0), "{}", report.text);
    assert!(report.samples >= 18, "{}", report.text);
    for entry in fs::read_dir(directory.path()).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        assert!(!text.contains("s3cr3t") && !text.contains(created.api_key.expose()), "{text}");
    }
}
