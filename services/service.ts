// What every local service has in common: real software that a run needs, started in a folder of its own on loopback,
// stopped for certain. Cassandra in services/cassandra/, memcached and S3 beside it.

export interface ServiceOptions {
  /** Where it keeps everything: configuration, data, logs. Made when it is not there; left when it has stopped. */
  readonly folder: string
  /** Takes a line of progress for people. */
  readonly tell?: ((line: string) => void) | undefined
  /** Gives up while it starts: what is running by then is stopped. */
  readonly signal?: AbortSignal | undefined
}

export interface Service {
  /** Ends every process of it and resolves when none is left; a second call waits for the first. */
  stop(): Promise<void>
}

/** What went wrong with a service, in words for the person who asked for it and with what to do: print no stack. */
export class ServiceError extends Error {
  override readonly name: string = 'ServiceError'
}

/** The software is not on this machine; the message says what to install. Tests tell it in one loud line. */
export class AbsentError extends ServiceError {
  override readonly name = 'AbsentError'
}

/** A program that a service needs. */
export interface FoundProgram {
  readonly path: string
}
export interface AbsentProgram {
  /** One line that says what is missing and how to install it. */
  readonly absent: string
}
