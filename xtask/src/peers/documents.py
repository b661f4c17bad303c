"""The official Python SDK's methods for documents, PDFs, tasks, the pipeline, lineage, injections and parsing.

What is expected of each is what it meets at the real server, as far as that is known.
"""

import sys
import tempfile
from pathlib import Path

from edgequake.types.documents import DocumentListParams
from harness import CLIENT, WORKSPACE, fault, main, pdf, processed, processed_pdf, server, stream, upload, wait

# A folder that the server may scan.
SCANNED = sys.argv[1]

NO_BODY = "a POST without a body, where the server reads JSON"


def rows():
    folder = Path(tempfile.mkdtemp())
    for name in ("b.md", "c.md"):
        (folder / name).write_text(f"The Forth Bridge in {name} was built by Sir John Fowler.")
    good = processed("The Tay Bridge fell in 1879. Sir Thomas Bouch had designed the Tay Bridge.")
    document, task = good["document_id"], good["task_id"]
    fault({"fail_processing": {"stage": "embedding"}})
    bad = processed("The Quebec Bridge fell twice.")
    chunk = f"{document}-chunk-0"
    entity = server("GET", f"/api/v1/chunks/{chunk}").json()["entities"][0]
    paper = processed_pdf("The Menai Bridge was built by Thomas Telford.")
    broken = CLIENT.pdf.upload(stream(b"%PDF-1.4 nothing in it", "broken.pdf"))
    other = processed_pdf("The Britannia Bridge stands beside it.")
    job = CLIENT.parse.parse(stream(pdf("Later."), "g.pdf"), options={"async": True})
    wait(f"/api/v1/parse/jobs/{job['job_id']}", lambda job: job["status"] == "completed")
    fault({"hang_processing": {"stage": "converting"}})
    hanging = CLIENT.pdf.upload(stream(pdf("Never converted."), "h.pdf"))
    fault({"hang_processing": {"stage": "extracting"}})
    stuck = upload("The Severn Bridge is never processed.")
    injection = server(
        "PUT", f"/api/v1/workspaces/{WORKSPACE}/injection", json={"name": "terms", "content": "TB means Tay Bridge."}
    ).json()
    documents, papers, workspaces, operations = (
        CLIENT.documents, CLIENT.pdf, CLIENT.workspaces, CLIENT.operations,
    )
    return [
        ("documents.upload", lambda: documents.upload("A text.", title="t"), "ok", ""),
        ("documents.upload_file", lambda: documents.upload_file(folder / "b.md", title="t"), "ok", ""),
        ("documents.upload_batch", lambda: documents.upload_batch([folder / "b.md", folder / "c.md"]), "ok", ""),
        ("documents.list", lambda: documents.list(params=DocumentListParams(status="failed")), "ok", ""),
        ("documents.get", lambda: documents.get(document), "ok", ""),
        ("documents.track", lambda: documents.track(good["track_id"]), "cannot decode", "requires a status, which a track has not"),
        ("documents.scan", lambda: documents.scan(SCANNED), "ok", ""),
        ("documents.reprocess_failed", lambda: documents.reprocess_failed(), "HTTP 415", NO_BODY),
        ("documents.recover_stuck", lambda: documents.recover_stuck(), "HTTP 415", NO_BODY),
        ("documents.retry_chunks", lambda: documents.retry_chunks(document), "HTTP 415", NO_BODY),
        ("documents.failed_chunks", lambda: documents.failed_chunks(bad["document_id"]), "ok", ""),
        (
            "documents.deletion_impact", lambda: documents.deletion_impact(document), "loses every count",
            "the names of the counts are others", lambda impact: "every count" if not impact.chunk_count else None,
        ),
        ("documents.get_metadata", lambda: documents.get_metadata(document), "ok", ""),
        ("documents.get_lineage", lambda: documents.get_lineage(document), "ok", ""),
        ("documents.export_lineage json", lambda: documents.export_lineage(document), "ok", ""),
        ("documents.export_lineage csv", lambda: documents.export_lineage(document, format="csv"), "ok", ""),
        ("pdf.upload", lambda: papers.upload(stream(pdf("Another page."), "d.pdf")), "ok", ""),
        ("pdf.upload again", lambda: papers.upload(stream(pdf("Another page."), "d.pdf")), "ok", ""),
        ("pdf.upload_batch", lambda: papers.upload_batch([stream(pdf("A third page."), "e.pdf")]), "ok", ""),
        ("pdf.list", lambda: papers.list(), "ok", ""),
        (
            "pdf.get", lambda: papers.get(paper.pdf_id), "loses the file's name", "it is in `metadata`",
            lambda found: "the file's name" if found.filename is None else None,
        ),
        ("pdf.download", lambda: papers.download(paper.pdf_id), "ok", ""),
        ("pdf.content", lambda: papers.content(paper.pdf_id), "cannot decode", "requires an id, which is `pdf_id`"),
        ("pdf.progress", lambda: papers.progress(hanging.task_id), "cannot decode", "requires a status, which progress has not"),
        ("pdf.progress of one that is done", lambda: papers.progress(paper.task_id), "HTTP 404", "nothing is under way"),
        ("pdf.cancel of one that is done", lambda: papers.cancel(paper.pdf_id), "HTTP 409", "nothing is left to cancel"),
        ("pdf.retry of one that is done", lambda: papers.retry(paper.pdf_id), "HTTP 409", "only what failed is tried again"),
        ("pdf.retry", lambda: papers.retry(broken.pdf_id), "ok", ""),
        ("pdf.delete", lambda: papers.delete(paper.pdf_id), "ok", ""),
        (
            "tasks.list", lambda: CLIENT.tasks.list(), "cannot decode",
            "requires a text, where the error of a failed task is an object",
        ),
        ("tasks.get", lambda: CLIENT.tasks.get(task), "ok", ""),
        (
            "tasks.get of one that failed", lambda: CLIENT.tasks.get(bad["task_id"]), "cannot decode",
            "requires a text, where the error is an object",
        ),
        ("tasks.retry", lambda: CLIENT.tasks.retry(bad["task_id"]), "ok", ""),
        ("pipeline.status", lambda: CLIENT.pipeline.status(), "cannot decode", "requires texts, where the history has objects"),
        (
            "pipeline.queue_metrics", lambda: CLIENT.pipeline.queue_metrics(), "loses every figure",
            "the names of the figures are others",
            lambda metrics: "every figure" if not metrics.model_dump(exclude_defaults=True) else None,
        ),
        ("pipeline.pricing", lambda: CLIENT.pipeline.pricing(), "ok", ""),
        (
            "pipeline.estimate_cost", lambda: CLIENT.pipeline.estimate_cost(1000), "HTTP 422",
            "sends a length, where a model and tokens are required",
        ),
        (
            "lineage.entity", lambda: CLIENT.lineage.entity(entity["name"]), "loses all of it",
            "reads nodes and edges, which there are not", lambda graph: "all of it" if not graph.nodes else None,
        ),
        (
            "lineage.document", lambda: CLIENT.lineage.document(document), "loses all of it",
            "reads nodes and edges, which there are not", lambda graph: "all of it" if not graph.nodes else None,
        ),
        ("chunks.get", lambda: CLIENT.chunks.get(chunk), "cannot decode", "requires an id, which is `chunk_id`"),
        ("chunks.get_lineage", lambda: CLIENT.chunks.get_lineage(chunk), "ok", ""),
        ("provenance.get", lambda: CLIENT.provenance.get(entity["id"]), "ok", ""),
        (
            "workspaces.put_injection",
            lambda: workspaces.put_injection(WORKSPACE, {"name": "more", "content": "FB means Forth Bridge."}), "ok", "",
        ),
        (
            "workspaces.put_injection_file",
            lambda: workspaces.put_injection_file(WORKSPACE, name="file", file=folder / "b.md"), "ok", "",
        ),
        ("workspaces.list_injections", lambda: workspaces.list_injections(WORKSPACE), "ok", ""),
        ("workspaces.get_injection", lambda: workspaces.get_injection(WORKSPACE, injection["injection_id"]), "ok", ""),
        (
            "workspaces.patch_injection",
            lambda: workspaces.patch_injection(WORKSPACE, injection["injection_id"], {"name": "words"}), "ok", "",
        ),
        ("workspaces.delete_injection", lambda: workspaces.delete_injection(WORKSPACE, injection["injection_id"]), "ok", ""),
        ("parse.backends", lambda: CLIENT.parse.backends(), "ok", ""),
        ("parse.parse", lambda: CLIENT.parse.parse(stream(pdf("To be parsed."), "f.pdf")), "ok", ""),
        ("parse.job", lambda: CLIENT.parse.job(job["job_id"]), "ok", ""),
        ("parse.job of none", lambda: CLIENT.parse.job("none"), "HTTP 404", "there is no such job"),
        ("operations.search_documents", lambda: operations.search_documents(query={"q": "Tay"}), "ok", ""),
        ("operations.get_ingestion_progress", lambda: operations.get_ingestion_progress(task), "ok", ""),
        (
            "operations.post_ingestion_progress_batch",
            lambda: operations.post_ingestion_progress_batch(body={"track_ids": [task]}), "ok", "",
        ),
        ("operations.get_pipeline_activity", lambda: operations.get_pipeline_activity(), "ok", ""),
        ("operations.get_pdf_progress_stream", lambda: operations.get_pdf_progress_stream(other.task_id), "ok", ""),
        ("operations.download_document_markdown", lambda: operations.download_document_markdown(document), "ok", ""),
        ("operations.download_document_original", lambda: operations.download_document_original(document), "ok", ""),
        ("operations.list_document_assets", lambda: operations.list_document_assets(document), "ok", ""),
        ("operations.list_document_pages", lambda: operations.list_document_pages(document), "ok", ""),
        ("operations.cancel_document", lambda: operations.cancel_document(stuck["document_id"]), "ok", ""),
        ("operations.list_workspace_job_catalog", lambda: operations.list_workspace_job_catalog(WORKSPACE), "ok", ""),
        ("operations.list_workspace_jobs", lambda: operations.list_workspace_jobs(WORKSPACE), "ok", ""),
        (
            "operations.batch_delete_documents",
            lambda: operations.batch_delete_documents(body={"document_ids": [bad["document_id"]]}), "ok", "",
        ),
        ("pipeline.cancel", lambda: CLIENT.pipeline.cancel(), "ok", ""),
        ("documents.delete", lambda: documents.delete(document), "ok", ""),
        (
            "documents.delete_all", lambda: documents.delete_all(), "HTTP 400", "no header that confirms it",
        ),
    ]


sys.exit(main(rows()))
