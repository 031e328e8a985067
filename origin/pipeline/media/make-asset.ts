import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { viewOf } from '../../../live/box-reader.ts'
import { assetDirectory } from './asset.ts'
import type { AssetIndex, StoredRendition, StoredSegment } from './asset-index.ts'
import { prftBytes, segmentTemplate } from './boxes.ts'
import { readInit, wholeBoxes } from './init-box.ts'

// Makes the asset that the repository carries: `node origin/pipeline/media/make-asset.ts [DIRECTORY]`. Needed only to
// change it. It was made with Debian 12's ffmpeg 5.1 (packages ffmpeg and fonts-dejavu-core).

const loopS = 8
const segmentS = 2
const framesPerSecond = 25
const sampleRate = 48_000
/** 375 AAC frames of 1,024 samples are exactly 8 s: the reason for the loop's length. */
const audioFrames = (loopS * sampleRate) / 1024

type Video = { name: string; width: number; height: number; kbitPerS: number }
const ladder: readonly Video[] = [
  { name: 'v1', width: 426, height: 240, kbitPerS: 300 },
  { name: 'v2', width: 640, height: 360, kbitPerS: 700 },
  { name: 'v3', width: 854, height: 480, kbitPerS: 1400 },
]
const audio = { name: 'a1', kbitPerS: 96 }

const words = (line: string) => line.split(' ')

/** One track, a fragment a segment, nothing that an endless loop would trip over: no edit list, no writer's name. */
const cmafOutput =
  '-map_metadata -1 -fflags +bitexact -use_editlist 0 -f mp4 -movflags +cmaf+empty_moov+default_base_moof'

/** A moving pattern with its rendition, its position in the loop, and a white flash with every beep of the sound. */
const videoArguments = ({ name, width, height, kbitPerS }: Video): string[] => {
  const text = `text='${name} ${width}x${height} ${kbitPerS}k\n%{pts\\:hms} of 8 s'`
  const look = 'fontsize=h/11:fontcolor=white:line_spacing=6:box=1:boxborderw=8:boxcolor=black@0.75'
  const filters = [
    'setsar=1',
    "drawbox=x=0:y=0:w=iw/8:h=ih/8:color=white:t=fill:enable='lt(mod(t,1),0.1)'",
    `drawtext=font='DejaVu Sans Mono':${text}:${look}:x=(w-tw)/2:y=(h-th)/2`,
  ]
  const gop = framesPerSecond * segmentS
  return [
    ...['-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}:rate=${framesPerSecond}:duration=${loopS}`],
    ...['-vf', filters.join(',')],
    ...words('-c:v libx264 -preset veryslow -refs 3 -profile:v main -pix_fmt yuv420p'),
    // Closed groups of exactly one segment. No B-frames: decode order is presentation order, so no edit list is needed.
    ...words(`-g ${gop} -keyint_min ${gop} -sc_threshold 0 -bf 0 -flags:v +cgop+bitexact`),
    ...words(`-b:v ${kbitPerS}k -maxrate ${kbitPerS}k -bufsize ${2 * kbitPerS}k`),
    // One thread: the same bytes at every run. Type 6 is the encoder's note about itself.
    ...words('-threads 1 -bsf:v filter_units=remove_types=6 -video_track_timescale 90000'),
    ...words(`${cmafOutput}+frag_keyframe`),
  ]
}

/**
 * A quiet chord with a beep a second. The sound repeats every 8 s and is encoded three times over; the middle pass is
 * kept. Its first frame overlaps with the end of a pass before it, as AAC frames do, so the loop joins without a gap and
 * there is no priming to cut off. The encoder delays by one frame, so the pass that sounds from 8 s on begins at frame 376.
 */
const audioArguments = (): string[] => {
  const beep = '0.25*sin(2*PI*880*t)*lt(mod(t,1),0.1)*pow(sin(PI*mod(t,1)/0.1),2)'
  const channel = (hertz: number) => `0.08*sin(2*PI*${hertz}*t)+${beep}`
  const from = audioFrames + 1
  const middle = `noise=drop='not(between(n,${from},${from + audioFrames - 1}))',setts=ts=N*1024`
  const source = `aevalsrc=exprs='${channel(220)}|${channel(330)}':s=${sampleRate}:c=stereo:d=${3 * loopS}`
  return [
    ...['-f', 'lavfi', '-i', source],
    ...words(`-c:a aac -profile:a aac_low -b:a ${audio.kbitPerS}k -flags:a +bitexact`),
    ...['-bsf:a', middle],
    // A fragment ends with the first frame that reaches 2 s: 94, 94, 94 and 93 frames.
    ...words(`${cmafOutput}+frag_custom -frag_duration ${segmentS * 1e6}`),
  ]
}

/** `styp` of a CMAF segment (ISO/IEC 23000-19, 7.2) that DASH takes as well (ISO/IEC 23009-1, 6.3.4.2). */
const styp = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('stypcmfs\0\0\0\0cmfsmsdh', 'latin1')])

/** Cuts a fragmented file into its init segment and media segments; what follows the last fragment is an index. */
const cut = (bytes: Buffer, where: string) => {
  const boxes = wholeBoxes(viewOf(bytes), 0, bytes.byteLength, where)
  const moofs = boxes.filter(box => box.type === 'moof')
  const mdats = boxes.filter(box => box.type === 'mdat')
  const segments = moofs.map((moof, i) => Buffer.concat([styp, bytes.subarray(moof.start, mdats[i]?.end)]))
  return { init: bytes.subarray(0, moofs[0]?.start), segments }
}

/** `avc1.PPCCLL` (RFC 6381, 3.3): profile, constraints and level as the decoder's configuration has them. */
const avcCodecs = (init: Buffer): string => {
  const at = init.indexOf('avcC') + 5
  return `avc1.${init.toString('hex', at, at + 3).toUpperCase()}`
}

const encode = (ffmpegArguments: string[]): Buffer => {
  const scratch = mkdtempSync(join(tmpdir(), 'make-asset-'))
  try {
    const file = join(scratch, 'track.mp4')
    execFileSync('ffmpeg', ['-v', 'warning', '-nostdin', '-y', ...ffmpegArguments, file], { stdio: 'inherit' })
    return readFileSync(file)
  } finally {
    rmSync(scratch, { recursive: true })
  }
}

type Facts = Pick<StoredRendition, 'name' | 'kind' | 'width' | 'height' | 'frameRate' | 'sampleRate'>

const store = (directory: string, facts: Facts, file: Buffer): StoredRendition => {
  const { init, segments } = cut(file, facts.name)
  const { timescale } = readInit(init, facts.name)
  mkdirSync(join(directory, facts.name), { recursive: true })
  writeFileSync(join(directory, facts.name, 'init.mp4'), init)
  const stored = segments.map((bytes, i): StoredSegment => {
    const { decodeTicks, durationTicks } = segmentTemplate(bytes, `${facts.name} ${i}`)
    writeFileSync(join(directory, facts.name, `${i}.m4s`), bytes)
    return { file: `${i}.m4s`, decodeTicks, durationTicks, bodyBytes: bytes.byteLength }
  })
  // As sent, with the producer's time in front; the peak is what a manifest must state (RFC 8216, 4.3.4.2).
  const bitsPerSecond = (bodyBytes: number, ticks: number) => Math.ceil((bodyBytes * 8 * timescale) / ticks)
  const sentBytes = stored.map(segment => segment.bodyBytes + prftBytes)
  const totalBytes = sentBytes.reduce((sum, bytes) => sum + bytes, 0)
  return {
    ...facts,
    codecs: facts.kind === 'video' ? avcCodecs(init) : 'mp4a.40.2',
    bitsPerSecond: Math.max(...stored.map((segment, i) => bitsPerSecond(sentBytes[i]!, segment.durationTicks))),
    averageBitsPerSecond: bitsPerSecond(totalBytes, loopS * timescale),
    timescale,
    init: { file: 'init.mp4', bodyBytes: init.byteLength },
    segments: stored,
  }
}

const make = (directory: string): void => {
  const videos = ladder.map(video => {
    const { name, width, height } = video
    const facts = { name, kind: 'video', width, height, frameRate: framesPerSecond } as const
    return store(directory, facts, encode(videoArguments(video)))
  })
  const sound = store(directory, { name: audio.name, kind: 'audio', sampleRate }, encode(audioArguments()))
  const about = 'A test pattern of 8 s that loops for ever; made by origin/pipeline/media/make-asset.ts'
  const index: AssetIndex = { about, segmentMs: segmentS * 1000, renditions: [...videos, sound] }
  writeFileSync(join(directory, 'asset.json'), `${JSON.stringify(index, null, 2)}\n`)
}

make(resolve(process.argv[2] ?? assetDirectory))
