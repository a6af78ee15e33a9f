// The runtime of Node.js functions: loads the handler, then serves invocations from the Runtime API.
// [D] nodejs-handler, runtimes-api
const http = require("http"), path = require("path"), fs = require("fs"), { pathToFileURL } = require("url");
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");

function call(method, name, body) {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { "Content-Length": Buffer.byteLength(body) };
    const request = http.request({ host, port, method, path: "/2018-06-01/runtime/" + name, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => (text += part));
      response.on("end", () => resolve({ headers: response.headers, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

const described = (error) =>
  JSON.stringify({
    errorType: (error && error.name) || "Error",
    errorMessage: String((error && error.message) || error),
    trace: String((error && error.stack) || "").split("\n"),
  });

async function load() {
  const handler = process.env._HANDLER;
  const name = path.basename(handler), dot = name.indexOf(".");
  const file = path.join(process.env.LAMBDA_TASK_ROOT, path.dirname(handler), name.slice(0, dot));
  const found = ["", ".js", ".mjs", ".cjs"].map((end) => file + end).find((one) => fs.existsSync(one) && fs.statSync(one).isFile());
  if (!found) throw Object.assign(new Error(`Cannot find module '${name.slice(0, dot)}'`), { name: "Runtime.ImportModuleError" });
  const loaded = await import(pathToFileURL(found).href);
  const wanted = name.slice(dot + 1);
  const run = wanted.split(".").reduce((value, key) => value && (value[key] ?? value.default?.[key]), loaded);
  if (typeof run !== "function")
    throw Object.assign(new Error(`${handler} is undefined or not exported`), { name: "Runtime.HandlerNotFound" });
  return run;
}

function invoke(run, event, context) {
  return new Promise((resolve, reject) => {
    const done = (error, result) => (error ? reject(error) : resolve(result));
    const result = run(event, context, done);
    if (result && typeof result.then === "function") result.then(resolve, reject);
    else if (run.length < 3) resolve(result);
  });
}

(async () => {
  let run;
  try {
    run = await load();
  } catch (error) {
    await call("POST", "init/error", described(error));
    process.exit(1);
  }
  for (;;) {
    const next = await call("GET", "invocation/next");
    const id = next.headers["lambda-runtime-aws-request-id"];
    const deadline = Number(next.headers["lambda-runtime-deadline-ms"]);
    process.env._X_AMZN_TRACE_ID = next.headers["lambda-runtime-trace-id"] || "";
    const context = {
      awsRequestId: id,
      invokedFunctionArn: next.headers["lambda-runtime-invoked-function-arn"],
      functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
      functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
      memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
      logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
      logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
      callbackWaitsForEmptyEventLoop: true,
      getRemainingTimeInMillis: () => deadline - Date.now(),
    };
    try {
      const result = await invoke(run, JSON.parse(next.text), context);
      await call("POST", `invocation/${id}/response`, JSON.stringify(result === undefined ? null : result));
    } catch (error) {
      console.error(error);
      await call("POST", `invocation/${id}/error`, described(error));
    }
  }
})();
