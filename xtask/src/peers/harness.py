"""Runs methods of the official Python SDK against the dev server, and holds each against what is expected of it.

A row is a method, how it is called, what is expected of it and why. What comes out of a call is one of: `ok`; `loses ...`, if it
succeeds and what the server sent is not in its result; `cannot decode`; or the status of the server's error.
"""

import io
import os
import time

import httpx
from edgequake import EdgeQuake
from pydantic import ValidationError

BASE = os.environ["EDGEQUAKE_BASE_URL"]
TENANT, WORKSPACE = os.environ["EDGEQUAKE_TENANT_ID"], os.environ["EDGEQUAKE_WORKSPACE_ID"]


def log_in():
    account = {"username": os.environ["EDGEQUAKE_USERNAME"], "password": os.environ["EDGEQUAKE_PASSWORD"]}
    return httpx.post(BASE + "/api/v1/auth/login", json=account).raise_for_status().json()["access_token"]


TOKEN = log_in()
CLIENT = EdgeQuake(
    base_url=BASE, jwt=TOKEN, tenant_id=TENANT, workspace_id=WORKSPACE, timeout=20.0, max_retries=0
)
HEADERS = {"Authorization": f"Bearer {TOKEN}", "X-Tenant-ID": TENANT, "X-Workspace-ID": WORKSPACE}


def server(method, path, **options):
    """Asks the server without the SDK."""
    return httpx.request(method, BASE + path, headers=HEADERS, timeout=20.0, **options).raise_for_status()


def fault(effect, **options):
    """Orders a failure."""
    httpx.post(BASE + "/__dev/faults", json={"effect": effect, "times": 1, **options}).raise_for_status()


def wait(path, done):
    """Asks until it is done."""
    for _ in range(400):
        answer = server("GET", path).json()
        if done(answer):
            return answer
        time.sleep(0.05)
    raise TimeoutError(f"{path} is not as expected: {answer}")


def upload(text, title="a text"):
    return server("POST", "/api/v1/documents", json={"content": text, "title": title}).json()


def processed(text):
    """A document that has been processed, well or not."""
    uploaded = upload(text)
    bad = ("pending", "queued", "processing")
    task = wait(f"/api/v1/tasks/{uploaded['task_id']}", lambda task: task["status"] not in bad)
    return {**uploaded, "task": task}


def pdf(text):
    """A PDF of one page with a text layer."""
    content = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    data, places = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(data)
    data += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        data += b"%010d 00000 n \n" % place
    data += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(data)


def stream(data, name):
    """A binary stream with a name, as an open file has it."""
    file = io.BytesIO(data)
    file.name = name
    return file


def processed_pdf(text):
    uploaded = CLIENT.pdf.upload(stream(pdf(text), "a.pdf"))
    busy = ("pending", "queued", "processing")
    wait(f"/api/v1/documents/pdf/{uploaded.pdf_id}", lambda status: status["status"] not in busy)
    return uploaded


def outcome(call, lost):
    """What comes out of a call."""
    try:
        value = call()
    except ValidationError:
        return "cannot decode"
    except Exception as error:
        status = getattr(error, "status_code", None)
        return f"HTTP {status}" if status else f"{type(error).__name__}: {error}"
    missing = lost(value) if lost else None
    return f"loses {missing}" if missing else "ok"


def main(rows):
    wrong = 0
    print(f"{'method':<42} {'expected':<28} {'found':<28} because")
    for name, call, expected, why, *lost in rows:
        found = outcome(call, lost[0] if lost else None)
        mark = "" if found == expected else "   <-- DIFFERS"
        wrong += found != expected
        print(f"{name:<42} {expected:<28} {found:<28} {why}{mark}")
    print(f"\n{len(rows)} methods, {wrong} not as expected")
    return 1 if wrong else 0
