#!/usr/bin/env bash
# A SLURM cluster of one node, this machine, for tests of `snakemake --profile slurm`: Debian's packages, root, loopback
# only, no systemd. Its GPUs are names of other devices: jobs are given CUDA_VISIBLE_DEVICES and find no GPU behind it.
#   slurm_node.sh install | start | status | stop      (each may be repeated)
# SLURM_NODE_CPUS, SLURM_NODE_GPUS, SLURM_NODE_MB: what the node claims to have: this machine's cores, 2 (4 at most), nine
# tenths of its memory if not said.
# SLURM_NODE_DIR: where state, logs and pid files lie. A slurm.conf that is not from here is never touched.
set -euo pipefail

HOME_DIR=${SLURM_NODE_DIR:-/var/lib/robustpath-slurm}
CPUS=${SLURM_NODE_CPUS:-$(nproc)}
GPUS=${SLURM_NODE_GPUS:-2}
NODE=$(hostname -s)
ETC=/etc/slurm
OURS="# Written by robustpath's slurm_node.sh"
DEVICES=(/dev/null /dev/zero /dev/full /dev/urandom)
PACKAGES=(slurmctld slurmd slurm-client munge procps)

fail() {
    printf 'error: %s\n' "$*" >&2
    exit 1
}

# within SECONDS COMMAND…: repeat the command until it succeeds; fails when the time is over.
within() {
    local deadline=$((SECONDS + $1))
    shift
    while ! "$@" >/dev/null 2>&1; do
        ((SECONDS < deadline)) || return 1
        sleep 0.2
    done
}

# running DAEMON: whether the process of its pid file is that daemon and alive: neither a later process of the same number
# nor a killed one that its parent has not yet cleared away.
running() {
    local file="$HOME_DIR/run/$1.pid"
    [ -s "$file" ] && [[ "$(cat "/proc/$(cat "$file")/stat" 2>/dev/null)" == *" ($1) "[!ZX]* ]]
}

gone() {
    [ ! -d "/proc/$1" ]
}

end() {
    local pid
    if running "$1"; then
        pid=$(cat "$HOME_DIR/run/$1.pid")
        kill "$pid"
        within 15 gone "$pid" || kill -9 "$pid"
    fi
    rm -f "$HOME_DIR/run/$1.pid"
}

foreign() {
    [ -e "$ETC/slurm.conf" ] && ! grep -qxF "$OURS" "$ETC/slurm.conf"
}

answers() {
    munge -n </dev/null | unmunge
}

takes_jobs() {
    case $(sinfo -h -n "$NODE" -o %t 2>/dev/null | head -n 1) in idle | mix | alloc) ;; *) return 1 ;; esac
}

# The port of a daemon that was killed a moment ago may still be held: hence again and again, until it answers.
controls() {
    running slurmctld || slurmctld
    scontrol ping
}

serves() {
    running slurmd || slurmd
    takes_jobs
}

configuration() {
    local memory
    memory=${SLURM_NODE_MB:-$(awk '/^MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)}
    printf '%s\n' "$OURS"
    # Memory is watched by sampling, for lack of cgroups: a job over its request fails as it would on a cluster.
    # MinJobAge: ended jobs stay in squeue, which is all there is to ask without accounting.
    cat <<CONF
ClusterName=robustpath
SlurmctldHost=$NODE(127.0.0.1)
CommunicationParameters=NoInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
StateSaveLocation=$HOME_DIR/controller
SlurmdSpoolDir=$HOME_DIR/daemon
SlurmctldPidFile=$HOME_DIR/run/slurmctld.pid
SlurmdPidFile=$HOME_DIR/run/slurmd.pid
SlurmctldLogFile=$HOME_DIR/slurmctld.log
SlurmdLogFile=$HOME_DIR/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
MailProg=/bin/true
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerParameters=bf_interval=2,batch_sched_delay=0
MinJobAge=1800
ReturnToService=2
KillWait=10
SlurmctldTimeout=30
SlurmdTimeout=${SLURM_NODE_TIMEOUT:-60}
InactiveLimit=0
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName=$NODE NodeAddr=127.0.0.1 CPUs=$CPUS RealMemory=$memory Gres=gpu:$GPUS State=UNKNOWN
PartitionName=cpu Nodes=$NODE Default=YES MaxTime=INFINITE State=UP
PartitionName=gpu Nodes=$NODE MaxTime=INFINITE State=UP
CONF
}

install() {
    [ "$(id -u)" -eq 0 ] || fail "a SLURM node needs root"
    if ! command -v slurmctld slurmd sbatch munged >/dev/null; then
        command -v apt-get >/dev/null || fail "SLURM is missing: install ${PACKAGES[*]}"
        apt-get -q update </dev/null >/dev/null || true
        DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=600 install -y --no-install-recommends \
            "${PACKAGES[@]}" </dev/null >/dev/null || fail "apt-get could not install ${PACKAGES[*]}"
    fi
}

start_munge() {
    ! answers >/dev/null 2>&1 || return 0
    if [ ! -s /etc/munge/munge.key ]; then
        head -c 1024 /dev/urandom >/etc/munge/munge.key
        chown munge: /etc/munge/munge.key && chmod 400 /etc/munge/munge.key
    fi
    command install -d -o munge -g munge -m 755 /run/munge
    command install -d -o munge -g munge -m 700 /var/log/munge /var/lib/munge
    runuser -u munge -- munged
    within 10 answers || fail "munged does not answer; /var/log/munge says why"
    pgrep -x -u munge munged >"$HOME_DIR/run/munged.pid"
}

start() {
    local gpu before=""
    ! foreign || fail "this machine has a SLURM of its own ($ETC/slurm.conf); it is left alone"
    install
    mkdir -p "$HOME_DIR"/{controller,daemon,run} "$ETC"
    [ ! -e "$ETC/slurm.conf" ] || before=$(cksum <"$ETC/slurm.conf")
    configuration >"$ETC/slurm.conf"
    printf '%s\n' "$OURS" >"$ETC/gres.conf"
    for ((gpu = 0; gpu < GPUS; gpu++)); do
        # A GPU without a device file of its own makes the node invalid.
        echo "NodeName=$NODE Name=gpu File=${DEVICES[gpu]}" >>"$ETC/gres.conf"
    done
    if [ "$before" != "$(cksum <"$ETC/slurm.conf")" ]; then
        end slurmd
        end slurmctld
    fi
    start_munge
    within 30 controls || fail "slurmctld does not answer; $HOME_DIR/slurmctld.log says why"
    if ! within 5 serves; then
        scontrol update "NodeName=$NODE" State=RESUME 2>/dev/null || true
        within 40 serves || fail "the node takes no jobs; $HOME_DIR/slurmd.log says why"
    fi
    sinfo -h -N -o 'SLURM node %N: partition %P, %c CPUs, %m MB, %G, %t'
}

stop() {
    ! running slurmctld || timeout 10 scancel --me 2>/dev/null || true
    end slurmd
    end slurmctld
    end munged
    if ! foreign; then rm -f "$ETC/slurm.conf" "$ETC/gres.conf"; fi
}

status() {
    takes_jobs || fail "no SLURM node of ours takes jobs here; start it by $0 start"
    squeue
}

case ${1:-} in
    install | start | stop | status) "$1" ;;
    *) sed -n '2,9s/^# *//p' "$0" && exit 2 ;;
esac
