#!/usr/bin/env python3
"""What whoever runs a server does: change its token, ask after its health, follow a trace, read a log, let go of what is old, and put
a new program on an old data directory.

    operations.py PROGRAM

Standard library only. Everything listens on loopback.
"""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tarfile
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "HTTP"))
sys.path.insert(0, os.path.join(HERE, "..", "Faults"))
from own_server import OwnServer  # noqa: E402
from service import integrity, job_body  # noqa: E402
from wire import request, until  # noqa: E402

OLD = os.path.join(HERE, "..", "Fixtures", "data", "0.1.0.tar.gz")
FIRST, SECOND = "0123456789abcdef" * 4, "fedcba9876543210" * 4
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def ask(server, method, target, body=None, fields=()):
    data = None if body is None else json.dumps(body).encode()
    fields = [*fields, *([("Content-Type", "application/json")] if body is not None else [])]
    answer = request(server.port, method, target, fields, data)
    try:
        return answer, json.loads(answer.body)
    except ValueError:
        return answer, None


def finished(server, job):
    found = {}

    def look():
        found.update(ask(server, "GET", f"/v1/jobs/{job}")[1])
        return found["state"] in ("succeeded", "failed", "cancelled")
    until(look)
    return found


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o600)


def check_token(program, folder):
    """SIGHUP has the server read the token again; one that is none leaves the old one."""
    path = folder + "/token"
    write(path, FIRST)

    def status(token):
        return request(server.port, "GET", "/v1", [("Authorization", "Bearer " + token)]).status
    with OwnServer(program, "--token-file", path) as server:
        assert server.ready(), server.said()
        assert status(FIRST) == 200 and status(SECOND) == 401
        signed, _ = ask(server, "POST", "/v1/session", {"token": FIRST})
        cookie = [("Cookie", signed.field("set-cookie").split(";")[0])]
        assert request(server.port, "GET", "/v1", cookie).status == 200
        write(path, "too short")
        server.process.send_signal(signal.SIGHUP)
        assert until(lambda: "was not read again" in server.said()), server.said()
        assert status(FIRST) == 200
        write(path, SECOND)
        server.process.send_signal(signal.SIGHUP)
        assert until(lambda: "the token was read again" in server.said()), server.said()
        assert status(SECOND) == 200 and status(FIRST) == 401
        assert request(server.port, "GET", "/v1", cookie).status == 401, "a session by the old token is over"
        assert FIRST not in server.said() and SECOND not in server.said()
        assert server.stop() == 143


def check_health(program):
    def health(port):
        return subprocess.run([program, "health", "--server", f"http://127.0.0.1:{port}"], capture_output=True, text=True)
    with OwnServer(program) as server:
        assert server.ready(), server.said()
        answer = health(server.port)
        assert answer.returncode == 0 and not answer.stdout, answer
        assert server.stop() == 143
        answer = health(server.port)
        assert answer.returncode == 69 and "no answer" in answer.stderr, answer


def check_trace(program, folder):
    """A trace is named in the request's log and in the worker's; what is no trace counts as none."""
    with OwnServer(program, data=folder + "/traced") as server:
        assert server.ready(), server.said()
        for field, found in ((TRACE, True), (TRACE.replace("4bf92f", "4BF92F"), False), (TRACE + "-00", False)):
            answer, job = ask(server, "POST", "/v1/jobs", job_body(epochs=1, images=16), [("traceparent", field)])
            assert answer.status == 202, answer.body
            assert finished(server, job["id"])["state"] == "succeeded"
            log = request(server.port, "GET", f"/v1/jobs/{job['id']}/logs").body.decode()
            assert job["id"] in log and "attempt=1" in log, log
            assert (field in log) == found, log
        assert f"trace_id={TRACE.split('-')[1]}" in server.said()
        assert server.stop() == 143


def check_json_log(program, folder):
    """Every line of the log is a JSON object, the worker's too, whatever clients write."""
    hostile = 'a"b\\n{}\\u0000'
    with OwnServer(program, "--log-format", "json", data=folder + "/logged") as server:
        assert server.ready(), server.said()
        answer, job = ask(server, "POST", "/v1/jobs", job_body(epochs=1, images=16),
                          [("traceparent", TRACE), ("x-request-id", hostile)])
        assert answer.status == 202, answer.body
        assert finished(server, job["id"])["state"] == "succeeded"
        log = request(server.port, "GET", f"/v1/jobs/{job['id']}/logs").body.decode()
        assert server.stop() == 143
        # The log, and what stdout says.
        said = [json.loads(line) for line in server.said().splitlines() if not line.startswith("listening on ")]
    worker = [json.loads(line) for line in log.splitlines()]
    assert worker and all(line["job_id"] == job["id"] and line["traceparent"] == TRACE for line in worker), log
    for line in said + worker:
        assert line["time"].endswith("Z") and line["level"] and line["message"], line
    posted = [line for line in said if line.get("route") == "/v1/jobs" and line["method"] == "POST"]
    assert [line["request_id"] for line in posted] == [hostile] and posted[0]["traceparent"] == TRACE, posted
    assert posted[0]["status"] == 202 and posted[0]["duration_seconds"] >= 0, posted


def check_retention(program, folder):
    """What is old goes, and not before somebody says so in earnest."""
    data = folder + "/kept"

    def checkpoints(job):
        path = os.path.join(data, "jobs", job, "run", "checkpoints")
        return sorted(name for name in os.listdir(path) if name.startswith("step-"))
    with OwnServer(program, data=data) as server:
        assert server.ready(), server.said()
        _, job = ask(server, "POST", "/v1/jobs", job_body(epochs=2, more={"checkpoint": {"every_steps": 2, "keep_last": 3}}))
        assert finished(server, job["id"])["state"] == "succeeded"
        before = checkpoints(job["id"])
        assert len(before) == 3, before
        ask(server, "POST", "/v1/probe-sets", {"name": "p", "dataset": "shapes-textures", "n_images": 4, "seed": 1})
        for metric in ("attention-nmi", "attention-distance"):
            answer, _ = ask(server, "GET", f"/v1/models/job:{job['id']}@latest/analyses/{metric}?probe_set=p")
            assert answer.status == 200, answer.body
        assert server.stop() == 143
    # Nobody has read one of the two for 40 days.
    database = sqlite3.connect(data + "/results.sqlite")
    with database:
        database.execute("UPDATE result SET read_at = read_at - 40 * 86400 WHERE kind = 'attention-nmi'")
    database.close()

    def kept():
        database = sqlite3.connect(data + "/results.sqlite")
        try:
            return sorted(row[0] for row in database.execute("SELECT kind FROM result"))
        finally:
            database.close()
    words = ["--keep-results", "30d", "--keep-checkpoints", "1"]
    with OwnServer(program, *words, "--retention-dry-run", data=data) as server:
        assert server.ready(), server.said()
        assert until(lambda: "would let go" in server.said()), server.said()
        assert "results=1" in server.said() and "checkpoints=2" in server.said(), server.said()
        assert server.stop() == 143
    assert checkpoints(job["id"]) == before and kept() == ["attention-distance", "attention-nmi"]
    with OwnServer(program, *words, data=data) as server:
        assert server.ready()
        assert until(lambda: "let go of what is old" in server.said()), server.said()
        assert until(lambda: checkpoints(job["id"]) == before[-1:]), checkpoints(job["id"])
        _, listed = ask(server, "GET", f"/v1/jobs/{job['id']}/checkpoints")
        assert [entry["step"] for entry in listed["checkpoints"]] == [listed["latest_step"]], listed
        answer = request(server.port, "GET", f"/v1/jobs/{job['id']}/checkpoints/latest/download")
        assert answer.status == 200
        assert server.stop() == 143
    assert kept() == ["attention-distance"]
    answer = subprocess.run([program, "serve", "--keep-results", "soon"], capture_output=True, text=True)
    assert answer.returncode == 64 or answer.returncode == 2, answer


def check_migration(program, folder):
    """The newest program takes over what an earlier one has left."""
    with tarfile.open(OLD) as archive:
        archive.extractall(folder)
    data = folder + "/vitscope"
    with OwnServer(program, data=data) as server:
        assert server.ready(), server.said()
        _, about = ask(server, "GET", "/v1")
        assert about["warnings"] == [], about["warnings"]
        jobs = {job["name"] + job["state"]: job for job in ask(server, "GET", "/v1/jobs")[1]["jobs"]}
        done, held = jobs["oldsucceeded"], jobs["oldqueued"]
        assert done["labels"] == {"kept": "yes"} and held["held"]
        assert done["checkpoint_step"] == 4 and "loss" in done["metrics"]
        assert ask(server, "GET", f"/v1/jobs/{done['id']}/metrics")[1]["series"]["loss"]["values"]
        assert until(lambda: ask(server, "GET", "/v1/models/old-model")[1]["state"] == "ready")
        answer, _ = ask(server, "GET", "/v1/models/old-model/analyses/attention-nmi?probe_set=old-probe")
        assert answer.status == 200, answer.body
        results = ask(server, "GET", "/v1/analyses")[1]["analyses"]
        assert len(results) == 1, results
        # The paused training goes on from where it was.
        assert ask(server, "POST", f"/v1/jobs/{held['id']}/resume", {})[0].status == 202
        assert until(lambda: (ask(server, "GET", f"/v1/jobs/{held['id']}")[1]["checkpoint_step"] or 0)
                     > held["checkpoint_step"])
        assert ask(server, "POST", f"/v1/jobs/{held['id']}/cancel", {})[0].status == 202
        assert finished(server, held["id"])["state"] == "cancelled"
        # What is new is kept beside what is old.
        _, job = ask(server, "POST", "/v1/jobs", job_body(epochs=1, images=16))
        assert finished(server, job["id"])["state"] == "succeeded"
        assert server.stop() == 143
    assert not integrity(data)


def main():
    program = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        check_token(program, folder)
        check_health(program)
        check_trace(program, folder)
        check_json_log(program, folder)
        check_retention(program, folder)
        check_migration(program, folder)
    print("token, health, trace, JSON log, retention and migration are as the documents say")


if __name__ == "__main__":
    main()
