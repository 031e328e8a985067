// What the model leaves out. Stands beside every predicted figure.

export const exactLeavesOut: readonly string[] = [
  'the kernel, the network interface and TCP in detail: a way is a latency, a lost packet a delay, a link a fair share',
  "garbage collection and other pauses of the processes, but for what the calibration's quantiles caught of them",
  'contention between processes of one machine: each process has cores of its own',
  'bytes: bodies are sizes and identities, so that a wrong or torn body cannot be made by an edge',
  'connection limits and their queues, idle connections that are closed, HTTP that cannot be read',
]
