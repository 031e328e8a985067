import { connect } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { ServiceError } from './service.ts'
import type { ServiceProcess } from './service-process.ts'

/** Between two looks at a process that has just been started. */
const lookEveryMs = 20

/**
 * Waits until `answers` says that a service is ready, or it has ended, or `withinMs` have passed, or `signal` comes.
 * Throws ServiceError with what it said last.
 */
export async function untilAnswers(
  service: ServiceProcess,
  answers: () => Promise<boolean>,
  withinMs: number,
  signal?: AbortSignal,
): Promise<void> {
  const end = new AbortController()
  const any = AbortSignal.any([end.signal, AbortSignal.timeout(withinMs), ...(signal ? [signal] : [])])
  try {
    await service.whenReady(poll(answers, any), signal)
  } catch (error) {
    if (!(error instanceof DOMException) || signal?.aborted) throw error
    throw new ServiceError(
      `${service.name} did not answer within ${withinMs} ms. It said last:\n${service.lastLines() || '(nothing)'}`,
    )
  } finally {
    end.abort()
  }
}

async function poll(answers: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!(await answers())) {
    signal.throwIfAborted()
    await pause(lookEveryMs)
  }
}

/** Whether something that is sent `text` at `port` of loopback answers with `beginning`. */
export function answersWith(port: number, text: string, beginning: string): Promise<boolean> {
  return new Promise(done => {
    const socket = connect({ host: '127.0.0.1', port, timeout: 1_000 })
    const end = (answered: boolean) => {
      socket.destroy()
      done(answered)
    }
    socket.once('connect', () => socket.write(text))
    socket.once('data', data => end(data.toString('latin1').startsWith(beginning)))
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
    socket.once('close', () => end(false))
  })
}
