import { useSignal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useEffect } from 'preact/hooks'
import { count } from '../format/number.ts'
import { useAlerts } from '../live/alerts.ts'
import type { Names } from '../live/names.ts'

interface LinkProps {
  readonly href: string
  readonly path: string
  readonly text: string
  readonly note?: ComponentChildren
}

const Entry = ({ href, path, text, note }: LinkProps) => (
  <li>
    <a href={href} aria-current={path === href ? 'page' : undefined}>
      {text}
      {note}
    </a>
  </li>
)

/** How many alerts are open; nothing if none is. */
const OpenAlerts = () => {
  const open = useAlerts().value?.state.count ?? 0
  if (open === 0) return null
  return (
    <>
      {' '}
      <span class="mark">
        {count(open)}
        <span class="hidden"> open</span>
      </span>
    </>
  )
}

const SECTIONS = [
  ['Funds', 'funds'],
  ['Portfolios', 'portfolios'],
  ['Pools', 'pools'],
] as const

const TOOLS = [
  ['/analytics', 'Analytics'],
  ['/models', 'Models'],
  ['/allocate', 'Allocation'],
  ['/contract', 'Contract'],
  ['/orders', 'Orders'],
  ['/operate', 'Operate'],
  ['/system', 'System'],
  ['/api', 'API'],
] as const

/** Some tools have pages below their own. */
const toolAt = (path: string): string => /^\/(analytics|models|api|contract)(?=\/|$)/.exec(path)?.[0] ?? path

/** Names of a section that the navigation shows; the overview has all of them. */
const SHOWN = 12

/** The ways to all pages. On narrow screens it opens by a button. */
export const Navigation = ({ names, path }: { names: Names | undefined; path: string }) => {
  const open = useSignal(false)
  useEffect(() => {
    open.value = false
  }, [path, open])
  return (
    <nav class="navigation" aria-label="Pages" data-open={open.value}>
      <button type="button" class="tool menu" aria-expanded={open.value} onClick={() => (open.value = !open.value)}>
        Menu
      </button>
      <div class="pages">
        <ul>
          <Entry href="/" path={path} text="Overview" />
          <Entry href="/alerts" path={path} text="Alerts" note={<OpenAlerts />} />
        </ul>
        {SECTIONS.map(([title, key]) => {
          const list = names?.[key] ?? []
          if (list.length === 0) return null
          return (
            <section key={key} aria-label={title}>
              <h2>{title}</h2>
              <ul>
                {list.slice(0, SHOWN).map(id => (
                  <Entry key={id} href={`/${key}/${encodeURIComponent(id)}`} path={path} text={id} />
                ))}
                {list.length > SHOWN && <Entry href="/" path={path} text={`${list.length - SHOWN} more`} />}
              </ul>
            </section>
          )
        })}
        <section aria-label="Tools">
          <h2>Tools</h2>
          <ul>
            {TOOLS.map(([href, text]) => (
              <Entry key={href} href={href} path={toolAt(path)} text={text} />
            ))}
          </ul>
        </section>
      </div>
    </nav>
  )
}
