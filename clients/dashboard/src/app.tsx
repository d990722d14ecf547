import { useSignal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { line } from './live/line.ts'
import { names } from './live/names.ts'
import { type Page, pageAt } from './pages/index.ts'
import { Banner, Connection } from './parts/connection.tsx'
import { Navigation } from './parts/navigation.tsx'
import { ThemeSwitch } from './parts/themeSwitch.tsx'
import { Tip } from './parts/tip.tsx'
import { User } from './parts/user.tsx'
import { place } from './router.ts'

const Body = () => {
  const found = pageAt(place.value.path)
  const title = found?.page.title(found.id)
  const failed = useSignal<Page | undefined>(undefined)
  useEffect(() => {
    document.title = title ? `${title} · driftwire` : 'driftwire'
    found?.page.load().then(
      loaded => {
        found.page.loaded.value = loaded
      },
      () => {
        failed.value = found.page
      },
    )
  }, [found?.page, title])
  if (!found) return <NotFound />
  const View = found.page.loaded.value
  // The key makes another fund another page: nothing of the last one remains.
  if (View) return <View key={found.id} id={found.id} embedded={found.embedded} />
  return failed.value === found.page ? <NotLoaded /> : <p class="empty">loading</p>
}

/** Whether this document was loaded again: if a file is missing even then, once more does not help. */
const again = (performance.getEntriesByType('navigation')[0] as PerformanceNavigationTiming | undefined)?.type === 'reload'

/**
 * A page whose file could not be had: the server is away, or has another version now. A browser remembers that a file failed, so the
 * document is loaded again, as soon as there is a server.
 */
const NotLoaded = () => {
  const live = line.value.state === 'live'
  useEffect(() => {
    if (live && !again) location.reload()
  }, [live])
  return (
    <p class="empty">
      {live ? 'This page could not be loaded. ' : 'This page comes when the server is back. '}
      {live && again && (
        <button type="button" class="tool" onClick={() => location.reload()}>
          Load it again
        </button>
      )}
    </p>
  )
}

const NotFound = () => (
  <>
    <h1>No such page</h1>
    <p>
      There is nothing at this address. <a href="/">Overview</a>
    </p>
  </>
)

/** The whole page: what is always there, and the view of the address. */
export const App = () => {
  const embedded = /^\/embed(\/|$)/.test(place.value.path)
  if (embedded)
    return (
      <main id="main" class="embedded" tabIndex={-1}>
        <Banner />
        <Body />
        <Tip />
      </main>
    )
  return (
    <div class="shell">
      <a class="skip" href="#main">
        Skip to the figures
      </a>
      <header class="bar">
        <a class="brand" href="/">
          driftwire
        </a>
        <Connection />
        <span class="space" />
        <ThemeSwitch />
        <User />
      </header>
      <Navigation names={names.value} path={place.value.path} />
      <main id="main" tabIndex={-1}>
        <Banner />
        <Body />
      </main>
      <Tip />
    </div>
  )
}
