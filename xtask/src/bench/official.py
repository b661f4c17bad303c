"""The scenarios of `cargo xtask bench` through the official Python SDK: `SCENARIO ADDRESS COUNT...`, as the measured program takes them.

It prints one JSON object, as that program does; allocations are not counted here.
"""

import asyncio
import json
import resource
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
from edgequake import AsyncEdgeQuake, EdgeQuake
from edgequake.types.documents import ListDocumentsResponse

OPTIONS = {
    "jwt": "eq_0123456789abcdef0123456789abcdef",
    "tenant_id": "7a000000-0000-4000-8000-000000000001",
    "workspace_id": "7a000000-0000-4000-8000-000000000002",
}
EXPIRED = "eyJhbGciOiJub25lIn0.eyJleHAiOjF9.AA"

# Callers that are threads, and as many connections.
THREADS = 64


def client(address, **options):
    return EdgeQuake(base_url="http://" + address, **{**OPTIONS, **options})


def count(address, path):
    return int(httpx.get(f"http://{address}{path}").raise_for_status().text)


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def read(address, times):
    official = client(address)
    for _ in range(times):
        official.documents.list()
    return {"requests": times}


def decode(address, times):
    page = httpx.get(f"http://{address}/api/v1/documents", headers={"authorization": "Bearer eq_key"}).content
    for _ in range(times):
        ListDocumentsResponse.model_validate(json.loads(page))
    return {"page_bytes": len(page)}


def build(address, times):
    for _ in range(times):
        client(address)
    return {"clients": times}


def first(address, times):
    for _ in range(times):
        client(address).documents.list()
    return {"calls": times}


def walk(address, pages):
    official, documents = client(address), 0
    for page in range(1, pages + 1):
        answer = official.documents.list(page=page, page_size=100, document_pattern=str(pages * 100))
        documents += len(answer.documents)
    assert documents == pages * 100, f"{documents} documents on {pages} pages"
    return {"documents": documents}


def concurrent(address, callers, threads, calls):
    """Its asynchronous client, which has one thread. Not counted are the first call of each caller and the last ones, as there."""
    assert threads == 1, "asyncio has one thread"
    first, last = callers, callers * (calls - 1)
    made, spent = 0, [0, 0]

    async def call(official):
        nonlocal made
        for _ in range(calls):
            await official.documents.list()
            made += 1
            if made in (first, last):
                spent[made == last] = time.process_time_ns()

    async def all_of_them():
        options = {**OPTIONS, "timeout": 600.0}
        async with AsyncEdgeQuake(base_url="http://" + address, **options) as official:
            await asyncio.gather(*(call(official) for _ in range(callers)))

    asyncio.run(all_of_them())
    return {"nanoseconds_per_call": (spent[1] - spent[0]) / (last - first)}


def refresh(address, callers):
    """By the hook that it calls after a 401, and one client for all."""

    def refreshed(_):
        return client(address, jwt=None).auth.refresh("once").access_token

    before = count(address, "/refreshes")
    official = client(address, jwt=EXPIRED, on_token_refresh=refreshed)
    start = threading.Barrier(THREADS)
    failures = []

    def call(number):
        if number < THREADS:
            start.wait()
        try:
            official.documents.list()
        except Exception as failure:
            failures.append(repr(failure))

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(call, range(callers)))
    made = count(address, "/refreshes") - before
    return {"refreshes": made, "failed": len(failures), "failure": next(iter(failures), None)}


def measured(transfer, length):
    before, began = peak(), time.process_time()
    arrived = transfer()
    assert arrived >= length, f"{arrived} of {length} bytes arrived"
    return {"bytes": arrived, "peak_growth_bytes": peak() - before, "processor_seconds": time.process_time() - began}


def upload(address, length):
    official = client(address, timeout=3600.0)
    official.documents.list()
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.truncate(length)
        return measured(lambda: int(official.documents.upload_file(Path(file.name)).message), length)


def download(address, length):
    official = client(address, timeout=3600.0)
    official.documents.list()
    return measured(lambda: len(official.documents.pdf.download(str(length))), length)


SCENARIOS = [read, decode, build, first, walk, concurrent, refresh, upload, download]

scenario, address, *numbers = sys.argv[1:]
run = {function.__name__: function for function in SCENARIOS}[scenario]
print(json.dumps({"allocations": None, "bytes": None, "seen": run(address, *map(int, numbers))}))
