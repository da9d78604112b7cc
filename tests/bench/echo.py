"""The floor of every unary call: a bare grpcio server that sends back the bytes that it was sent.

    python -m tests.bench.echo PROCESSES

It has the service's own server options, thread pool and number of processes, each pinned to a core where there are
several, and nothing else: no decoding, no chain, no storage.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.connection import Connection, wait

import grpc

from server.api.server import SERVER_OPTIONS, WORKER_THREADS

SERVICE = "bench.Echo"
METHOD = "Echo"

_spawn = multiprocessing.get_context("spawn")


def _echo(request: bytes, context: grpc.ServicerContext) -> bytes:
    return request


def _serve(port: int, core: int | None, until: Connection) -> None:
    """Answer until the other end of the pipe is closed."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if core is not None:
        os.sched_setaffinity(0, {core})
    server = grpc.server(ThreadPoolExecutor(WORKER_THREADS), options=SERVER_OPTIONS)
    handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {METHOD: grpc.unary_unary_rpc_method_handler(_echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, handlers),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    until.send(None)
    wait([until])
    server.stop(None).wait()


def main(processes: int) -> None:
    """Serve on a free port, which the ready line names, until SIGTERM."""
    with socket.socket() as holder:
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        holder.bind(("127.0.0.1", 0))
        port = holder.getsockname()[1]
        cores = sorted(os.sched_getaffinity(0))
        pipes = []
        for place in range(processes):
            core = cores[place % len(cores)] if processes > 1 else None
            ours, theirs = _spawn.Pipe()
            _spawn.Process(target=_serve, args=(port, core, theirs), daemon=True).start()
            theirs.close()
            pipes.append(ours)
        for pipe in pipes:
            pipe.recv()
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
        print(f"ready: gRPC on 127.0.0.1:{port}", flush=True)  # noqa: T201
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
    for pipe in pipes:
        pipe.close()
    for process in multiprocessing.active_children():
        process.join(10)


if __name__ == "__main__":
    main(int(sys.argv[1]))
