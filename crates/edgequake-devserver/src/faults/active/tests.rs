use super::*;

fn operation(name: &'static str, method: Method) -> Operation {
    Operation { name, method, path: "/api/v1/query", changes: false, answers: Answers::Body }
}

fn faults() -> Faults {
    Faults::new(vec![operation("Query", Method::POST)])
}

fn asked(name: &'static str) -> Asked<'static> {
    Asked {
        name,
        method: &Method::POST,
        path: "/api/v1/query",
        changes: false,
        answers: Answers::Body,
        authenticates: true,
    }
}

#[test]
fn faults_hit_in_order_after_those_that_pass_and_end() {
    let faults = faults();
    let first = faults.add(Fault::status(500).skip(1).times(2)).unwrap();
    let second = faults.add(Fault::status(503).times(1)).unwrap();
    let codes: Vec<Option<u16>> = (0..5)
        .map(|_| {
            faults.take(asked("Query")).map(|fault| match &fault.effect {
                Effect::Status { code, .. } => *code,
                other => panic!("{other:?}"),
            })
        })
        .collect();
    assert_eq!(codes, [Some(503), Some(500), Some(500), None, None]);
    assert_eq!((faults.hits(first), faults.hits(second), faults.active().len()), (2, 1, 0));
}

#[test]
fn chance_follows_the_seed() {
    let run = |seed| {
        let faults = faults();
        faults.add(Fault::status(500).probability(0.3, seed)).unwrap();
        (0..200).map(|_| faults.take(asked("Query")).is_some()).collect::<Vec<_>>()
    };
    assert_eq!(run(1), run(1));
    assert_ne!(run(1), run(2));
    let hits = run(1).into_iter().filter(|hit| *hit).count();
    assert!((30..90).contains(&hits), "{hits}");
}

#[test]
fn an_operation_is_named_by_type_or_path() {
    for (on, hits) in
        [("Query", true), ("/api/v1/query", true), ("post /api/v1/query", true), ("GET /api/v1/query", false)]
    {
        let faults = Faults::new(vec![operation("Query", Method::POST), operation("Other", Method::GET)]);
        faults.add(Fault::status(500).on(on)).unwrap();
        assert_eq!(faults.take(asked("Query")).is_some(), hits, "{on}");
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let faults = faults();
    for (fault, message) in [
        (
            Fault::status(500).on("Qwery"),
            "`on` names no operation of this server: \"Qwery\"; use a type such as `Query`, or `POST /api/v1/query`",
        ),
        (
            Fault::read_only().on("Query"),
            "`on` must name an operation that changes something, for `read_only` hits no other",
        ),
        (Fault::status(99), "`code` must be a status from 200 to 599"),
        (Fault::new(Effect::Html { code: 600 }), "`code` must be a status from 200 to 599"),
        (Fault::status(500).retry_after("\n"), "`retry_after` must be visible ASCII"),
        (
            Fault::status(500).header("a b", "1"),
            "`headers` has \"a b\", whose name or value no header may have, or which the server writes itself",
        ),
        (
            Fault::status(500).header("Content-Length", "1"),
            "`headers` has \"Content-Length\", whose name or value no header may have, or which the server writes itself",
        ),
        (
            Fault::status(500).probability(f64::NAN, 0),
            "`probability` must be a number above 0, and 1 at most",
        ),
        (Fault::status(500).probability(1.1, 0), "`probability` must be a number above 0, and 1 at most"),
        (Fault::status(500).probability(0.0, 0), "`probability` must be a number above 0, and 1 at most"),
        (Fault::status(500).times(0), "`times` must be at least 1; leave it out for a fault that never ends"),
        (
            Fault::fail_processing("embedding").after_execution(),
            "`executes` is about answers, and failures of processing hide none; leave it out",
        ),
        (
            Fault::fail_deletion().on("Query"),
            "`on` cannot limit failures of processing, which belong to no operation; leave it out",
        ),
        (
            Fault::new(Effect::FailProcessing {
                stage: "embedding".to_owned(),
                partial: false,
                chunks: vec![1],
            }),
            "`chunks` is about partial failures, and may name 1000 of them; set `partial`, or leave some out",
        ),
        (Fault::new(Effect::SlowBody { bytes: 0, pause_ms: 1 }), "`bytes` must be at least 1"),
        (
            Fault::new(Effect::HangProcessing { stage: "x".to_owned() }),
            "`stage` must be one of uploading, queued, converting, preprocessing, chunking, extracting, gleaning, merging, summarizing, \
             embedding, storing, indexing, projecting",
        ),
    ] {
        assert_eq!(faults.add(fault).unwrap_err().to_string(), message);
    }
    let always = || Fault::status(500).skip(u64::MAX);
    assert!((0..CAPACITY).all(|_| faults.add(always()).is_ok()));
    assert_eq!(faults.add(always()), Err(FaultError::Capacity));
    assert_eq!(faults.add_all(vec![always()]), Err(FaultError::Capacity));
    assert!(faults.take(asked("Query")).is_none(), "a fault that lets every request pass");
}

#[test]
fn more_headers_than_a_response_can_carry_are_refused() {
    let faults = faults();
    let with =
        |count: usize| (0..count).fold(Fault::status(500), |fault, at| fault.header(format!("x-{at}"), ""));
    assert_eq!(faults.add(with(33_000)), Err(FaultError::Headers));
    assert_eq!(faults.add(with(HEADER_LIMIT + 1)), Err(FaultError::Headers));
    faults.add(with(HEADER_LIMIT)).unwrap();
    assert!(faults.table().size > HEADER_LIMIT * HEADER_OVERHEAD, "names of a few bytes weigh more");
    let response = faults.take(asked("Query")).unwrap().replace(None, "");
    assert!(response.headers().len() >= HEADER_LIMIT);
}

#[tokio::test]
async fn a_body_is_shared_with_its_responses() {
    use http_body_util::BodyExt;

    let faults = faults();
    faults.add(Fault::status(500).body(" [1]").times(2)).unwrap();
    let mut places = Vec::new();
    for _ in 0..2 {
        let response = faults.take(asked("Query")).unwrap().replace(None, "");
        assert_eq!(response.headers()["content-type"], "application/json");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, " [1]");
        places.push((body.as_ptr(), body));
    }
    assert_eq!(places[0].0, places[1].0, "it was copied");
}

#[test]
fn texts_of_faults_are_bounded_in_bytes() {
    let faults = faults();
    let large = || Fault::status(500).body("x".repeat(SIZE_LIMIT / 2)).times(1);
    let first = faults.add(large()).unwrap();
    assert_eq!(faults.add_all(vec![large(), Fault::status(500).body("x")]), Err(FaultError::Size));
    faults.add(large()).unwrap();
    assert_eq!(faults.add(Fault::status(500).body("x")), Err(FaultError::Size));
    // There is room again when one has hit, was removed, or all were.
    assert!(faults.take(asked("Query")).is_some());
    let third = faults.add(large()).unwrap();
    assert!(faults.remove(third));
    faults.add(large()).unwrap();
    faults.clear();
    assert_eq!(faults.table().size, 0);
    assert_eq!((faults.find(first), faults.find(third)), (Some((1, false)), Some((0, false))));
    faults.forget();
    assert_eq!((faults.find(first), faults.find(FaultId(99))), (None, None));
}

#[test]
fn faults_of_the_background_in_json() {
    for (json, fault) in [
        (r#"{"effect": "fail_deletion", "times": 1}"#, Fault::fail_deletion().times(1)),
        (
            r#"{"effect": {"fail_processing": {"stage": "merging", "partial": true, "chunks": [0, 2]}}}"#,
            Fault::partial_processing("merging").chunks([0, 2]),
        ),
        (
            r#"{"effect": {"fail_processing": {"stage": "queued"}}}"#,
            // Only a partial failure has chunks.
            Fault::fail_processing("queued").chunks([1]),
        ),
    ] {
        assert_eq!(serde_json::from_str::<Fault>(json).unwrap(), fault);
        faults().add(fault).unwrap();
    }
    let faults = faults();
    faults.add(Fault::fail_deletion().times(1)).unwrap();
    assert!(faults.take(asked("Query")).is_none() && faults.take_at_stage("storing").is_none());
    assert!(faults.take_at_deletion().is_some() && faults.take_at_deletion().is_none());
}

#[test]
fn a_fault_of_processing_waits_for_its_stage() {
    let faults = faults();
    let fails = Effect::FailProcessing { stage: "embedding".to_owned(), partial: false, chunks: Vec::new() };
    faults.add(Fault::new(fails).times(1)).unwrap();
    assert!(faults.take(asked("Query")).is_none() && faults.take_at_stage("chunking").is_none());
    assert!(faults.take_at_stage("embedding").is_some() && faults.take_at_stage("embedding").is_none());
}

#[test]
fn a_fault_hits_only_what_it_can_spoil() {
    let of = |name, answers| Operation { answers, ..operation(name, Method::POST) };
    let all = || {
        vec![of("Head", Answers::Head), of("Query", Answers::Body), of("Stream", Answers::Events)]
            .into_iter()
            .map(|operation| Operation { path: "", ..operation })
            .collect()
    };
    let (bodies, streams) = ([false, true, true], [false, false, true]);
    for (effect, spoils) in [
        (Effect::ResetAfterHead, bodies),
        (Effect::Truncate { keep: 1 }, bodies),
        (Effect::SlowBody { bytes: 1, pause_ms: 1 }, bodies),
        (Effect::CutStream { after: 1 }, streams),
        (Effect::SilentStream { after: 1 }, streams),
        (Effect::Delay, [true; 3]),
        (Effect::Reset, [true; 3]),
    ] {
        let operations: Vec<Operation> = all();
        for (operation, spoils) in operations.into_iter().zip(spoils) {
            let faults = Faults::new(all());
            let ordered = faults.add(Fault::new(effect.clone()).on(operation.name));
            assert_eq!(ordered.is_ok(), spoils, "{effect:?} on {operation:?}");
            let anywhere = Faults::new(all());
            let id = anywhere.add(Fault::new(effect.clone())).unwrap();
            let asked = Asked { answers: operation.answers, ..asked(operation.name) };
            assert_eq!(anywhere.take(asked).is_some(), spoils, "{effect:?} at {operation:?}");
            assert_eq!(anywhere.hits(id), u64::from(spoils));
        }
    }
    let faults = faults();
    for refused in [Fault::status(204).body("x"), Fault::status(304).body(""), Fault::html(205)] {
        assert_eq!(faults.add(refused), Err(FaultError::NoContent));
    }
    faults.add(Fault::status(204)).unwrap();
}
