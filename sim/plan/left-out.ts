// What the model leaves out, told beside every predicted figure (docs/planning.md, "What the model leaves out").

export type Tier = 'edge' | 'site fill' | 'origin' | 'store' | 'backbone'

export const leftOut: Readonly<Record<Tier, string>> = {
  edge: 'kernel and socket buffers, TCP ramp-up and loss, garbage collection, disk; the network interface counts by its bits only',
  'site fill': 'TCP detail, queues of the switch; a fill is as fast as its link',
  origin:
    'kernel, garbage collection and event-loop queues, bursts within a second, the network interface beyond its bits',
  store: 'compaction, repair, hot partitions and hedged reads; a read costs the same whatever its size',
  backbone: 'packet headers, retransmission, other traffic on the same links',
}
