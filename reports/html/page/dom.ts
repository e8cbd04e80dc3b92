// Elements made of data. Text goes in as text nodes and nothing else: no markup of a guest's is ever parsed.

export type Child = Node | string | number | undefined | false

export interface Props {
  readonly class?: string
  readonly id?: string
  readonly href?: string
  readonly title?: string
  readonly role?: string
  readonly tabindex?: number
  readonly aria?: Readonly<Record<string, string | number | boolean>>
  readonly data?: Readonly<Record<string, string | number>>
  readonly attrs?: Readonly<Record<string, string | number>>
  /** By way of the style object, which a content security policy allows. */
  readonly style?: Readonly<Record<string, string>>
  readonly on?: { readonly [K in keyof HTMLElementEventMap]?: (event: HTMLElementEventMap[K]) => void }
}

/** Makes an element. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  setProps(element, props)
  append(element, children)
  return element
}

const SVG = 'http://www.w3.org/2000/svg'

/** Makes an SVG element. */
export function s<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attrs: Readonly<Record<string, string | number>> = {},
  ...children: readonly Child[]
): SVGElementTagNameMap[K] {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, String(value))
  append(element, children)
  return element
}

/** Puts new children in place of the old ones. */
export function fill(element: Element, ...children: readonly Child[]): void {
  element.replaceChildren()
  append(element, children)
}

function append(element: Element, children: readonly Child[]): void {
  for (const child of children) {
    if (child === undefined || child === false || child === '') continue
    element.append(typeof child === 'number' ? String(child) : child)
  }
}

function setProps(element: HTMLElement, props: Props): void {
  const { aria = {}, data = {}, attrs = {}, style = {}, on = {} } = props
  if (props.class !== undefined) element.className = props.class
  for (const name of ['id', 'href', 'title', 'role'] as const) {
    const value = props[name]
    if (value !== undefined) element.setAttribute(name, value)
  }
  if (props.tabindex !== undefined) element.tabIndex = props.tabindex
  for (const [name, value] of Object.entries(aria)) element.setAttribute(`aria-${name}`, String(value))
  for (const [name, value] of Object.entries(data)) element.dataset[name] = String(value)
  for (const [name, value] of Object.entries(attrs)) element.setAttribute(name, String(value))
  for (const [name, value] of Object.entries(style)) element.style.setProperty(name, value)
  for (const [name, listener] of Object.entries(on))
    element.addEventListener(name, listener as (event: Event) => void)
}
