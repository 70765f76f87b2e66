"""Which machine this is, so that figures are held against those of the same kind."""

import os
import platform
import re
import subprocess


def describe():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as file:
        text = file.read()

    def field(name):
        found = re.search(rf"^{name}\s*: (.*)$", text, re.MULTILINE)
        return found.group(1).strip() if found else "unknown"

    flags = set(field("flags").split())
    levels = [word for word, flag in (("AMX", "amx_bf16"), ("AVX-512", "avx512f"), ("bf16", "avx512_bf16")) if flag in flags]
    if "AVX-512" not in levels:
        levels = ["AVX2"] if "avx2" in flags else ["SSE"]
    vendor = {"AuthenticAMD": "AMD", "GenuineIntel": "Intel"}.get(field("vendor_id"), field("vendor_id"))
    threads = len(os.sched_getaffinity(0))
    return {
        # What tells one kind of processor from another, as far as speed is concerned.
        "kind": f"{vendor} family {field('cpu family')} ({', '.join(levels)}), {threads} threads",
        "model": field("model name"), "threads": threads,
        "precisions": ["f32"] + (["bf16"] if flags & {"avx512_bf16", "amx_bf16"} else []),
        "system": system(), "memory_gb": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9),
    }


def system():
    try:
        with open("/etc/os-release", encoding="utf-8") as file:
            return re.search(r'PRETTY_NAME="(.*)"', file.read()).group(1)
    except (OSError, AttributeError):
        return platform.system()


def revision(repository):
    """The commit, with a mark where files differ from it; empty where there is no git."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*"], cwd=repository, capture_output=True,
        text=True)
    return done.stdout.strip() if done.returncode == 0 else ""


def load():
    """Processes that want a processor besides this one: what is above nearly 0 disturbs."""
    return os.getloadavg()[0]
