// Reading ahead: what several events will need is read of all of them first, one behind the other, so that the processor
// fetches it from memory side by side, and it is at hand when their turn comes.

const last = new Int32Array(1)

/** `word` was read in passing. It is written somewhere, so that the engine does not leave the reading out. */
export function haveRead(word: number): void {
  last[0] = word
}
