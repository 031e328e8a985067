// Small helpers: everything that is shown goes through textContent.

export const find = <Kind extends Element = HTMLElement>(selector: string, within: ParentNode = document): Kind => {
  const found = within.querySelector<Kind>(selector)
  if (!found) throw new Error(`the page has no ${selector}`)
  return found
}

/** Text of the element that is marked with `field`; left alone where it says so already. */
export function write(field: string, text: string, within: ParentNode = document): void {
  const element = within.querySelector(`[data-field="${field}"]`)
  if (element && element.textContent !== text) element.textContent = text
}

export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  { className, text }: { className?: string; text?: string } = {},
  ...children: Node[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name)
  if (className) made.className = className
  if (text !== undefined) made.textContent = text
  made.append(...children)
  return made
}

export const inkOf = (name: string): string => getComputedStyle(document.documentElement).getPropertyValue(name).trim()
