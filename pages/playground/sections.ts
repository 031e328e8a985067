// The playground as a story: one idea a section, from one viewer and one request to a million, and then everything free.
// What each says and can be set; what it simulates stands in storms.ts, what it shows in browser/.

export type Control =
  | {
      readonly is: 'range'
      readonly name: string
      readonly label: string
      readonly from: number
      readonly to: number
      readonly at: number
      /** Linear where it is not given: a step by which the value moves. Else the slider moves by powers. */
      readonly step?: number
      /** Behind the value. */
      readonly unit: string
    }
  | {
      readonly is: 'switch'
      /** The name of a behaviour (pages/live/behaviours.ts). */
      readonly name: string
      readonly on: boolean
    }
  | {
      readonly is: 'choice'
      readonly name: string
      readonly label: string
      readonly options: readonly (readonly [value: string, label: string])[]
      readonly at: string
    }

export type SectionName =
  | 'one-request'
  | 'one-segment'
  | 'a-thousand'
  | 'early-birds'
  | 'one-edge-asks'
  | 'jitter'
  | 'a-fault'
  | 'a-million'
  | 'free'

export interface Section {
  readonly name: SectionName
  readonly title: string
  /** The one idea. */
  readonly idea: string
  readonly look: string
  readonly controls: readonly Control[]
  /** What goes upwards, where the picture has no words in itself. */
  readonly caption?: string
  /** How its picture is drawn. */
  readonly picture: 'way' | 'segment' | 'storm' | 'curve'
}

const viewers = (from: number, to: number, at: number): Control => ({
  is: 'range',
  name: 'viewers',
  label: 'Viewers',
  from,
  to,
  at,
  unit: '',
})
const originMs = (at: number): Control => ({
  is: 'range',
  name: 'originMs',
  label: 'Edge to origin, one way',
  from: 0,
  to: 200,
  step: 1,
  at,
  unit: 'ms',
})
const lateMs = (at: number): Control => ({
  is: 'range',
  name: 'lateMs',
  label: 'Published late by',
  from: 0,
  to: 1_500,
  step: 10,
  at,
  unit: 'ms',
})
const onOff = (name: string, on = true): Control => ({ is: 'switch', name, on })

/** Scenarios of which each shows one fault. */
export const faults = [
  ['late-publish', 'both encoders stall for 3 s'],
  ['cold-edge', 'an edge restarts with nothing stored'],
  ['designated-loss', 'the edge that fetches for its site dies'],
  ['flush', 'everything stored is dropped at once'],
  ['bad-pipeline', 'a pipeline makes defects, then is lost'],
  ['origin-crash', 'the origin dies and comes back'],
] as const
const presets = [
  ['oca', 'oca: knows live'],
  ['nginx', 'nginx: stock'],
  ['none', 'none: no cache'],
] as const

export const baseNames: readonly string[] = ['kickoff', 'early-birds', ...faults.map(([name]) => name)]

export const sections: readonly Section[] = [
  {
    name: 'one-request',
    title: 'One viewer, one request',
    idea: 'A player asks the edge near it for the next two seconds of video. The edge has nothing, so it asks the origin, and the origin holds the question until the segment is published. The viewer gets it the moment it exists.',
    look: 'Publish later and see who waits where: the request stays at the origin; nobody asks twice.',
    controls: [originMs(40), lateMs(200)],
    picture: 'way',
  },
  {
    name: 'one-segment',
    title: 'One segment at one edge',
    idea: 'Everybody wants the same segment, and many ask before it is there. The first request starts a fill, which the origin holds; who comes meanwhile joins it and gets each byte as it arrives; who comes later gets a copy. However many there are, the origin is asked once.',
    look: 'Take “one request for many” away and count the lines at the origin.',
    controls: [
      viewers(1, 200, 40),
      lateMs(200),
      onOff('proxy_cache'),
      onOff('proxy_cache_lock'),
      onOff('wakeOnFill'),
      onOff('streamWhileFilling'),
    ],
    picture: 'segment',
  },
  {
    name: 'a-thousand',
    title: 'A thousand viewers',
    idea: 'The same kick-off three times: without a cache, with stock nginx, with a cache that knows live. The viewers do the same each time; what reaches the origin does not grow with them where requests are collapsed.',
    look: 'Move the viewers: two of the three curves hardly notice.',
    controls: [viewers(10, 5_000, 1_000), originMs(10)],
    caption: 'Requests to the origin, a second',
    picture: 'storm',
  },
  {
    name: 'early-birds',
    title: 'Early birds at the live edge',
    idea: 'Some players ask again and again before a segment exists. The origin’s 404 lives exactly until the segment is due; the edge keeps it and answers all of them. From then on a request is held instead, so that nobody is late.',
    look: 'Without kept 404s every early bird flies through to the origin.',
    controls: [
      viewers(1, 150, 30),
      { is: 'range', name: 'pollers', label: 'Who asks early', from: 0, to: 100, step: 5, at: 100, unit: '%' },
      onOff('negativeCaching'),
      onOff('rangeValidation'),
      onOff('proxy_cache_lock'),
    ],
    picture: 'segment',
  },
  {
    name: 'one-edge-asks',
    title: 'One edge asks for its site',
    idea: 'A site has several edges, and each has its own viewers. For each rendition one edge is designated: it alone asks the origin, the others ask it. More edges then cost the origin nothing.',
    look: 'Add edges with the switch on, then off.',
    controls: [
      { is: 'range', name: 'edges', label: 'Edges of the site', from: 1, to: 8, step: 1, at: 3, unit: '' },
      viewers(8, 200, 48),
      lateMs(200),
      onOff('designatedFill'),
    ],
    picture: 'segment',
  },
  {
    name: 'jitter',
    title: 'Nobody publishes on time',
    idea: 'Encoders and uploads are late by a little, each time by another little. A cache that polls makes its viewers wait until it looks again; one that is woken by the fill hands on whatever comes, whenever it comes.',
    look: 'The curve is the wait that 99 of 100 did not exceed, after the publication.',
    controls: [
      {
        is: 'range',
        name: 'jitterMs',
        label: 'Publications are late by up to',
        from: 0,
        to: 1_200,
        step: 100,
        at: 300,
        unit: 'ms',
      },
      viewers(20, 400, 100),
    ],
    caption: 'Wait of 99 of 100 for a live segment, ms',
    picture: 'curve',
  },
  {
    name: 'a-fault',
    title: 'Something breaks',
    idea: 'A fault is when caches are found out: a herd that waited is released at once, or asks again at once, or finds nothing stored. What is collapsed stays collapsed; a failure is shared for a moment instead of being tried by everybody.',
    look: 'The line marks the fault. Compare what the origin gets just after it.',
    controls: [
      { is: 'choice', name: 'fault', label: 'What breaks', options: faults, at: 'designated-loss' },
      viewers(20, 2_000, 400),
    ],
    caption: 'Requests to the origin, a second',
    picture: 'storm',
  },
  {
    name: 'a-million',
    title: 'A million',
    idea: 'No laptop runs a million viewers, but their requests follow from the same cores: a few hundred are lived through at each kind of site, and what they show is spread over every edge. The origin’s load is set by edges and sites, not by viewers.',
    look: 'Ten times the viewers: the edges’ curve moves up by one line of the grid, the origin’s stays.',
    controls: [
      viewers(10_000, 100_000_000, 1_000_000),
      { is: 'range', name: 'edges', label: 'Edges', from: 30, to: 18_000, at: 900, unit: '' },
      { is: 'choice', name: 'preset', label: 'Policy', options: presets, at: 'oca' },
      onOff('designatedFill'),
    ],
    caption: 'A second, each line of the grid ten times the one below',
    picture: 'storm',
  },
  {
    name: 'free',
    title: 'Now you',
    idea: 'Every slider and every behaviour. Each viewer is a player of its own; what flows is what they did.',
    look: 'The address of this page keeps what you set, and the command below gives the same numbers.',
    controls: [
      viewers(1, 100_000, 1_000),
      { is: 'range', name: 'sites', label: 'Sites', from: 1, to: 4, step: 1, at: 2, unit: '' },
      { is: 'range', name: 'edges', label: 'Edges of each site', from: 1, to: 8, step: 1, at: 2, unit: '' },
      {
        is: 'range',
        name: 'playerMs',
        label: 'Viewer to edge, one way',
        from: 0,
        to: 200,
        step: 1,
        at: 10,
        unit: 'ms',
      },
      originMs(25),
      {
        is: 'range',
        name: 'jitterMs',
        label: 'Publications are late by up to',
        from: 0,
        to: 2_000,
        step: 10,
        at: 100,
        unit: 'ms',
      },
      { is: 'range', name: 'pollers', label: 'Who asks early', from: 0, to: 100, step: 5, at: 0, unit: '%' },
      { is: 'choice', name: 'preset', label: 'Policy', options: presets, at: 'oca' },
    ],
    caption: 'A second, each line of the grid ten times the one below',
    picture: 'storm',
  },
]
