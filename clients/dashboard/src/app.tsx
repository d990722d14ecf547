import { useEffect } from 'preact/hooks'
import { names } from './live/names.ts'
import { pageAt } from './pages/index.ts'
import { Banner, Connection } from './parts/connection.tsx'
import { Navigation } from './parts/navigation.tsx'
import { ThemeSwitch } from './parts/themeSwitch.tsx'
import { Tip } from './parts/tip.tsx'
import { User } from './parts/user.tsx'
import { place } from './router.ts'

const Body = () => {
  const found = pageAt(place.value.path)
  const title = found?.page.title(found.id)
  useEffect(() => {
    document.title = title ? `${title} · driftwire` : 'driftwire'
    found?.page.load().then(
      loaded => {
        found.page.loaded.value = loaded
      },
      () => location.reload(),
    )
  }, [found?.page, title])
  if (!found) return <NotFound />
  const View = found.page.loaded.value
  // The key makes another fund another page: nothing of the last one remains.
  return View ? <View key={found.id} id={found.id} embedded={found.embedded} /> : <p class="empty">loading</p>
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
