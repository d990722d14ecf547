import { render } from 'preact'
import { App } from './app.tsx'
import { showTips } from './parts/tip.tsx'
import { interceptLinks } from './router.ts'

interceptLinks()
showTips()
render(<App />, document.getElementById('app')!)
