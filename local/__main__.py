"""Start `make run`: `python -m local`."""

from __future__ import annotations

import sys

from local.stop_request import StopRequest

if __name__ == "__main__":
    stop_request = StopRequest()
    stop_request.listen()
    # Only now, since it takes most of a second: Ctrl-C meanwhile would end with a traceback.
    from local.run import main
    from shared.stop_limit import ignore_signals

    code = main(stop_request)
    ignore_signals()
    sys.exit(code)
