"""A training on a real Slurm cluster of this machine, through all that can happen there, ends with the weights of the
same training on this machine alone.

    python3 Tests/Slurm/trial.py .build/release/vitscope            as root; Debian: slurm-wlm, munge

Standard library only. Slurm listens on loopback, in a folder that goes away.
"""

import argparse
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "Faults"))
from service import REPOSITORY, TERMINAL, Server, integrity, job_body  # noqa: E402

CLUSTER = os.path.join(REPOSITORY, "deploy/slurm/cluster.sh")

FAULTS = ["worker_killed", "server_killed", "node_drained", "preempted", "server_stopped", "scheduler_away", "time_is_up",
          "node_down", "requeued"]


def run(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=120).stdout


def tensors(data):
    """The tensors of a safetensors file, without what is said about them."""
    length = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:8 + length])
    header.pop("__metadata__", None)
    body = data[8 + length:]
    return {name: (entry["dtype"], entry["shape"], body[slice(*entry["data_offsets"])])
            for name, entry in header.items()}


class Trial:
    def __init__(self, program, folder, seconds, faults):
        self.faults = faults
        self.program, self.folder, self.seconds = program, folder, seconds
        self.body = None
        self.shared = os.path.join(folder, "shared")
        os.makedirs(self.shared)
        self.server = None
        self.job = None
        self.begun = time.monotonic()

    def say(self, words):
        print(f"{time.monotonic() - self.begun:6.1f} s  {words}", flush=True)

    def start(self):
        self.server = Server(self.program, os.path.join(self.folder, "data"), ["--slurm-directory", self.shared])
        self.server.wait_ready()

    def wait(self, what, found, seconds=180):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found():
                return
            time.sleep(0.2)
        raise AssertionError(f"{what}: nothing came of it; the job is {self.look()}, squeue says\n"
                             + subprocess.run(["squeue", "--states=all"], capture_output=True, text=True).stdout)

    def look(self):
        return self.server.get(f"/v1/jobs/{self.job}").json

    def state(self):
        """What the worker says of itself; nothing where there is none."""
        try:
            with open(os.path.join(self.shared, self.job, "state.json"), encoding="utf-8") as file:
                return json.load(file)
        except (OSError, ValueError):
            return {}

    def number(self):
        with open(os.path.join(self.shared, self.job, "slurm.json"), encoding="utf-8") as file:
            return json.load(file)["number"]

    def node(self):
        return run("squeue", "--noheader", "--format=%N", f"--jobs={self.number()}").strip()

    def checkpoint(self):
        return self.look().get("checkpoint_step") or 0

    def goes_on(self, before):
        """The run saves itself again, and is at no end."""
        def later():
            job = self.look()
            assert job["state"] not in TERMINAL, f"the job is over before the trial is: {job}"
            return (job.get("checkpoint_step") or 0) > before
        self.wait("the run goes on", later)

    def has_worker(self):
        state = self.state()
        return state.get("outcome") is None and os.path.exists(f"/proc/{state.get('pid', 0)}")

    def reference(self):
        server = Server(self.program, os.path.join(self.folder, "local"))
        try:
            server.wait_ready()
            # As long as the trial needs, on a machine of any speed.
            short = server.ask("POST", "/v1/jobs", job_body(epochs=8, images=64)).json["id"]
            begun = time.monotonic()
            assert server.finished(short)["state"] == "succeeded"
            epochs = max(40, min(int(8 * self.seconds / (time.monotonic() - begun)), 20_000))
            self.say(f"{epochs} epochs of 4 steps")
            self.body = job_body(
                epochs=epochs, images=64, more={"checkpoint": {"every_steps": max(4, epochs // 20), "keep_last": 2}})
            job = server.ask("POST", "/v1/jobs", self.body).json["id"]
            end = server.finished(job)
            assert end["state"] == "succeeded", end
            return tensors(server.get(f"/v1/jobs/{job}/checkpoints/latest/download").body)
        finally:
            server.kill()

    def post(self, more=None):
        body = {**self.body, "resources": {"threads": 1, "executor": "slurm", "partition": "usual", **(more or {})}}
        return self.server.ask("POST", "/v1/jobs", body)

    # What can happen ------------------------------------------------------------------------------------------------

    def worker_killed(self):
        os.kill(self.state()["pid"], signal.SIGKILL)

    def node_drained(self):
        node = self.node()
        run("scontrol", "update", f"nodename={node}", "state=drain", "reason=trial")
        os.kill(self.state()["pid"], signal.SIGKILL)
        before = self.checkpoint()
        self.goes_on(before)
        assert self.node() != node, "a drained node takes no jobs"
        run("scontrol", "update", f"nodename={node}", "state=resume")

    def node_down(self):
        """All of a node ends without a word; Slurm itself puts the job in line again, under the same number."""
        node, number, worker = self.node(), self.number(), self.state()["pid"]
        with open(f"/proc/{worker}/stat", encoding="utf-8") as file:
            step = int(file.read().rsplit(")", 1)[1].split()[1])
        with open(os.path.join(self.cluster, f"{node}.pid"), encoding="utf-8") as file:
            daemon = int(file.read())
        for process in (daemon, step, worker):
            os.kill(process, signal.SIGKILL)
        run("scontrol", "update", f"nodename={node}", "state=down", "reason=trial")
        self.wait("the job is elsewhere", lambda: self.has_worker() and self.node() not in ("", node))
        assert self.number() == number, f"{number} was followed by {self.number()}"
        subprocess.run(["slurmd", "-N", node, "-L", os.path.join(self.cluster, f"{node}.log")], check=True)
        # It comes back by itself where Slurm is told to let it (ReturnToService).
        self.wait("the node is back", lambda: "down" not in run("sinfo", "--noheader", f"--nodes={node}", "--format=%T"))

    def preempted(self):
        number = self.number()
        run("sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 2")
        self.wait("it makes room", lambda: self.number() not in (None, number))

    def time_is_up(self):
        number = self.number()
        run("scontrol", "update", f"jobid={number}", "timelimit=1")
        self.wait("it saves itself before the limit", lambda: self.number() not in (None, number))
        end = run("squeue", "--noheader", "--states=all", "--format=%T", f"--jobs={number}").strip()
        assert end != "TIMEOUT", "it left before it was killed"

    def requeued(self):
        worker = self.state()["pid"]
        run("scontrol", "requeue", self.number())
        self.wait("another worker is there", lambda: self.has_worker() and self.state()["pid"] != worker)

    def server_killed(self):
        number = self.number()
        os.kill(self.server.process.pid, signal.SIGKILL)
        self.server.process.wait()
        self.start()
        assert self.number() == number, "the job on the cluster is followed again"

    def server_stopped(self):
        number = self.number()
        self.server.stop()
        assert self.has_worker(), "a server that ends leaves the cluster's workers alone"
        self.start()
        assert self.number() == number

    def scheduler_away(self):
        run(CLUSTER, "pause", self.cluster)
        before = self.checkpoint()
        self.goes_on(before)
        os.kill(self.state()["pid"], signal.SIGKILL)
        # The heartbeat is old long before anybody can say what has become of it.
        time.sleep(15)
        assert self.look()["state"] == "running", self.look()
        run(CLUSTER, "resume", self.cluster)

    def cancels(self):
        """A job that waits on the cluster, and one that runs there."""
        for node in ("slurm1", "slurm2"):
            run("scontrol", "update", f"nodename={node}", "state=drain", "reason=trial")
        self.job = self.post().json["id"]
        self.wait("Slurm has it", lambda: os.path.exists(os.path.join(self.shared, self.job, "slurm.json"))
                  and self.number() is not None)
        number = self.number()
        self.server.ask("POST", f"/v1/jobs/{self.job}/cancel")
        self.wait("the waiting job is cancelled", lambda: self.look()["state"] == "cancelled")
        assert run("squeue", "--noheader", "--states=all", "--format=%T", f"--jobs={number}").strip() == "CANCELLED"
        for node in ("slurm1", "slurm2"):
            run("scontrol", "update", f"nodename={node}", "state=resume")
        self.job = self.post().json["id"]
        self.wait("it runs", lambda: self.checkpoint() > 0)
        self.server.ask("POST", f"/v1/jobs/{self.job}/pause")
        self.wait("it is paused", lambda: self.look()["held"])
        self.server.ask("POST", f"/v1/jobs/{self.job}/resume")
        before = self.checkpoint()
        self.goes_on(before)
        self.server.ask("POST", f"/v1/jobs/{self.job}/cancel")
        self.wait("the running job is cancelled", lambda: self.look()["state"] == "cancelled")
        self.wait("no worker is left", lambda: not self.has_worker())
        assert self.server.ask("DELETE", f"/v1/jobs/{self.job}").status == 204
        assert not os.path.exists(os.path.join(self.shared, self.job)), "a deleted job leaves no folder on the shared disk"

    def refusals(self):
        """What comes from outside reaches no shell, and what the cluster refuses is told."""
        mark = os.path.join(self.folder, "mark")
        for resources in ({"options": {"wrap": f"touch {mark}"}}, {"partition": f"usual; touch {mark}"},
                          {"options": {"qos": f"--wrap=touch {mark}"}}, {"account": f"$(touch {mark})"},
                          {"options": {"output": mark}}, {"time_limit": f"1\n#SBATCH --output={mark}"}):
            answer = self.post(resources)
            assert answer.status == 422, f"{resources}: {answer}"
        self.job = self.post({"partition": "nowhere"}).json["id"]
        end = self.server.finished(self.job)
        assert end["state"] == "failed" and "partition" in end["failure"]["message"], end
        assert not os.path.exists(mark)

    def all(self):
        weights = self.reference()
        self.say("the local run has ended")
        self.cluster = os.path.join(self.folder, "cluster")
        run(CLUSTER, "start", self.cluster)
        os.environ["SLURM_CONF"] = os.path.join(self.cluster, "slurm.conf")
        self.start()
        self.refusals()
        self.say("what is hostile is refused")
        self.cancels()
        self.say("jobs are cancelled while they wait and while they run, and paused")
        self.job = self.post().json["id"]
        for name in self.faults:
            fault = getattr(self, name)
            self.goes_on(self.checkpoint())
            self.wait("a worker is there", self.has_worker)
            fault()
            self.goes_on(self.checkpoint())
            self.say(f"{fault.__name__.replace('_', ' ')}: goes on from step {self.checkpoint()}")
        end = self.server.finished(self.job)
        assert end["state"] == "succeeded", end
        steps = [event["data"]["step"] for event in
                 self.server.get(f"/v1/jobs/{self.job}/events?limit=10000", {"Accept": "application/json"}).json["events"]
                 if event["event"] == "metric"]
        assert steps == sorted(set(steps)), "each step is told once"
        found = tensors(self.server.get(f"/v1/jobs/{self.job}/checkpoints/latest/download").body)
        assert found.keys() == weights.keys()
        other = [name for name in weights if found[name] != weights[name]]
        assert not other, f"other weights than those of the local run: {other[:5]}"
        self.server.stop()
        assert not integrity(self.server.data)
        self.say(f"{len(weights)} tensors of the job's {end['attempt']} counted starts have the local run's bits")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--seconds", type=int, default=60, help="of training, at the least")
    parser.add_argument("--faults", nargs="+", default=FAULTS, choices=FAULTS, help="all, unless some are named")
    parser.add_argument("--keep", action="store_true", help="leave the folder there")
    arguments = parser.parse_args()
    missing = [name for name in ("slurmctld", "slurmd", "munged", "sbatch") if shutil.which(name) is None]
    if missing or os.geteuid() != 0:
        print("skipped: " + (f"{', '.join(missing)} are not installed" if missing else "slurmd needs root"))
        return
    folder = tempfile.mkdtemp(prefix="vitscope-slurm-")
    # Munge trusts no folder that others may write to, and slurmd none that its jobs' users cannot enter.
    os.chmod(folder, 0o755)
    trial = Trial(os.path.abspath(arguments.program), folder, arguments.seconds, arguments.faults)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        trial.all()
    finally:
        if trial.server and trial.server.is_running:
            trial.server.kill()
        subprocess.run([CLUSTER, "stop", os.path.join(folder, "cluster")], check=False)
        if arguments.keep:
            print(folder)
        else:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
