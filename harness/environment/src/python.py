"""The runtime of a Python function: asks for events, hands them to the handler, tells what came of it."""

import http.client
import importlib
import json
import os
import sys
import time
import traceback
import types


def call(method, path, body=None, error_type=None):
    connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
    headers = {"Lambda-Runtime-Function-Error-Type": error_type} if error_type else {}
    connection.request(method, "/2018-06-01/runtime/" + path, body, headers)
    answer = connection.getresponse()
    return answer.headers, answer.read()


def described(error, message=None, error_type=None):
    trace = traceback.format_tb(error.__traceback__)
    return json.dumps({
        "errorMessage": message or str(error),
        "errorType": error_type or type(error).__name__,
        "stackTrace": trace,
    })


def handler():
    module, name = os.environ["_HANDLER"].rsplit(".", 1)
    return getattr(importlib.import_module(module.replace("/", ".")), name)


def context(headers):
    deadline = int(headers["Lambda-Runtime-Deadline-Ms"])
    return types.SimpleNamespace(
        aws_request_id=headers["Lambda-Runtime-Aws-Request-Id"],
        invoked_function_arn=headers["Lambda-Runtime-Invoked-Function-Arn"],
        function_name=os.environ["AWS_LAMBDA_FUNCTION_NAME"],
        function_version=os.environ["AWS_LAMBDA_FUNCTION_VERSION"],
        memory_limit_in_mb=os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
        log_group_name=os.environ["AWS_LAMBDA_LOG_GROUP_NAME"],
        log_stream_name=os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
        client_context=None,
        identity=None,
        get_remaining_time_in_millis=lambda: max(0, deadline - int(time.time() * 1000)),
    )


def main():
    sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])
    sys.stdout.reconfigure(line_buffering=True)
    try:
        handle = handler()
    except Exception as error:
        kind = "Runtime.ImportModuleError"
        message = f"Unable to import module '{os.environ['_HANDLER'].rsplit('.', 1)[0]}': {error}"
        call("POST", "init/error", described(error, message, kind), kind)
        sys.exit(1)
    while True:
        try:
            headers, event = call("GET", "invocation/next")
        except (OSError, http.client.HTTPException):
            return
        invocation = "invocation/" + headers["Lambda-Runtime-Aws-Request-Id"]
        try:
            answer = json.dumps(handle(json.loads(event), context(headers)))
        except Exception as error:
            call("POST", invocation + "/error", described(error), "Unhandled")
        else:
            call("POST", invocation + "/response", answer)


main()
