#!/bin/sh
# A Slurm cluster of this one machine, for trials and tests: munged, slurmctld and two slurmd, as root, on loopback alone.
#   deploy/slurm/cluster.sh start FOLDER    writes FOLDER/slurm.conf and starts it; then export SLURM_CONF=FOLDER/slurm.conf
#   deploy/slurm/cluster.sh stop FOLDER     ends what start has started there, and nothing else
#   deploy/slurm/cluster.sh pause|resume FOLDER    has the scheduler be away, and come back
# Debian: slurm-wlm, munge. The node slurm1 fails and comes back by `scontrol update node=slurm1 state=…`; slurm2 is another.
set -eu

usage() { sed -n '2,6s/^# *//p' "$0" >&2; exit 64; }
[ $# -eq 2 ] || usage
folder=$(realpath -m "$2")

# Ends the process of a pid file, if it is the program that we have started.
finish() {
    [ -s "$1" ] || return 0
    pid=$(cat "$1")
    [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$2" ] || return 0
    kill "$pid"
    for _ in $(seq 100); do
        [ -d "/proc/$pid" ] || return 0
        sleep 0.1
    done
    kill -9 "$pid"
}

port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

start_controller() { SLURM_CONF="$folder/slurm.conf" slurmctld -i -L "$folder/slurmctld.log"; }
start_nodes() {
    for node in slurm1 slurm2; do
        SLURM_CONF="$folder/slurm.conf" slurmd -N $node -L "$folder/$node.log"
    done
}

case $1 in
start)
    [ "$(id -u)" -eq 0 ] || { echo "Root is needed: slurmd runs jobs as their users." >&2; exit 77; }
    mkdir -p "$folder/state" "$folder/spool/slurm1" "$folder/spool/slurm2"
    # Munge asks that nobody else may write where its socket and its key are.
    chmod 755 "$folder"
    dd if=/dev/urandom of="$folder/munge.key" bs=1024 count=1 2>/dev/null
    chmod 600 "$folder/munge.key"
    # What the machine has, as slurmd sees it, but for a part of the memory that others use.
    eval "$(slurmd -C | head -n 1 | tr ' ' '\n' | grep -E '^(CPUs|RealMemory)=')"
    cat > "$folder/slurm.conf" <<CONF
ClusterName=vitscope
SlurmctldHost=$(hostname -s)(127.0.0.1)
SlurmctldPort=$(port)
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CryptoType=crypto/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
SlurmctldParameters=preempt_send_user_signal
ReturnToService=2
MinJobAge=300
KillWait=10
SchedulerParameters=sched_interval=2,batch_sched_delay=1,sched_min_interval=100000
SlurmctldTimeout=30
SlurmdTimeout=30
InactiveLimit=0
NodeName=slurm1 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$(port) CPUs=$CPUs RealMemory=$((RealMemory / 2)) State=UNKNOWN
NodeName=slurm2 NodeHostname=$(hostname -s) NodeAddr=127.0.0.1 Port=$(port) CPUs=$CPUs RealMemory=$((RealMemory / 2)) State=UNKNOWN
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
PartitionName=usual Nodes=ALL Default=YES GraceTime=20 MaxTime=INFINITE State=UP PriorityTier=1
PartitionName=urgent Nodes=ALL MaxTime=INFINITE State=UP PriorityTier=9
CONF
    munged --socket="$folder/munge.socket" --key-file="$folder/munge.key" --pid-file="$folder/munged.pid" \
        --log-file="$folder/munged.log" --seed-file="$folder/munged.seed" --force
    start_controller
    start_nodes
    export SLURM_CONF="$folder/slurm.conf"
    for _ in $(seq 150); do
        [ "$(sinfo --noheader --partition=usual --states=idle --format=%D 2>/dev/null)" = 2 ] && exit 0
        sleep 0.2
    done
    echo "The nodes did not become idle; the logs in $folder say why." >&2
    "$0" stop "$folder"
    exit 1
    ;;
stop)
    # What still runs there ends first: its processes are the node's children.
    [ -s "$folder/slurmctld.pid" ] && SLURM_CONF="$folder/slurm.conf" timeout 10 scancel --user=root --signal=KILL --full 2>/dev/null || true
    for node in slurm1 slurm2; do finish "$folder/$node.pid" slurmd; done
    finish "$folder/slurmctld.pid" slurmctld
    finish "$folder/munged.pid" munged
    ;;
pause) finish "$folder/slurmctld.pid" slurmctld ;;
resume) start_controller ;;
*) usage ;;
esac
