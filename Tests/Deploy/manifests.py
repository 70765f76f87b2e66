#!/usr/bin/env python3
"""The files of deploy/ that no engine here can run, as far as they can be checked without one.

    manifests.py PROGRAM [--venv FOLDER]

Commands in compose.yaml and the Kubernetes manifests are read by the program itself, the training job is tried dry, Caddy
reads its file where it is installed, and the Kubernetes schemas hold the manifests where kubernetes-validate can be had
(`python3 -m venv FOLDER && FOLDER/bin/pip install kubernetes-validate`). Needs PyYAML for all but Caddy; ends with 77
without it.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
DEPLOY = os.path.join(HERE, "..", "..", "deploy")
# What the Compose specification knows of a service, as far as it is used here.
COMPOSE = {"build", "image", "network_mode", "read_only", "cap_drop", "security_opt", "entrypoint", "command", "volumes",
           "depends_on", "ports", "tmpfs", "restart", "stop_grace_period"}


def documents(yaml, path):
    with open(os.path.join(DEPLOY, path), encoding="utf-8") as file:
        return [document for document in yaml.safe_load_all(file) if document]


def check_serve(program, words):
    """The program takes the command; what is in it is what `serve` has read."""
    answer = subprocess.run([program, *words, "--print-config", "--json"], capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    settings = json.loads(answer.stdout)
    assert settings["host"]["value"] == "0.0.0.0" and settings["port"]["value"] == "8080", settings
    assert settings["token_file"]["value"] == "/secret/token" and settings["insecure_http"]["value"] == "true"


def check_compose(yaml, program):
    [compose] = documents(yaml, "compose.yaml")
    for name, service in compose["services"].items():
        assert set(service) <= COMPOSE, f"{name} has {set(service) - COMPOSE}"
        assert service["read_only"] and service["cap_drop"] == ["ALL"], name
        assert "no-new-privileges:true" in service["security_opt"], name
        for volume in service["volumes"]:
            assert volume.split(":")[0] in compose["volumes"], volume
    server = compose["services"]["vitscope"]
    assert server["ports"] == ["127.0.0.1:8080:8080"], "published on loopback alone"
    check_serve(program, [word for word in server["command"] if word != "--demo"])
    # The token is made once, of letters that the server takes, and nobody else reads it.
    with tempfile.TemporaryDirectory() as folder:
        script = compose["services"]["token"]["command"][2].replace("/secret", folder)
        for _ in range(2):
            subprocess.run(["sh", "-c", script], check=True)
            with open(folder + "/token", encoding="utf-8") as file:
                token = file.read()
        assert len(token) == 64 and os.stat(folder + "/token").st_mode & 0o077 == 0


def check_kubernetes(yaml, program, venv):
    server, job = documents(yaml, "kubernetes/vitscope.yaml"), documents(yaml, "kubernetes/training-job.yaml")
    [deployment] = [one for one in server if one["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    [container] = pod["containers"]
    check_serve(program, [word.replace("$(POD_IP)", "10.0.0.1") for word in container["args"]])
    for spec in (pod, [one for one in job if one["kind"] == "Job"][0]["spec"]["template"]["spec"]):
        assert spec["securityContext"]["runAsNonRoot"] and not spec["automountServiceAccountToken"]
        volumes = {volume["name"] for volume in spec["volumes"]}
        for one in spec["containers"]:
            assert one["securityContext"]["readOnlyRootFilesystem"] and one["securityContext"]["capabilities"] == {"drop": ["ALL"]}
            assert {mount["name"] for mount in one["volumeMounts"]} == volumes
    with tempfile.TemporaryDirectory() as folder:
        path = folder + "/job.json"
        with open(path, "w", encoding="utf-8") as file:
            file.write([one for one in job if one["kind"] == "ConfigMap"][0]["data"]["job.json"])
        answer = subprocess.run([program, "train", "--config", path, "--dry-run"], capture_output=True, text=True)
        assert answer.returncode == 0, answer.stderr
    tool = os.path.join(venv, "bin", "kubernetes-validate") if venv else None
    if tool is None or not os.path.exists(tool):
        return "no Kubernetes schemas"
    for name in ("vitscope.yaml", "training-job.yaml"):
        answer = subprocess.run([tool, "--strict", os.path.join(DEPLOY, "kubernetes", name)], capture_output=True, text=True)
        assert answer.returncode == 0, answer.stdout + answer.stderr
    return "Kubernetes schemas"


def check_actions(yaml, program):
    """The command of the example holds for a trained checkpoint, and says so."""
    [workflow] = documents(yaml, "github-actions.yaml")
    command = workflow["jobs"]["look"]["steps"][-1]["run"]
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(os.path.join(DEPLOY, "demo", "moco_v3.safetensors"), folder + "/checkpoint.safetensors")
        os.symlink(program, folder + "/vitscope")
        answer = subprocess.run(
            ["bash", "-ec", command], cwd=folder, capture_output=True, text=True,
            env={**os.environ, "PATH": folder + ":" + os.environ["PATH"]})
        assert answer.returncode == 0, answer.stdout + answer.stderr


def check_caddy():
    if shutil.which("caddy") is None:
        return "no Caddy"
    with tempfile.TemporaryDirectory() as home:
        word = subprocess.run(["caddy", "hash-password", "--plaintext", "secret"], check=True, capture_output=True, text=True)
        answer = subprocess.run(
            ["caddy", "validate", "--adapter", "caddyfile", "--config", os.path.join(DEPLOY, "Caddyfile")],
            env={**os.environ, "HOME": home, "XDG_DATA_HOME": home, "VITSCOPE_PASSWORD_HASH": word.stdout.strip()},
            capture_output=True, text=True)
        assert answer.returncode == 0, answer.stderr
    return "Caddy"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--venv")
    arguments = parser.parse_args()
    program = os.path.abspath(arguments.program)
    found = [check_caddy()]
    try:
        import yaml
    except ImportError:
        print(f"skipped but for {found[0]}: PyYAML missing")
        sys.exit(77)
    check_compose(yaml, program)
    check_actions(yaml, program)
    found.append(check_kubernetes(yaml, program, arguments.venv))
    print(f"compose and manifests hold; {', '.join(found)}")


if __name__ == "__main__":
    main()
