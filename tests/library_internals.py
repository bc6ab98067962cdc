"""What we use of the insides of Celery, kombu, billiard, uvicorn and httptools.

These libraries promise nothing about most of these names. Code that uses them stands in
`worker/celery_parts` and `api/server` only, and `test_library_internals.py` holds this table
against that code and against the versions that are installed.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Internal:
    """A name of a library, what it is used for, and the parameters, in their order, with which we
    call it or with which we override it."""

    name: str
    use: str
    parameters: tuple[str, ...] = ()

    @property
    def library(self) -> str:
        """The library that it belongs to."""
        return self.name.split(".")[0]


_HTTP = "uvicorn.protocols.http.httptools_impl.HttpToolsProtocol"
_CYCLE = "uvicorn.protocols.http.httptools_impl.RequestResponseCycle"
_FLOW = "uvicorn.protocols.http.flow_control.FlowControl"

CELERY_PARTS = (
    Internal("celery.Celery", "the app"),
    Internal("celery.Celery.conf", "how the app is set up"),
    Internal("celery.apps.worker.Worker", "the worker's parent process is one"),
    Internal("celery.apps.worker.Worker.install_platform_tweaks",
             "called at start, before messages are taken; sets our signal handlers", ("worker",)),
    Internal("celery.bootsteps.StartStopStep", "what is added to the steps of a worker's start"),
    Internal("celery.bootsteps.StartStopStep.requires", "the order of the steps"),
    Internal("celery.worker.components.Pool", "the step that makes the pool, which comes first"),
    Internal("celery.concurrency.asynpool.AsynPool", "the child processes"),
    Internal("celery.concurrency.asynpool.AsynPool.Worker", "the class of its children"),
    Internal("celery.concurrency.asynpool.Worker", "one child"),
    Internal("celery.concurrency.asynpool.Worker._make_child_methods",
             "where a child is told to end between two tasks"),
    Internal("celery.concurrency.asynpool.Worker.on_loop_start",
             "a child's last step before its first task; billiard's signal handlers are set",
             ("pid",)),
    Internal("celery.concurrency.asynpool.Worker.wait_for_job", "waits for the next task"),
    Internal("celery.concurrency.asynpool.Worker._do_exit",
             "ends a child that is replaced without another second", ("pid", "exitcode", "exc")),
    Internal("celery.concurrency.asynpool.AsynPool._event_process_exit",
             "called when a child has closed what it had open", ("hub", "proc")),
    Internal("celery.concurrency.asynpool.AsynPool.maintain_pool", "looks after the children"),
    Internal("billiard.process.BaseProcess._is_alive", "whether a child has ended"),
    Internal("kombu.asynchronous.hub.Hub.call_later", "looks after the children in a moment",
             ("delay", "callback")),
    Internal("celery.concurrency.asynpool.AsynPool.join", "waits until every child has ended"),
    Internal("celery.concurrency.asynpool.AsynPool._put_back", "lets another child have a task"),
    Internal("celery.concurrency.asynpool.AsynPool._cache", "the tasks that are not done yet"),
    Internal("celery.concurrency.asynpool.AsynPool.flush",
             "drops unconfirmed tasks when the worker stops or loses Redis"),
    Internal("celery.concurrency.prefork.TaskPool", "the pool that the worker is told to use"),
    Internal("celery.concurrency.prefork.TaskPool.Pool", "the class of its child processes"),
    Internal("celery.concurrency.prefork.TaskPool.maintain_pool", "looks after the children"),
    Internal("billiard.pool.ApplyResult._write_to", "the child that a task was written to"),
    Internal("billiard.pool.ApplyResult._accepted", "whether that child has confirmed it"),
    Internal("billiard.pool.ApplyResult._worker_pid", "the child that has confirmed it"),
    Internal("billiard.pool.ApplyResult.ready", "whether it is done"),
    Internal("billiard.pool.ApplyResult.discard", "forgets a task that no child has begun"),
    Internal("billiard.pool.ApplyResult._set", "tells its request so", ("i", "obj")),
    Internal("billiard.einfo.ExceptionInfo", "how a request is told of an error"),
    Internal("billiard.exceptions.WorkerLostError", "a child died with a task"),
    Internal("celery.platforms.EX_OK", "the exit code of what was asked to stop"),
    Internal("celery.platforms.set_pdeathsig",
             "lets the kernel kill a generation with the process that started it", ("name",)),
    Internal("celery.worker.state.should_stop", "ends the worker's loop"),
    Internal("celery.worker.state.maybe_shutdown", "ends it at once"),
    Internal("celery.worker.state.reserved_requests", "the tasks that its processes have"),
    Internal("kombu.asynchronous.hub.Hub.on_tick", "what is called at each turn of the loop"),
    Internal("kombu.transport.redis.Channel._brpop_start", "asks for a message", ("timeout",)),
    Internal("kombu.transport.redis.Channel._queue_cycle", "our order of the lanes"),
    Internal("kombu.transport.redis.Channel._in_poll", "whether one was asked for"),
    Internal("celery.worker.request.Request", "a task as the parent process knows it"),
    Internal("celery.worker.request.Request.on_timeout",
             "called when a child was killed at the time limit", ("soft", "timeout")),
    Internal("celery.worker.request.Request.on_failure",
             "called when a task raised, or its child died", ("exc_info",)),
    Internal("celery.worker.request.Request._payload", "the arguments of the task"),
    Internal("kombu.Exchange", "how lanes are declared"),
    Internal("kombu.Queue", "how lanes are declared"),
    Internal("kombu.asynchronous.hub.Hub.call_repeatedly", "looks after the children often",
             ("delay", "callback")),
    Internal("kombu.transport.redis.Channel", "how messages are taken from Redis"),
    Internal("kombu.transport.redis.Channel._brpop_read", "reads one message"),
    Internal("kombu.transport.redis.Channel.basic_ack", "would look for what was not kept",
             ("delivery_tag", "multiple")),
    Internal("kombu.transport.redis.Channel.basic_reject", "would look for what was not kept",
             ("delivery_tag", "requeue")),
    Internal("kombu.transport.redis.Channel._queue_bind", "would write down where messages go"),
    Internal("kombu.transport.redis.Channel._size", "would ask how much waits"),
    Internal("kombu.transport.redis.Channel.ack_emulation", "would look for what was not kept"),
    Internal("kombu.transport.redis.Channel.client", "tries whether Redis takes writes"),
    Internal("kombu.transport.redis.Channel.close", "ends a channel that Redis refuses"),
    Internal("kombu.transport.redis.Transport.connection_errors", "what is tried again"),
    Internal("kombu.transport.redis.Transport", "what the app is told to use"),
    Internal("kombu.transport.redis.Transport.Channel", "the class of its channels"),
)  # fmt: skip
SERVER = (
    Internal("httptools.HttpParserError", "what is raised at what is no HTTP"),
    Internal("httptools.HttpParserInvalidMethodError", "what is raised at an unknown method"),
    Internal("httptools.HttpParserUpgrade",
             "what is raised behind a head that asks to upgrade; says where it ends"),
    Internal("httptools.HttpRequestParser", "reads a head again that asked to upgrade"),
    Internal("httptools.HttpRequestParser.feed_data", "parses what has come", ("data",)),
    Internal("httptools.HttpRequestParser.get_method", "to refuse CONNECT"),
    Internal("httptools.HttpRequestParser.get_http_version", "to refuse HTTP/0.9 and 2.0"),
    Internal("httptools.HttpRequestParser.should_upgrade",
             "to serve what asks to upgrade, which the parser would not read to its end"),
    Internal("httptools.HttpRequestParser.set_dangerous_leniencies",
             "to set it up as uvicorn does", ("lenient_data_after_close",)),
    Internal("uvicorn.Config", "how uvicorn is set up",
             ("app", "http", "ws", "lifespan", "log_config", "access_log", "interface",
              "proxy_headers", "server_header")),
    Internal("uvicorn.Config.load", "must be called before the first connection"),
    Internal("uvicorn.server.ServerState", "what all connections share"),
    Internal("uvicorn.server.ServerState.tasks", "the requests that are under way"),
    Internal("uvicorn.server.ServerState.default_headers", "the Date of every answer"),
    Internal(_HTTP, "a connection is one", ("config", "server_state", "app_state")),
    Internal(f"{_HTTP}.connection_made", "the deadline of the first head begins", ("transport",)),
    Internal(f"{_HTTP}.connection_lost", "the connection is counted no more", ("exc",)),
    Internal(f"{_HTTP}.data_received", "heads are bounded", ("data",)),
    Internal(f"{_HTTP}.eof_received", "the client sends no more"),
    Internal(f"{_HTTP}.on_message_begin", "a head begins"),
    Internal(f"{_HTTP}.on_headers_complete", "a head has come"),
    Internal(f"{_HTTP}.on_message_complete", "a body has come"),
    Internal(f"{_HTTP}.on_response_complete", "an answer was written"),
    Internal(f"{_HTTP}.pause_writing", "the client reads slowly"),
    Internal(f"{_HTTP}.resume_writing", "the client has read"),
    Internal(f"{_HTTP}._start_asgi_task", "the next request was here already", ("cycle", "app")),
    Internal(f"{_HTTP}.cycle", "the request that is under way, and its answer"),
    Internal(f"{_HTTP}.flow", "back-pressure in both directions"),
    Internal(f"{_HTTP}.headers", "the head's size"),
    Internal(f"{_HTTP}.loop", "timers"),
    Internal(f"{_HTTP}.parser", "the version of HTTP"),
    Internal(f"{_HTTP}.pipeline", "requests that came before they could be served"),
    Internal(f"{_HTTP}.scope", "hands the exchange to the application"),
    Internal(f"{_HTTP}.url", "the head's size"),
    Internal(f"{_HTTP}.transport", "closing, aborting, writing what refuses"),
    Internal(_CYCLE, "a request and its answer"),
    Internal(f"{_CYCLE}.body", "what a route did not read is thrown away"),
    Internal(f"{_CYCLE}.default_headers", "the Date of the answer"),
    Internal(f"{_CYCLE}.disconnected", "whether its client is gone"),
    Internal(f"{_CYCLE}.flow", "a body that is not kept goes on to come"),
    Internal(f"{_CYCLE}.keep_alive", "whether the connection is closed after the answer"),
    Internal(f"{_CYCLE}.message_event", "wakes what waits for the body"),
    Internal(f"{_CYCLE}.more_body", "whether some of the body is still to come"),
    Internal(f"{_CYCLE}.on_response", "says that the answer was written"),
    Internal(f"{_CYCLE}.response_complete", "whether the answer was written"),
    Internal(f"{_CYCLE}.response_started", "whether some of the answer was written"),
    Internal(f"{_CYCLE}.scope", "the method, for HEAD"),
    Internal(f"{_CYCLE}.transport", "where the answer is written to"),
    Internal(f"{_FLOW}.drain", "waits until the client has read"),
    Internal(f"{_FLOW}.resume_reading", "reads the next request"),
)  # fmt: skip
# Methods of ours that override nothing, and that a library calls because of their names; each with
# the library's own method of that name.
CALLED_BY_NAME = (
    Internal("celery.worker.components.Pool.register_with_event_loop",
             "how a step of the worker's start is given the event loop", ("w", "hub")),
)  # fmt: skip
# By folder: what stands in it, and what the objects are that its code has in hand under a name.
FOLDERS = {
    "worker/celery_parts": CELERY_PARTS,
    "api/server": SERVER,
}
OBJECTS = {
    "worker/celery_parts": {
        "app": "celery.Celery",
        "channel": "kombu.transport.redis.Channel",
        "hub": "kombu.asynchronous.hub.Hub",
        "job": "billiard.pool.ApplyResult",
        "pool": "celery.concurrency.prefork.TaskPool",
        "proc": "billiard.process.BaseProcess",
    },
    "api/server": {
        "_config": "uvicorn.Config",
        "_cycle": _CYCLE,
        "_state": "uvicorn.server.ServerState",
        "cycle": _CYCLE,
        "flow": _FLOW,
        "parser": "httptools.HttpRequestParser",
    },
}
