import { findCassandra } from './cassandra/cassandra.ts'
import { ServiceError } from './service.ts'
import { findVersitygw } from './versitygw.ts'

// Fetches and builds what services need beside installed programs, so that no test waits for it or goes without:
// `node services/prepare.ts`. Ends with 1 when something cannot be had.

const tell = (line: string) => process.stderr.write(`tidegate: ${line}\n`)
for (const prepare of [findCassandra, findVersitygw]) {
  try {
    await prepare(tell)
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    tell(error.message)
    process.exitCode = 1
  }
}
