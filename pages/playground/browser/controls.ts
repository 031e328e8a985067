import { type Control, type SectionName, sections } from '../sections.ts'
import { placeOf, valueAt } from '../slider.ts'
import type { Values } from '../storms.ts'

// A part's controls: what they say, told when somebody moves one.

type Range = Extract<Control, { is: 'range' }>

export class Controls {
  readonly form: HTMLFormElement
  readonly #ranges: ReadonlyMap<string, Range>

  constructor(form: HTMLFormElement, section: SectionName | undefined, onChange: () => void) {
    this.form = form
    const controls = sections.find(({ name }) => name === section)?.controls ?? []
    this.#ranges = new Map(controls.flatMap(one => (one.is === 'range' ? [[one.name, one] as const] : [])))
    form.addEventListener('submit', event => event.preventDefault())
    form.addEventListener('input', () => {
      this.#write()
      onChange()
    })
    // What a browser keeps of a form over a reload is not what is shown.
    form.reset()
    this.#write()
  }

  get values(): Values {
    return Object.fromEntries(
      this.#inputs().map((input): [string, number | string | boolean] => {
        const range = this.#ranges.get(input.name)
        if (range) return [input.name, valueAt(range, Number(input.value))]
        return [input.name, isBox(input) ? input.checked : input.value]
      }),
    )
  }

  /** Puts controls where `values` say; what is no control of this form is left out. */
  set(values: Values): void {
    for (const input of this.#inputs()) {
      const value = values[input.name]
      if (value === undefined) continue
      const range = this.#ranges.get(input.name)
      if (range) {
        if (Number.isFinite(Number(value))) input.value = String(placeOf(range, Number(value)))
      } else if (isBox(input)) input.checked = value === true
      else if (!(input instanceof HTMLSelectElement) || hasOption(input, String(value))) input.value = String(value)
    }
    this.#write()
  }

  #inputs(): (HTMLInputElement | HTMLSelectElement)[] {
    return [...this.form.querySelectorAll<HTMLInputElement | HTMLSelectElement>('input, select')]
  }

  /** Beside each slider what it means, also for who hears it. */
  #write(): void {
    for (const [name, range] of this.#ranges) {
      const input = this.form.querySelector<HTMLInputElement>(`input[name="${name}"]`)
      if (!input) continue
      const text = `${valueAt(range, Number(input.value)).toLocaleString('en-US')} ${range.unit}`.trim()
      input.setAttribute('aria-valuetext', text)
      const output = this.form.querySelector(`output[for="${input.id}"]`)
      if (output) output.textContent = text
    }
  }
}

const isBox = (input: HTMLInputElement | HTMLSelectElement): input is HTMLInputElement =>
  input instanceof HTMLInputElement && input.type === 'checkbox'

const hasOption = (select: HTMLSelectElement, value: string): boolean =>
  [...select.options].some(option => option.value === value)
