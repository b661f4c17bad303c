use edgequake_types::parse::{GetParseBackends, GetParseJob, ParseAnswer, ParseBackends, ParseJob, ParsePdf};

use crate::table::Table;

#[test]
fn parse() {
    let parse = ParsePdf::from_bytes("bridge.pdf", "%PDF-1.7");
    let everything = parse
        .clone()
        .backend("vision")
        .provider("openai")
        .model("gpt-4o")
        .dpi(150)
        .concurrency(4)
        .pages("1-3,9")
        .table_method("lattice")
        .emit_assets(true)
        .allow_fallback(false)
        .include_page_timings(true)
        .run_async(true);
    Table::of("parse", include_str!("parse.txt"))
        .request("parse", &parse)
        .request("parse with everything", &everything)
        .request("job", &GetParseJob::new("j-1"))
        .request("backends", &GetParseBackends::new())
        .answer::<ParseAnswer>("parsed")
        .answer::<ParseAnswer>("parsed with the least")
        .answer::<ParseAnswer>("accepted")
        .answer_read::<ParseAnswer>("accepted with another status")
        .answer::<ParseJob>("job that failed")
        .answer::<ParseJob>("job that is done")
        .answer::<ParseBackends>("backends")
        .finish();
}
