import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import type { Names } from '../live/names.ts'

interface LinkProps {
  readonly href: string
  readonly path: string
  readonly text: string
}

const Entry = ({ href, path, text }: LinkProps) => (
  <li>
    <a href={href} aria-current={path === href ? 'page' : undefined}>
      {text}
    </a>
  </li>
)

const SECTIONS = [
  ['Funds', 'funds'],
  ['Portfolios', 'portfolios'],
  ['Pools', 'pools'],
] as const

const TOOLS = [
  ['/allocate', 'Allocation'],
  ['/contract', 'Contract'],
  ['/orders', 'Orders'],
  ['/operate', 'Operate'],
  ['/system', 'System'],
  ['/api', 'API'],
] as const

/** Some tools have pages below their own. */
const toolAt = (path: string): string => /^\/(api|contract)(?=\/|$)/.exec(path)?.[0] ?? path

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
