// Every limit of the house, with its reason. What can grow has one; a limit that is met is answered and counted.

const kib = 1024
const mib = 1024 * kib

export const limits = {
  /** Ladders in use have under 20 rungs; a manifest of 64 is a mistake. */
  renditions: 64,
  /** Two regional pipelines are the design; four leave room for a trial beside them. */
  pipelines: 4,
  /** 1 Gbit/s: above any contribution feed, so a larger one is a unit mistake. */
  renditionBitsPerSecond: 1_000_000_000,
  /** Operators invalidate a handful of ranges in an event; older ones can be joined. */
  invalidations: 256,
  masks: 256,
  /** Numbers are kept well inside 2^53, so that times computed from them stay exact. */
  segmentNumber: 1_000_000_000,
  /** A path longer than our longest address many times over is no address. */
  pathBytes: 1 * kib,
  /** Path and query: what RFC 9110, 4.1 asks every server to bear. */
  targetBytes: 8 * kib,
  /** Headers of a request: Node's own default, stated because we answer 431 ourselves. */
  headerBytes: 16 * kib,
  /** Node drops headers in silence from about 1,000 on (facts/bad-input.md); no client of ours sends 30. */
  headerCount: 100,
  /** 2 s at 100 Mbit/s. */
  segmentBodyBytes: 32 * mib,
  /** A playlist over a whole DVR window is under 100 KiB. */
  manifestBodyBytes: 1 * mib,
  /** Body of a request that goes through an edge to the origin. Not for segments: packagers do not publish by edges. */
  requestBodyBytes: 8 * mib,
  /** Requests on one connection behind one that changes something: nobody pipelines those, and Node would take any number. */
  pipelinedBehindChange: 16,
  /** Operators' commands are small; the largest is a policy. */
  controlBodyBytes: 256 * kib,
  /** What an edge keeps of segments: a DVR window of 5 minutes at four renditions with room to spare. */
  edgeStoreBytes: 512 * mib,
  /** Segments whose heads the fast path keeps ready, about 2 KiB each: a DVR window of 5 minutes at 16 renditions. */
  fastPathAddresses: 4_096,
  /** Keys of one edge, negative entries included: a flood of distinct names cannot take more memory. */
  edgeKeys: 50_000,
  /** Requests that wait at one edge for fills; the next one is refused with 503. */
  edgeWaiters: 20_000,
  /** Fills at once at one edge; the next is refused. A window's worth of every rendition. */
  edgeFills: 2_000,
  /** Requests held at the origin at once. */
  originHolds: 20_000,
  /** Bytes of every candidate that the memory store keeps. */
  memoryStoreBytes: 2_048 * mib,
  /** Open sockets of one listener. */
  connections: 20_000,
  /** Of these, of one client (an IPv4 address, an IPv6 /64): a carrier's NAT or a whole lab, never all there are. */
  clientConnections: 10_000,
  /** Open sockets of the publish side: a few packagers, each with a body of `segmentBodyBytes` in memory at most. */
  publishConnections: 512,
  /** Sites that an origin counts apart by the name that their edges give; further ones are counted together. */
  originSites: 256,
  /** The `Live-Notifications` header: what every response of an event carries, so small. */
  notificationsBytes: 2 * kib,
  /** Notifications kept at once in an event. */
  notifications: 32,
  /** One process's decision log; afterwards it is marked as cut. */
  decisionLogBytes: 256 * mib,
  /** One access log: about a million requests; afterwards it is marked as cut. */
  accessLogBytes: 256 * mib,
  /** Lines of an access log that a slow disk has not taken yet; further ones are dropped and counted. */
  accessLogWaitingBytes: 8 * mib,
  /** One line of an access log that is replayed: two heads of 16 KiB, escaped, are under this. */
  accessLogLineBytes: 128 * kib,
  /** A request that arrives slower than this from first byte to whole head is closed (slowloris). */
  headersTimeoutMs: 5_000,
  /** Most bytes handed to a socket at once: what a client must take within `slowReaderMs`. */
  sliceBytes: 128 * kib,
  /** The same on the fast path, for a client that has taken all smaller ones in a moment: a whole segment. */
  fastPathSliceBytes: 1 * mib,
  /** A client that takes longer for one slice is closed: 175 kbit/s is below any rung. With the sweep well under 10 s. */
  slowReaderMs: 6_000,
  /** PUTs of one pipeline in flight to one origin: four segments of every rendition, more means that it hangs. */
  pipelinePuts: 256,
  /** Of these, PUTs of the backlog: enough to keep the origin busy, few enough to leave live ones alone. */
  pipelineBacklogPuts: 8,
  /** A PUT from first byte to last: a packager retries within a segment's length anyway. */
  putTimeoutMs: 5_000,
  /** An idle keep-alive connection. Longer than a segment, so that players keep theirs. */
  keepAliveMs: 15_000,
  /** A player whose body stops coming for this long after its head gives the request up. */
  bodyPatienceMs: 10_000,
  /** Players of one fleet process, about 2 KiB each; a larger fleet is cut into shards. */
  fleetPlayers: 500_000,
  /** Sockets of one fleet process to one edge; the next request waits, which the fleet reports as lag. */
  fleetConnections: 1_024,
  /** Sockets of one player to one edge where players do not share theirs: what browsers allow for HTTP/1.1. */
  playerConnections: 6,
  /** Requests of one replayed log, held in memory: 4 million are about 500 MiB. */
  replayRequests: 4_000_000,
  /** What a simulation may take by its own estimate: what a Node process has without being told otherwise. */
  simulationBytes: 3_072 * mib,
  /** What players bear until a segment's first byte (design, "Waiting and filling"). */
  playerPatienceMs: 5_000,
  /** A waiter at the edge, from its own arrival. */
  edgeWaitMs: 4_000,
  /** One edge asking a sibling. */
  siblingWaitMs: 3_500,
  /** An upstream that has begun a body and then is silent for this long is given up: longer than a stall of the net. */
  bodySilenceMs: 2_000,
  /** Interim (1xx) heads before an upstream's answer; more are a flood. */
  interimHeads: 8,
  /** Edges of one site; the rendezvous order is computed over all of them. */
  siteEdges: 64,
  /** Connections to one upstream: held requests occupy theirs; above `edgeFills` nothing could use them. */
  upstreamConnections: 2_000,
  /** How often an edge asks a sibling whether it lives, and how long it waits for the answer; two misses count. */
  heartbeatMs: 250,
  heartbeatTimeoutMs: 400,
  /** From one edge to the origin, for a player: between the origin's longest hold and a waiter's end. */
  originWaitMs: 3_750,
  /** What waits without a bound of its own (presets nginx and none): nginx's `proxy_read_timeout`. */
  unboundedWaitMs: 60_000,
  /** Live events that an edge knows at once; the one heard of longest ago makes room. */
  edgeEvents: 256,
  /** Stored variants (`Vary`) of one address; the oldest makes room. */
  edgeVariants: 16,
  /** How long one shared failure stands at the edge before somebody may try again. */
  sharedFailureMs: 250,
  /** 404 of an overdue segment: jittered between these two. */
  overdueLowMs: 250,
  overdueHighMs: 500,
  /** A shed answer's lifetime (fact file: "503 with max-age = 5 s"), and its jitter on top. */
  shedMs: 5_000,
  shedJitterMs: 1_000,
  /** 404 of what can never be: not asked for again while the event lasts. */
  outsideMs: 60_000,
  /** How long an answer may travel from the origin to an edge, beyond which a difference is one of clocks. */
  answerTravelMs: 50,
  /** 410 of a number whose candidates are all masked: the mask may be lifted. */
  maskedMs: 2_000,
  /** 410 of a number that was never made or left the window. */
  goneMs: 60_000,
  /** Manifests change with the event's version only; players read them once. */
  manifestMs: 1_000,
  /** `event.json`: how soon an edge that asks by itself learns of a new version or invalidation rule. */
  eventConfigMs: 1_000,
  /** A PUT of the event within this time means that pushes arrive. */
  pushesArriveMs: 5_000,
} as const
