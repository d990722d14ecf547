#!/usr/bin/env node
// What must be set before the first module is loaded is set here; everything else is in driftwire.ts.
// The embedded engine holds a thread of libuv's pool for each call, and with the default of four it stops all file reads.
process.env.UV_THREADPOOL_SIZE ??= '16'
// Headers up to 16 KiB, as other servers take them; uWebSockets.js alone stops at 4.
process.env.UWS_HTTP_MAX_HEADERS_SIZE ??= '16384'
import('../../dist/server/cli/driftwire.js').catch(error => {
  console.error(error.code === 'ERR_MODULE_NOT_FOUND' ? 'driftwire is not built yet: npm run build' : error)
  process.exitCode = 1
})
