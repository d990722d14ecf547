import { useAnswer } from '../../live/answer.ts'
import { place, setQuery } from '../../router.ts'
import type { PageProps } from '../page.ts'
import { Console } from './console.tsx'
import { type AsyncApi, followed, type Message } from './document.ts'
import { SchemaView } from './schema.tsx'
import { Tabs } from './tabs.tsx'

/** The websocket, as /asyncapi.json describes it, and a console to speak with it. */
export const SocketApi = (_: PageProps) => {
  const { value, error } = useAnswer<AsyncApi>('/asyncapi.json')
  const document = value.value
  return (
    <>
      <Tabs />
      {error.value && <p class="refusal">{error.value.message}</p>}
      {document && (
        <div class="title">
          <p class="lead">{document.info.description}</p>
          <a href="/asyncapi.json">asyncapi.json</a>
        </div>
      )}
      <Console />
      {document &&
        Object.entries(document.channels).map(([name, channel]) => (
          <section key={name} class="card">
            <h2>
              {channel.title ?? name} <code>{channel.address}</code>
            </h2>
            {channel.description && <p class="lead">{channel.description}</p>}
            {Object.entries(channel.messages ?? {}).map(([id, message]) => (
              <MessageView key={id} id={`${name} ${id}`} title={id} document={document} message={followed(document, message)} />
            ))}
          </section>
        ))}
    </>
  )
}

interface MessageProps {
  readonly id: string
  readonly title: string
  readonly document: AsyncApi
  readonly message: Message
}

const MessageView = ({ id, title, document, message }: MessageProps) => {
  const open = place.value.query.get('open') === id
  return (
    <div class="operation">
      <h3>
        <button type="button" aria-expanded={open} onClick={() => setQuery('open', open ? undefined : id)}>
          <code>{title}</code> <span class="quiet">{message.summary ?? message.title}</span>
        </button>
      </h3>
      {open && (
        <div class="details">
          {message.description && <p>{message.description}</p>}
          {message.payload && <SchemaView document={document} schema={message.payload} />}
          {(message.examples ?? []).map((example, i) => (
            <pre key={i} tabIndex={0}>
              {JSON.stringify(example.payload, null, 2)}
            </pre>
          ))}
        </div>
      )}
    </div>
  )
}
