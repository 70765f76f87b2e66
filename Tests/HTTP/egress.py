#!/usr/bin/env python3
"""A server, its workers and a dry run where no way leads out of the machine: everything works, and nothing tries.

    egress.py PROGRAM

Runs itself in a network namespace of its own that has a loopback and no routes, and the server under strace, where there
is one. Needs Python 3 and unshare. Exit status 77 where the system grants no namespace. The last line is "N questions,
N connections, N faults".
"""

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from fcntl import ioctl

from own_server import OwnServer
from wire import request, until

JOB = {"name": "tiny", "method": "simmim", "dataset": "shapes-textures", "epochs": 2, "batch_size": 4,
       "arch": {"img_size": 32, "patch_size": 8, "embed_dim": 32, "depth": 2, "num_heads": 2},
       "dataset_options": {"n_images": 16, "img_size": 32}, "simmim": {"mask_ratio": 0.5, "mask_patch_size": 8},
       "analysis": {"every_epochs": 1, "probe_set": "demo"}}
FIXTURES = os.path.dirname(os.path.abspath(__file__)) + "/../Fixtures"


def outside(program):
    """Starts this script again, in namespaces of its own."""
    options = ["-n"] if os.geteuid() == 0 else ["-r", "-n"]
    if subprocess.run(["unshare", *options, "true"], check=False, stderr=subprocess.DEVNULL).returncode:
        print("no network namespace can be made here")
        return 77
    command = ["unshare", *options, sys.executable, os.path.abspath(__file__), program, "--inside"]
    return subprocess.run(command, check=False).returncode


def raise_loopback():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.unpack_from("16sh", ioctl(control, 0x8913, struct.pack("16sh14x", b"lo", 0)))[1]
        ioctl(control, 0x8914, struct.pack("16sh14x", b"lo", flags | 1))


def has_no_way_out():
    with open("/proc/net/route", encoding="ascii") as routes:
        if len(routes.readlines()) > 1:
            return False
    with socket.socket() as one:
        one.settimeout(2)
        return one.connect_ex(("192.0.2.1", 80)) != 0


def questions(server, faults):
    """A little of everything; hands back how much."""
    json_type, wait = [("Content-Type", "application/json")], [("Prefer", "wait=60")]
    count = 0

    def ask(method, target, right=(200,), fields=(), body=None):
        nonlocal count
        count += 1
        answer = request(server.port, method, target, fields, body, timeout=300)
        if answer is None or answer.status not in right:
            faults.append(f"{method} {target}: {answer and (answer.status, answer.body[:200])}")
        return answer

    def ask_json(*asked, **more):
        return json.loads(ask(*asked, **more).body)
    for target in ("/", "/livez", "/readyz", "/metrics", "/v1", "/openapi.json", "/v1/models", "/v1/model-options",
                   "/v1/datasets", "/v1/probe-sets", "/v1/analysis-kinds", "/v1/training-settings", "/v1/uploads"):
        ask("GET", target)
    ask("POST", "/v1/models", (201,), json_type + wait,
        json.dumps({"name": "pickled", "path": "moco_v3_train.pth.tar", "num_heads": 3}).encode())
    with open(FIXTURES + "/images/jpeg/444.jpg", "rb") as file:
        image = json.loads(ask("POST", "/v1/images", (201,), [("Content-Type", "image/jpeg")], file.read()).body)["id"]
    ask("GET", f"/v1/images/{image}?view=model&model=pickled")
    with open(FIXTURES + "/models/files/simmim_pretrain.pth", "rb") as file:
        upload = json.loads(ask(
            "POST", "/v1/uploads", (201,), [("Content-Type", "application/octet-stream")], file.read()).body)["sha256"]
    ask("POST", "/v1/models", (201, 422), json_type + wait,
        json.dumps({"name": "uploaded", "path": "upload:" + upload}).encode())
    for kind in ask_json("GET", "/v1/analysis-kinds")["analysis_kinds"]:
        path = kind["path"].replace("{name}", "simmim")
        more = "&a=simmim&b=hybrid" if kind["models"] == 2 else ""
        images = "probe_set=demo" if kind["images"] != "cue_conflict" else "probe_set=demo&n_train=20"
        if kind["name"] in ("attention", "attention-rollout", "attention-gradient-rollout"):
            images = f"image={image}"
        # What fits the images of the demo badly is refused, which is as good here; what takes long goes on in the queue.
        ask("GET", f"{path}?{images}{more}", (200, 202, 409, 422), [("Prefer", "wait=2")])
    ask("POST", "/v1/comparisons", (200, 202), json_type + wait,
        json.dumps({"models": ["simmim", "hybrid"], "probe_set": "demo", "metrics": ["attention-nmi"]}).encode())
    ask("POST", "/v1/jobs?dry_run=true", (200,), json_type, json.dumps(JOB).encode())
    job = json.loads(ask("POST", "/v1/jobs", (202,), json_type, json.dumps(JOB).encode()).body)["id"]
    until(lambda: ask_json("GET", f"/v1/jobs/{job}?wait=30")["state"] in ("succeeded", "failed"), 300)
    if ask_json("GET", f"/v1/jobs/{job}")["state"] != "succeeded":
        faults.append("a training did not succeed without a network")
    ask("GET", f"/v1/jobs/{job}/checkpoints/latest/download")
    ask("GET", f"/v1/models/job:{job}@latest/attention?image={image}")
    return count


def connections(trace, faults):
    """How often a process of ours called connect, sendto or sendmsg with an address; none may lie outside."""
    count = programs = 0
    for line in trace:
        programs += "execve(" in line and line.rstrip().endswith("= 0")
        for address in re.findall(r'sin_addr=inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"', line):
            where = address[0] or address[1]
            # Accepting shows addresses, too; all of them are this machine's.
            if not re.search(r"\b(connect|sendto|sendmsg|sendmmsg)\(", line):
                continue
            count += 1
            if not where.startswith("127.") and where != "::1":
                faults.append("a way out was tried: " + line.strip())
    # The server, the dry run and the worker: so they were looked at.
    if programs < 3:
        faults.append(f"strace has seen {programs} programs start")
    return count


def inside(program):
    raise_loopback()
    faults = []
    if not has_no_way_out():
        print("the namespace has a way out")
        return 1
    with tempfile.TemporaryDirectory() as folder:
        tracer, trace = shutil.which("strace"), folder + "/trace"
        calls = "trace=execve,connect,sendto,sendmsg,sendmmsg"
        prefix = [tracer, "-f", "--seccomp-bpf", "-qq", "-e", calls, "-o", trace] if tracer else []
        with OwnServer(program, "--demo", "--models", FIXTURES + "/models/files", prefix=prefix) as server:
            server.ready()
            count = questions(server, faults)
            # strace hands the signal on to nobody: its child is the server.
            if tracer:
                children = open(f"/proc/{server.process.pid}/task/{server.process.pid}/children", encoding="ascii").read()
                os.kill(int(children.split()[0]), signal.SIGTERM)
                server.process.wait(60)
            elif server.stop() != 143:
                faults.append("the server did not end as it should")
        found = 0
        if tracer:
            with open(trace, encoding="utf-8", errors="replace") as lines:
                found = connections(lines, faults)
        else:
            print("there is no strace, so only that everything works was seen")
    for command in (["inspect", FIXTURES + "/models/files/simmim_pretrain.pth"], ["version"]):
        count += 1
        if subprocess.run([program, *command], check=False, stdout=subprocess.DEVNULL).returncode:
            faults.append(f"vitscope {command[0]} failed")
    for fault in faults[:50]:
        print(fault)
    print(f"{count} questions, {found} connections, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(inside(sys.argv[1]) if "--inside" in sys.argv else outside(sys.argv[1]))
