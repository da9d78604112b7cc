"""The gateway as a process: it says when it answers, and SIGTERM lets calls finish."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from grpc_health.v1.health import HealthServicer

from tests.wire import samples
from tests.wire.script import Script

PROGRAM = """
import logging, socket, sys
from server.gateway.process import run
logging.basicConfig(level=logging.INFO)
run(socket.socket(fileno=int(sys.argv[1])), sys.argv[2:], lambda: print("ready", flush=True))
"""


@contextmanager
def gateway_process(target: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The gateway on a socket that was bound before it; yields it once it said so, and its base address."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        process = subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM, str(sock.fileno()), target],
            pass_fds=[sock.fileno()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        assert process.stdout is not None
        try:
            assert process.stdout.readline() == "ready\n"
            yield process, f"http://127.0.0.1:{sock.getsockname()[1]}"
        finally:
            process.kill()
            process.communicate()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0(upstream: tuple[Script, HealthServicer, str], sent: signal.Signals) -> None:
    with gateway_process(upstream[2]) as (process, base):
        assert httpx.get(base + "/readyz", trust_env=False).status_code == 200
        process.send_signal(sent)
        out, err = process.communicate()
    assert (process.returncode, out) == (0, ""), err
    assert "/readyz" not in err, "calls are not logged at INFO"


def test_sigterm_lets_a_call_finish(upstream: tuple[Script, HealthServicer, str], script: Script) -> None:
    answers: list[httpx.Response] = []
    with gateway_process(upstream[2]) as (process, base):
        script.go_on.clear()

        def call() -> None:
            url = base + samples.TELNYX_PATH
            answers.append(httpx.get(url, headers=samples.TELNYX_HEADERS, trust_env=False))

        caller = threading.Thread(target=call)
        caller.start()
        script.entered.wait()
        process.send_signal(signal.SIGTERM)
        assert process.stderr is not None
        # uvicorn says so once it no longer accepts: only then is the call let go on.
        assert any("Waiting for" in line for line in process.stderr)
        script.go_on.set()
        caller.join()
        process.communicate()
    assert process.returncode == 0
    assert [answer.status_code for answer in answers] == [200]
