import { useComputed } from '@preact/signals'
import { useAnswer } from '../../live/answer.ts'
import { place, setQuery } from '../../router.ts'
import type { PageProps } from '../page.ts'
import { grouped, type OpenApi, type Placed } from './document.ts'
import { SchemaView } from './schema.tsx'
import { Tabs } from './tabs.tsx'
import { TryIt } from './tryIt.tsx'

/** The HTTP routes, as /openapi.json describes them. */
export const HttpApi = (_: PageProps) => {
  const { value, error } = useAnswer<OpenApi>('/openapi.json')
  const groups = useComputed(() => (value.value ? grouped(value.value) : new Map<string, readonly Placed[]>()))
  const like = (place.value.query.get('search') ?? '').toLowerCase()
  const document = value.value
  return (
    <>
      <Tabs />
      {error.value && <p class="refusal">{error.value.message}</p>}
      {document && (
        <div class="title">
          <p class="lead">{document.info.description}</p>
          <div class="tools">
            <input
              type="search"
              aria-label="Search routes"
              placeholder="Search"
              value={like}
              onInput={event => setQuery('search', event.currentTarget.value)}
            />
            <a href="/openapi.json">openapi.json</a>
          </div>
        </div>
      )}
      {document &&
        [...groups.value].map(([group, list]) => {
          const shown = list.filter(({ path, operation }) => `${path} ${operation.summary}`.toLowerCase().includes(like))
          if (shown.length === 0) return null
          return (
            <section key={group} class="card">
              <h2>{group}</h2>
              {shown.map(placed => (
                <OperationView key={placed.id} document={document} placed={placed} />
              ))}
            </section>
          )
        })}
    </>
  )
}

const OperationView = ({ document, placed }: { readonly document: OpenApi; readonly placed: Placed }) => {
  const { id, method, path, operation } = placed
  const open = place.value.query.get('open') === id
  return (
    <div class="operation">
      <h3>
        <button type="button" aria-expanded={open} onClick={() => setQuery('open', open ? undefined : id)}>
          <span class={`verb ${method}`}>{method.toUpperCase()}</span> <code>{path}</code> <span class="quiet">{operation.summary}</span>
        </button>
      </h3>
      {open && <Details document={document} placed={placed} />}
    </div>
  )
}

const Details = ({ document, placed }: { readonly document: OpenApi; readonly placed: Placed }) => {
  const { method, operation } = placed
  const { parameters = [], requestBody, responses = {}, security } = operation
  return (
    <div class="details">
      {operation.description && <p>{operation.description}</p>}
      {security && security.length > 0 && (
        <p class="quiet">needs: {security.map(each => Object.keys(each).join(' and ') || 'nothing').join(', or ')}</p>
      )}
      {parameters.length > 0 && (
        <>
          <h4>Parameters</h4>
          <ul>
            {parameters.map(({ name, in: at, description, required }) => (
              <li key={`${at} ${name}`}>
                <code class="member">{name}</code>{' '}
                <span class="quiet">
                  {at}
                  {required ? '' : ', optional'}
                </span>{' '}
                {description}
              </li>
            ))}
          </ul>
        </>
      )}
      {Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => (
        <div key={type}>
          <h4>
            Body <code>{type}</code>
          </h4>
          {schema && <SchemaView document={document} schema={schema} />}
        </div>
      ))}
      {Object.entries(responses).flatMap(([status, { description, content = {} }]) =>
        (Object.keys(content).length > 0 ? Object.entries(content) : ([['', {}]] as [string, { schema?: undefined }][])).map(
          ([type, { schema }]) => (
            <div key={`${status} ${type}`}>
              <h4>
                {status} <code>{type}</code> <span class="quiet">{description}</span>
              </h4>
              {schema && <SchemaView document={document} schema={schema} />}
            </div>
          ),
        ),
      )}
      {method === 'get' && <TryIt placed={placed} />}
    </div>
  )
}
