"""A process that can compute and answer, and nothing else: no network, no writes, no other programs.

Run before anything of a stranger is looked at. On Linux (x86-64, 64-bit Arm): seccomp refuses the system
calls for sockets, for new processes and for changing files (`seccomp(2)`, a classic BPF program over the
call's number and flags); Landlock, where the kernel has it, leaves only the folders of Python and of the
system to be read. No file can grow. Imports nothing but the standard library.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Iterable, Sequence

_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000  # SECCOMP_RET_ALLOW, SECCOMP_RET_ERRNO
_EPERM, _ENOSYS = 1, 38
_LOAD, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x45, 0x06  # BPF instructions
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_THREAD = 0x00010000  # CLONE_THREAD
_NO_NEW_PRIVILEGES = 38
_ALL_THREADS = 1  # SECCOMP_FILTER_FLAG_TSYNC

# By architecture: (its number in the kernel's audit, system calls by name).
_X86 = {
    "open": 2, "socket": 41, "connect": 42, "accept": 43, "sendto": 44, "sendmsg": 46, "bind": 49,
    "listen": 50, "socketpair": 53, "clone": 56, "fork": 57, "vfork": 58, "execve": 59, "kill": 62,
    "truncate": 76, "ftruncate": 77, "rename": 82, "mkdir": 83, "rmdir": 84, "creat": 85, "link": 86,
    "unlink": 87, "symlink": 88, "chmod": 90, "fchmod": 91, "chown": 92, "fchown": 93, "lchown": 94,
    "ptrace": 101, "mknod": 133, "chroot": 161, "mount": 165, "setxattr": 188, "tkill": 200, "mq_open": 240,
    "openat": 257, "mkdirat": 258, "mknodat": 259, "fchownat": 260, "unlinkat": 263, "renameat": 264,
    "linkat": 265, "symlinkat": 266, "fchmodat": 268, "unshare": 272, "accept4": 288, "sendmmsg": 307,
    "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "renameat2": 316, "seccomp": 317,
    "bpf": 321, "execveat": 322, "userfaultfd": 323, "io_uring_setup": 425, "pidfd_open": 434,
    "clone3": 435, "openat2": 437, "landlock_create_ruleset": 444, "landlock_add_rule": 445,
    "landlock_restrict_self": 446,
}  # fmt: skip
_ARM = {
    "setxattr": 5, "unlinkat": 35, "symlinkat": 36, "linkat": 37, "renameat": 38, "mount": 40,
    "truncate": 45, "ftruncate": 46, "mkdirat": 34, "mknodat": 33, "chroot": 51, "fchmod": 52,
    "fchmodat": 53, "fchownat": 54, "fchown": 55, "openat": 56, "unshare": 97, "ptrace": 117, "kill": 129,
    "tkill": 130, "mq_open": 180, "socket": 198, "socketpair": 199, "bind": 200, "listen": 201,
    "accept": 202, "connect": 203, "sendto": 206, "sendmsg": 211, "clone": 220, "execve": 221,
    "accept4": 242, "setns": 268, "sendmmsg": 269, "process_vm_readv": 270, "process_vm_writev": 271,
    "renameat2": 276, "seccomp": 277, "bpf": 280, "execveat": 281, "userfaultfd": 282,
    "io_uring_setup": 425, "pidfd_open": 434, "clone3": 435, "openat2": 437, "landlock_create_ruleset": 444,
    "landlock_add_rule": 445, "landlock_restrict_self": 446,
}  # fmt: skip
_CALLS = {"x86_64": (0xC000003E, _X86), "aarch64": (0xC00000B7, _ARM)}
_OWN = ("seccomp", "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self")
# The C library asks for the older call where these are not there, and the older one's flags can be read.
_MISSING = ("clone3", "openat2", "io_uring_setup")
_FLAGS = {"open": 1, "openat": 2}  # which argument they are

_READ, _READ_FOLDER, _EXECUTE = 1 << 2, 1 << 3, 1 << 0  # LANDLOCK_ACCESS_FS_…
_ALL_OF_FIRST_VERSION = (1 << 13) - 1


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("yes", ctypes.c_ubyte),
        ("no", ctypes.c_ubyte),
        ("k", ctypes.c_uint),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


class _Ruleset(ctypes.Structure):
    _fields_ = (("handled", ctypes.c_uint64),)


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = (("allowed", ctypes.c_uint64), ("parent", ctypes.c_int32))


def is_possible() -> bool:
    """Whether a process can be shut off on this system."""
    return sys.platform == "linux" and platform.machine() in _CALLS and sys.maxsize > 2**32


def isolate(readable: Iterable[str]) -> None:
    """Shut this process off for good, all its threads and those to come.

    Args:
        readable: folders that may still be read, where the kernel can tell folders apart.

    Raises:
        OSError: it could not be done: nothing of a stranger may be looked at then.
    """
    import resource

    if not is_possible():
        raise OSError("there is no way to shut a process off on this system")
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs")
    architecture, calls = _CALLS[platform.machine()]
    _restrict_folders(libc, calls, readable)
    instructions = _program(architecture, calls)
    array = (_Instruction * len(instructions))(*instructions)
    program = _Program(len(instructions), array)
    if libc.syscall(calls["seccomp"], 1, _ALL_THREADS, ctypes.byref(program)):
        raise OSError(ctypes.get_errno(), "seccomp")


def limit_memory(more: int) -> None:
    """Let this process take so many more bytes than it has now."""
    import resource

    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        now = int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    resource.setrlimit(resource.RLIMIT_AS, (now + more, now + more))


def _program(architecture: int, calls: dict[str, int]) -> Sequence[_Instruction]:
    """Refuse what changes anything or leaves the process; all else is allowed."""

    def step(code: int, k: int, yes: int = 0, no: int = 0) -> _Instruction:
        return _Instruction(code, yes, no, k)

    refuse, missing = _REFUSE | _EPERM, _REFUSE | _ENOSYS
    steps = [
        step(_LOAD, _ARCHITECTURE),
        step(_EQUAL, architecture, 1, 0),
        step(_RETURN, refuse),
        step(_LOAD, _NUMBER),
        # The other numbering of x86-64 (x32) would go by the names below.
        step(_ANY_BIT, 0x40000000, 0, 1),
        step(_RETURN, refuse),
    ]
    for name, number in calls.items():
        if name in _OWN:
            continue
        if name in _FLAGS:
            steps += [
                step(_EQUAL, number, 0, 4),
                step(_LOAD, _ARGUMENTS + 8 * _FLAGS[name]),
                step(_ANY_BIT, _WRITING, 0, 1),
                step(_RETURN, refuse),
                step(_RETURN, _ALLOW),
            ]
        elif name == "clone":
            steps += [
                step(_EQUAL, number, 0, 4),
                step(_LOAD, _ARGUMENTS),
                step(_ANY_BIT, _THREAD, 1, 0),
                step(_RETURN, refuse),
                step(_RETURN, _ALLOW),
            ]
        else:
            answer = missing if name in _MISSING else refuse
            steps += [step(_EQUAL, number, 0, 1), step(_RETURN, answer)]
    return [*steps, step(_RETURN, _ALLOW)]


def _restrict_folders(libc: ctypes.CDLL, calls: dict[str, int], readable: Iterable[str]) -> None:
    """Leave only these folders to be read; nothing where the kernel does not know how."""
    rules = _Ruleset(_ALL_OF_FIRST_VERSION)
    ruleset = libc.syscall(calls["landlock_create_ruleset"], ctypes.byref(rules), ctypes.sizeof(rules), 0)
    if ruleset < 0:
        return
    try:
        for folder in readable:
            try:
                parent = os.open(folder, os.O_PATH | os.O_CLOEXEC)
            except OSError:
                continue
            rule = _Beneath(_READ | _READ_FOLDER | _EXECUTE, parent)
            failed = libc.syscall(calls["landlock_add_rule"], ruleset, 1, ctypes.byref(rule), 0)
            os.close(parent)
            if failed:
                raise OSError(ctypes.get_errno(), f"landlock for {folder}")
        if libc.syscall(calls["landlock_restrict_self"], ruleset, 0):
            raise OSError(ctypes.get_errno(), "landlock")
    finally:
        os.close(ruleset)
