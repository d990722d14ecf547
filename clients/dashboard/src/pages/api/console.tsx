import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { clock } from '../../format/time.ts'

/** Frames that are shown; older ones go. */
const FRAMES = 200
/** Characters of a frame that are shown. */
const LENGTH = 2_000

const EXAMPLES: readonly (readonly [string, object])[] = [
  ['channels', {}],
  ['subscribe', { channels: ['status'], maxRate: 1 }],
  ['unsubscribe', { channels: ['status'] }],
  ['ping', {}],
]

interface Frame {
  readonly n: number
  readonly at: number
  readonly sent: boolean
  readonly text: string
}

/** A websocket of its own: what is written is sent as it stands, and every frame is shown. */
export const Console = () => {
  const socket = useRef<WebSocket | undefined>(undefined)
  const state = useSignal<'closed' | 'open' | 'opening'>('closed')
  const frames = useSignal<readonly Frame[]>([])
  const text = useSignal(JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'channels', params: {} }))
  const note = (sent: boolean, written: string): void => {
    const n = (frames.peek()[0]?.n ?? 0) + 1
    frames.value = [
      { n, at: Date.now(), sent, text: written.slice(0, LENGTH) + (written.length > LENGTH ? ' …' : '') },
      ...frames.peek().slice(0, FRAMES - 1),
    ]
  }
  const open = (): void => {
    state.value = 'opening'
    const made = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`)
    socket.current = made
    made.onopen = () => (state.value = 'open')
    made.onmessage = event => note(false, String(event.data))
    made.onclose = event => {
      state.value = 'closed'
      note(false, `closed: ${event.code} ${event.reason}`)
    }
  }
  useEffect(() => () => socket.current?.close(), [])
  const connected = state.value === 'open'
  return (
    <section class="card">
      <h2>Console</h2>
      <form
        class="stack"
        onSubmit={event => {
          event.preventDefault()
          if (!connected) return
          note(true, text.value)
          socket.current?.send(text.value)
        }}
      >
        <div class="tools">
          <button
            type="button"
            class="tool"
            disabled={state.value === 'opening'}
            onClick={() => (connected ? socket.current?.close() : open())}
          >
            {connected ? 'Disconnect' : 'Connect'}
          </button>
          <span class="quiet" role="status">
            {state.value}
          </span>
          {EXAMPLES.map(([method, params], i) => (
            <button
              key={method}
              type="button"
              class="tool"
              onClick={() => (text.value = JSON.stringify({ jsonrpc: '2.0', id: i + 1, method, params }))}
            >
              {method}
            </button>
          ))}
        </div>
        <label class="field">
          Frame
          <textarea
            class="mono"
            rows={3}
            spellcheck={false}
            value={text.value}
            onInput={event => (text.value = event.currentTarget.value)}
          />
        </label>
        <div class="tools">
          <button type="submit" class="primary" disabled={!connected}>
            Send
          </button>
          <button type="button" class="tool" onClick={() => (frames.value = [])}>
            Clear
          </button>
        </div>
      </form>
      {frames.value.length > 0 && (
        <ol class="frames" tabIndex={0} aria-label="Frames, newest first">
          {frames.value.map(({ n, at, sent, text: written }) => (
            <li key={n}>
              <span class="quiet">
                {clock(at, true)} {sent ? '→' : '←'}
              </span>{' '}
              <code>{written}</code>
            </li>
          ))}
        </ol>
      )}
    </section>
  )
}
