import { place } from '../../router.ts'

const TABS = [
  ['/api', 'HTTP'],
  ['/api/socket', 'Websocket'],
] as const

/** The two descriptions. */
export const Tabs = () => (
  <div class="title">
    <h1>API</h1>
    <ul class="tabs">
      {TABS.map(([href, text]) => (
        <li key={href}>
          <a href={href} aria-current={place.value.path === href ? 'page' : undefined}>
            {text}
          </a>
        </li>
      ))}
    </ul>
  </div>
)
