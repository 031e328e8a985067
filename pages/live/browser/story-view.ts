import type { StoryState } from '../story-state.ts'
import { find } from './dom.ts'

/** The story's step, where one is told. */
export function showStory(story: StoryState | undefined): void {
  const place = find('#story')
  place.hidden = story === undefined
  if (!story) return
  const { number, runs, leftMs } = story
  const words: Record<string, string> = {
    place: `step ${story.step} of ${story.of}${runs ? `, goes on in ${Math.ceil(leftMs / 1_000)} s` : ', waits for you'}`,
    title: story.title,
    says: story.says,
    watch: story.watch,
    label: number.label,
    'left-before': number.before.left,
    'left-now': number.now.left,
    'right-before': number.before.right,
    'right-now': number.now.right,
    runs: runs ? 'hold' : 'let it run',
  }
  for (const [name, text] of Object.entries(words)) {
    const at = find(`[data-story="${name}"]`, place)
    if (at.textContent !== text) at.textContent = text
  }
}
