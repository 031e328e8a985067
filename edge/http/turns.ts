import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { limits } from '../../live/limits.ts'

// Pipelined requests are worked on at once only as long as all of them are safe (RFC 9112, 9.3.2): what changes something
// waits for those before it, and those behind it wait for it. Node orders the responses, not the work.

interface Connection {
  underWay: number
  /** What is under way changes something: everything else waits. */
  changing: boolean
  readonly waiting: Waiting[]
}

interface Waiting {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly changes: boolean
  readonly begin: () => void
}

export class Turns {
  readonly #connections = new WeakMap<Socket, Connection>()

  /** Calls `begin` when it is this request's turn. False: too many wait before it, and it never will be. */
  take(request: IncomingMessage, response: ServerResponse, changes: boolean, begin: () => void): boolean {
    const connection = this.#of(request.socket)
    const { waiting, changing, underWay } = connection
    const one = { request, response, changes, begin }
    if (waiting.length === 0 && !changing && (underWay === 0 || !changes)) this.#begin(connection, one)
    else if (waiting.length < limits.pipelinedBehindChange) waiting.push(one)
    else return false
    return true
  }

  #of(socket: Socket): Connection {
    const known = this.#connections.get(socket)
    if (known) return known
    const connection = { underWay: 0, changing: false, waiting: [] }
    this.#connections.set(socket, connection)
    return connection
  }

  #begin(connection: Connection, { request, response, changes, begin }: Waiting): void {
    connection.underWay++
    connection.changing = changes
    response.once('close', () => this.#ended(connection, request.socket))
    begin()
  }

  #ended(connection: Connection, socket: Socket): void {
    // Nobody is left who could be answered: what waits is not carried out.
    if (socket.destroyed) connection.waiting.length = 0
    connection.underWay--
    connection.changing = false
    for (let [next] = connection.waiting; next; [next] = connection.waiting) {
      if (connection.changing || (next.changes && connection.underWay > 0)) return
      connection.waiting.shift()
      this.#begin(connection, next)
    }
  }
}
