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
  /** Publish processes that one origin process follows: a few in each of a few regions. */
  followedOrigins: 16,
  /** Processes that follow one publish process; the next one is refused with 503. */
  feedFollowers: 32,
  /** Lines of the feed that a follower has not taken yet, beyond its snapshot; then it is dropped and starts anew. */
  feedWaitingBytes: 1 * mib,
  /** One line of the feed: 256 invalidation rules and as many masks, about 200 bytes each. */
  feedLineBytes: 256 * kib,
  /** How often a feed says that it lives, and how long a follower bears its silence. */
  feedHeartbeatMs: 500,
  feedSilenceMs: 3_000,
  /** The longest pause before a follower asks for a lost feed again: a segment. */
  feedBackoffMs: 2_000,
  /** What another region announces must be in this region's store by then ("low seconds"), or it is given up. */
  replicationMs: 10_000,
  /** Bodies of other regions that are looked for in this region's store at once: a few segments of every rendition. */
  replicationReads: 256,
  /** Acknowledged PUTs that a pipeline process remembers for an audit: an hour at 14 renditions and two origins. */
  acknowledgedPuts: 50_000,
  /** Segments that one audit reads back: what a command of `controlBodyBytes` can name. */
  auditSegments: 2_000,
  /** Reads of an audit at once: it must not look like a storm. */
  auditReads: 8,
  /** Listing a whole window: 150 numbers of every rendition, from a database that has just come up. */
  storeListMs: 30_000,
  /** A store that did not answer at the start is asked again this much later. */
  storeRetryMs: 500,
  /**
   * One chunk of a stored body. Our choice: the real system keeps items under 1 MiB inline and publishes no chunk size.
   * A quarter of that: a MiB-sized segment is four reads at once, and a retry or a hedge repeats a quarter of it; a
   * memcached item (1 MiB at most by default) has room for it; the frame's 16 bytes are 0.006 %.
   */
  chunkBytes: 256 * kib,
  /** Requests of one origin on their way to Cassandra: 16 MiB of chunks each way, enough to keep a region's nodes busy. */
  cassandraReads: 64,
  cassandraWrites: 64,
  /** Requests that wait for a place among these; further ones are refused. Reads: 200 segments of 4 MiB. */
  cassandraWaitingReads: 3_200,
  /** Writes: both pipelines' PUTs (`pipelinePuts`) of a MiB each, which no origin can have at once. */
  cassandraWaitingWrites: 2_048,
  /**
   * Partitions, at 64 numbers each, that one `list` asks for without knowing whether they are there: a day of 2 s segments
   * in one rendition is 700. For more it first asks which there are.
   */
  cassandraListedPartitions: 4_096,
  /** Bytes of every candidate that the embedded store keeps: 4 hours of two pipelines at 8 Mbit/s each are 28.8 GB. */
  lsmStoreBytes: 32 * 1024 * mib,
  /** Candidates of the embedded store, about 0.5 KiB of memory each: 4 hours of 16 renditions and 4 pipelines. */
  lsmCandidates: 500_000,
  /** Disk that the embedded store leaves free: what deletes and compactions write, so that a full disk can be emptied. */
  lsmReserveBytes: 128 * mib,
  /** Put to disk in one synced write: a usual segment with its commit; several small ones at once (group commit). */
  lsmGroupBytes: 1 * mib,
  /** Of LevelDB in memory, twice at most; also its log, which is read again at start (0.1 s). */
  lsmWriteBufferBytes: 16 * mib,
  /** One table file: a full store has 1,024 of them, as many as LevelDB maps into memory. */
  lsmFileBytes: 32 * mib,
  /** Chunks read in one go: 2 MiB are copied in about half a millisecond of the event loop. */
  lsmReadChunks: 8,
  /** Chunks deleted in one write: under 5 KiB of log, so that no publish waits for a delete. */
  lsmDeleteChunks: 64,
  /** How often the embedded store looks for what has left its window. */
  lsmSweepMs: 5_000,
  /** Dropped bytes after which their range is compacted: what the disk holds beyond what is kept. */
  lsmCompactBytes: 64 * mib,
  /** How long a tree that failed to write takes no writes before it is opened again. */
  lsmReviveMs: 1_000,
  /** Events whose state is kept; the one saved longest ago makes room. */
  storedStates: 256,
  /** The state of one event: rules, masks and notifications at their limits are under a tenth. */
  storedStateBytes: 1 * mib,
  /** Requests of one origin on their way to S3 at once; further ones wait within their budget. */
  s3Connections: 64,
  /** Objects of a listed window whose metadata is asked for at once: a start is quick, and publishes have room. */
  s3Described: 32,
  /** How long a count of a bucket's objects stands, which takes a request for each thousand of them. */
  s3StatsMs: 10_000,
  /** A write of the store that takes longer is named: the real system calls it a bug (facts on storage). */
  slowWriteMs: 500,
  /** memcached servers of one region: a key's server is found by hashing over all of them. */
  memcachedServers: 64,
  /** memcached answers a body's chunks in a few ms; after this the store is asked, which has most of a segment left. */
  memcachedReadMs: 400,
  /** A write to memcached that nobody waits for; half a segment, so that the next one does not queue behind it. */
  memcachedWriteMs: 1_000,
  /** Failures in a row, after which a server is left alone: one stall of a busy machine, or two, is no reason. */
  memcachedFailures: 3,
  /** How long it is left alone at first, and at most: a restart is noticed within seconds. */
  memcachedRestMs: 500,
  memcachedLongestRestMs: 4_000,
  /** Bytes on their way to one server; further writes are dropped and counted, a server that hangs takes no more. */
  memcachedWritingBytes: 64 * mib,
  /** What memcached itself takes for an item by default: a longer value in an answer is none of ours. */
  memcachedItemBytes: 1 * mib,
  /** memcached's longest key. */
  memcachedKeyBytes: 250,
  /** A line of memcached's answers: a code, a length, flags; error texts are longer. */
  memcachedLineBytes: 2 * kib,
  /** What an origin remembers of bodies that it put, so as to delete them from the cache without asking for their names. */
  tierKnownBodies: 16_384,
  /** Bodies read through the tier at once: a DVR window of 5 minutes at 16 renditions; more is a flood. */
  tierBodies: 4_096,
  /** Readers of these: every request that an origin may hold, released at once. */
  tierReaders: 20_000,
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
  /** Regions with an origin: an edge watches one for each, packagers publish to each. */
  regions: 4,
  /** Edges of one site; the rendezvous order is computed over all of them. */
  siteEdges: 64,
  /** Connections to one upstream: held requests occupy theirs; above `edgeFills` nothing could use them. */
  upstreamConnections: 2_000,
  /** How often an edge asks a sibling whether it lives, and how long it waits for the answer; two misses count. */
  heartbeatMs: 250,
  heartbeatTimeoutMs: 400,
  /**
   * How long an origin that failed or was dead must live before it is preferred again: eight heartbeats, so that one that
   * comes and goes (a restart that fails, a route that flaps) does not take the fills with it each time.
   */
  originReturnMs: 2_000,
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
  /** A Markdown summary: what CI services take for one step of a job. */
  markdownBytes: 1 * mib,
  /** Lines of a gate's history: a year of a few changes a week. */
  historyLines: 500,
  /** Players of each side of the live page: what one machine's fleets, edges and browser bear beside each other. */
  demoPlayers: 5_000,
  /** Pages that watch one session at once: a presenter, a projector, a few phones of the room. */
  demoWatchers: 32,
  /** A command of the page is a few words. */
  demoCommandBytes: 2 * kib,
  /** One message to a page; a story step with a followed request is under 16 KiB. */
  demoMessageBytes: 64 * kib,
  /** Messages that a page has not taken yet: about five seconds of them; then it is dropped and comes back. */
  demoWaitingBytes: 128 * kib,
  /** A recorded session: about four hours. Afterwards it is marked as cut. */
  demoRecordingBytes: 64 * mib,
  /** Points of the origin's curve, one a second, as a page that joins is told them: the three minutes of a story. */
  demoCurvePoints: 180,
  /** What has happened lately, as a page that joins is told it. */
  demoHappenings: 60,
  /** A PUT of the event within this time means that pushes arrive. */
  pushesArriveMs: 5_000,
} as const
