# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
"""What the kernel counted for the BPF programs that one process holds.

Taken from the process's own file descriptors, so that another tracer on the same
machine, with programs of the same names, is not mixed in.
"""
import ctypes
import os
import platform

BPF_PROG_GET_FD_BY_ID = 13
BPF_OBJ_GET_INFO_BY_FD = 15
SYS_BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]

libc = ctypes.CDLL(None, use_errno=True)


class ProgInfo(ctypes.Structure):
    """struct bpf_prog_info of include/uapi/linux/bpf.h, up to 5.12's last field."""
    _fields_ = [
        ("type", ctypes.c_uint32), ("id", ctypes.c_uint32), ("tag", ctypes.c_uint8 * 8),
        ("jited_len", ctypes.c_uint32), ("xlated_len", ctypes.c_uint32),
        ("jited", ctypes.c_uint64), ("xlated", ctypes.c_uint64),
        ("load_time", ctypes.c_uint64), ("uid", ctypes.c_uint32), ("nr_maps", ctypes.c_uint32),
        ("map_ids", ctypes.c_uint64), ("name", ctypes.c_char * 16),
        ("ifindex", ctypes.c_uint32), ("flags", ctypes.c_uint32),
        ("netns_dev", ctypes.c_uint64), ("netns_ino", ctypes.c_uint64),
        ("skip1", ctypes.c_uint32 * 2), ("skip2", ctypes.c_uint64 * 2),
        ("btf_id", ctypes.c_uint32), ("func_info_rec", ctypes.c_uint32),
        ("func_info", ctypes.c_uint64), ("nr_func_info", ctypes.c_uint32),
        ("nr_line_info", ctypes.c_uint32), ("line_info", ctypes.c_uint64),
        ("jited_line_info", ctypes.c_uint64), ("nr_jited_line", ctypes.c_uint32),
        ("line_rec", ctypes.c_uint32), ("jited_line_rec", ctypes.c_uint32),
        ("nr_tags", ctypes.c_uint32), ("tags", ctypes.c_uint64),
        ("run_time_ns", ctypes.c_uint64), ("run_cnt", ctypes.c_uint64),
        ("recursion_misses", ctypes.c_uint64),
    ]


def _bpf(command, words, size):
    attr = (ctypes.c_uint64 * 16)(*words)
    fd = libc.syscall(SYS_BPF, command, ctypes.byref(attr), size)
    if fd < 0:
        raise OSError(ctypes.get_errno(), "bpf(%d)" % command)
    return fd


def _info(prog_id):
    fd = _bpf(BPF_PROG_GET_FD_BY_ID, [prog_id], 16)
    try:
        info = ProgInfo()
        size = ctypes.sizeof(info)
        _bpf(BPF_OBJ_GET_INFO_BY_FD, [fd | size << 32, ctypes.addressof(info)], 16)
        return info
    finally:
        os.close(fd)


def _ids(pid, field):
    ids = set()
    folder = "/proc/%d/fdinfo" % pid
    for fd in os.listdir(folder):
        try:
            with open(os.path.join(folder, fd)) as f:
                ids |= {int(line.split()[1]) for line in f if line.startswith(field)}
        except OSError:
            pass  # closed in between
    return ids


def read(pid):
    """{program name: {"ns", "runs", "missed"}} of the process's programs; two of one name are
    added. ns and runs only grow while kernel.bpf_stats_enabled is 1."""
    out = {}
    for prog_id in _ids(pid, "prog_id:"):
        info = _info(prog_id)
        row = out.setdefault(info.name.decode(), {"ns": 0, "runs": 0, "missed": 0})
        row["ns"] += info.run_time_ns
        row["runs"] += info.run_cnt
        row["missed"] += info.recursion_misses
    return out


def map_bytes(pid):
    """Memory of the BPF maps the process holds, by the kernel's own count."""
    total = 0
    seen = set()
    folder = "/proc/%d/fdinfo" % pid
    for fd in os.listdir(folder):
        try:
            with open(os.path.join(folder, fd)) as f:
                fields = dict(line.split(":", 1) for line in f if ":" in line)
        except OSError:
            continue
        if "map_id" in fields and fields["map_id"] not in seen:
            seen.add(fields["map_id"])
            total += int(fields.get("memlock", 0))
    return total
