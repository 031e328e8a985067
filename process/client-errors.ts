import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { GuardCount } from './connections.ts'

// What a listener says to bytes that its parser refuses, or that do not come: a bare answer, and the connection ends.

/** Answers what Node's parser found wrong on `socket`, behind the answers that are due before it. */
export function answerClientError(
  error: NodeJS.ErrnoException,
  socket: Socket,
  count: (name: GuardCount) => void,
): void {
  if (error.code === 'ECONNRESET' || error.code === 'EPIPE') socket.destroy()
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    // With a response begun it is the body that does not come, else the head.
    count(hasAnswerUnderWay(socket) ? 'closed.slow_writer' : 'closed.slow_header')
    endWith(socket, 408)
  } else if (!unreadable.has(socket)) {
    unreadable.add(socket)
    const tooLarge = error.code === 'HPE_HEADER_OVERFLOW'
    count(tooLarge ? 'refused.header_bytes' : 'refused.unreadable')
    socket.pause()
    endBehindAnswers(socket, tooLarge ? 431 : 400)
  }
}

/** Connections of which the parser has refused something: it says so again with all that comes. */
const unreadable = new WeakSet<Socket>()

/** The answer whose turn it is on `socket`. */
const answerUnderWay = (socket: Socket): ServerResponse | null | undefined =>
  (socket as Socket & { _httpMessage?: ServerResponse | null })._httpMessage

const hasAnswerUnderWay = (socket: Socket): boolean => Boolean(answerUnderWay(socket))

/**
 * Ends `socket` with `status` when the requests before the one that is refused have their answers. Where it is a body
 * that cannot be read, its own request's answer is under way: that one will not come.
 */
function endBehindAnswers(socket: Socket, status: 400 | 431): void {
  const answer = answerUnderWay(socket)
  if (answer?.req.complete) answer.once('close', () => endBehindAnswers(socket, status))
  else endWith(socket, status)
}

const words = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

/** Says `status` and ends the connection; with an answer under way it only ends. */
export function endWith(socket: Socket, status: keyof typeof words): void {
  // With an answer under way, any byte more would be read as part of it.
  if (!socket.writable || hasAnswerUnderWay(socket)) {
    socket.destroy()
    return
  }
  socket.end(
    `HTTP/1.1 ${status} ${words[status]}\r\ncontent-length: 0\r\ncache-control: no-store\r\nconnection: close\r\n\r\n`,
  )
  socket.destroySoon()
}
