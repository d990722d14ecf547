import type { Json, JsonObject } from '../../../../streams/wire/mergePatch.ts'
import { valueAt } from '../../../../streams/wire/statePath.ts'
import type { Driftwire } from '../../../driftwire-client/src/index.ts'
import { ABSENT, amount, fixed, placesOf } from '../format/number.ts'
import { age, moment } from '../format/time.ts'

/** One live figure on any page: `<driftwire-number channel="fund:TOP10" field="nav" units="USD">`. The server gives this module as `/embed/number.js`. */

const { connect } = (await import(new URL('../client.js', import.meta.url).href)) as typeof import('../../../driftwire-client/src/index.ts')

/** The one connection of all figures of a page. */
const wire: Driftwire = connect(new URL('../ws?lists=true', import.meta.url).href.replace(/^http/, 'ws'))

/** States a second: nobody reads figures that change faster. */
const RATE = 5
/** ms after which a channel that was refused is asked for again: somebody may have signed in. */
const AGAIN_MS = 5_000

const sheet = new CSSStyleSheet()
sheet.replaceSync(`
  :host { white-space: nowrap; font-variant-numeric: tabular-nums; }
  :host([stale]) [part=value] { font-style: italic; text-decoration: underline dotted; }
  [part=note] { font-size: 0.8em; opacity: 0.7; }
`)

/** Returns the text of a figure; with `%` as units that of a fraction in per cent. */
const textOf = (value: Json | undefined, places: string | null, units: string): string => {
  if (typeof value === 'string') return /^-?\d/.test(value) ? amount(value) : value
  if (typeof value !== 'number') return value === undefined || typeof value === 'object' ? ABSENT : String(value)
  const shown = units === '%' ? value * 100 : value
  return fixed(shown, places === null ? (units === '%' ? 2 : placesOf(shown)) : Number(places))
}

class DriftwireNumber extends HTMLElement {
  /** `customElements.get('driftwire-number').wire.auth(token)` lets the figures of a page show what not everybody may read. */
  static readonly wire = wire
  static readonly observedAttributes = ['channel', 'field', 'units', 'places']
  private readonly parts: Record<'value' | 'units' | 'note', HTMLElement>
  private stop = (): void => {}
  private state: JsonObject | undefined
  private t = 0
  private received = 0
  private isStale = false
  private refusal: string | undefined

  constructor() {
    super()
    const root = this.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [sheet]
    const part = (name: string): HTMLElement => {
      const element = document.createElement('span')
      element.setAttribute('part', name)
      return element
    }
    this.parts = { value: part('value'), units: part('units'), note: part('note') }
    root.append(this.parts.value, ' ', this.parts.units, ' ', this.parts.note)
  }

  connectedCallback(): void {
    this.follow()
  }

  disconnectedCallback(): void {
    this.stop()
  }

  attributeChangedCallback(name: string): void {
    if (!this.isConnected) return
    if (name === 'channel' || name === 'field') this.follow()
    else this.show()
  }

  private follow(): void {
    this.stop()
    this.state = undefined
    this.refusal = undefined
    const [channel, field] = [this.getAttribute('channel'), this.getAttribute('field')]
    if (channel === null || field === null) {
      this.refusal = `${channel === null ? 'channel' : 'field'}: found none, expected an attribute`
      this.show()
      return
    }
    let again: ReturnType<typeof setTimeout> | undefined
    // The whole state: elements of one channel share it, and a misspelt field of one leaves the others alone.
    const followed = wire.channel(channel, { maxRate: RATE, wait: true }).subscribe({
      next: ({ state, t, stale }) => {
        this.refusal = undefined
        this.state = state as JsonObject
        this.isStale = stale
        if (t !== this.t) this.received = Date.now()
        this.t = t
        this.show()
      },
      error: ({ code, message }: { code?: string; message: string }) => {
        this.refusal = message
        this.show()
        if (code === 'not_logged_in' || code === 'not_allowed') again = setTimeout(() => this.follow(), AGAIN_MS)
      },
    })
    const clock = setInterval(() => this.show(), 1_000)
    this.stop = () => {
      followed.unsubscribe()
      clearInterval(clock)
      clearTimeout(again)
    }
    this.show()
  }
  /** Shows the figure with its units and its age; without one, why. */
  private show(): void {
    const { value, units, note } = this.parts
    const [channel, field, unit] = [this.getAttribute('channel'), this.getAttribute('field'), this.getAttribute('units') ?? '']
    const found = field !== null && this.state ? valueAt(this.state, field) : undefined
    value.textContent = textOf(found, this.getAttribute('places'), unit)
    units.textContent = found === undefined ? '' : unit
    const unknown = this.state && found === undefined ? `${channel} has no ${field}` : undefined
    const old = this.state && `${this.isStale ? 'stale, ' : ''}${age(Date.now() - this.received)} old`
    note.textContent = this.refusal ?? unknown ?? old ?? 'nothing has come yet'
    this.toggleAttribute('stale', this.state !== undefined && this.isStale)
    this.title = `${field} of ${channel}${this.state ? ` at ${moment(this.t, true)} UTC` : ''}`
  }
}

customElements.define('driftwire-number', DriftwireNumber)
