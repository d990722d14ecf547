import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Logger } from 'pino'
import { firstValueFrom, Subject } from 'rxjs'
import type { Frame } from '../streams/frame.ts'
import { formatDecimal } from '../streams/lib/decimal.ts'
import { Interner } from '../streams/lib/interner.ts'
import { symbolMap } from '../streams/market/symbols.ts'
import { pipeline } from '../streams/pipeline.ts'
import { levelsSymbol } from '../streams/pools/spec.ts'
import { ProtocolError } from '../streams/wire/errors.ts'
import { localBus } from './bus/local.ts'
import { offerPrivateChannels } from './bus/privateChannels.ts'
import { ServerChannels } from './bus/serverChannels.ts'
import { definedFunds, readFund } from './clearing/definedFunds.ts'
import { gatewayPort } from './clearing/gatewayPort.ts'
import { openClearing } from './clearing/open.ts'
import { termsOf } from './clearing/terms.ts'
import { UsageError } from './config/options.ts'
import { isLoopback, type Settings } from './config/settings.ts'
import { configuredFund, fundSpecs, poolSpecs, portfolioSpecs, wantedSymbols } from './config/specs.ts'
import { openFrameRecorder } from './core/frameRecorder.ts'
import { InputQueue } from './core/inputQueue.ts'
import { LedgerFeed } from './core/ledgerFeed.ts'
import { depthOfPools } from './core/poolDepth.ts'
import { RebalanceExecutor } from './core/rebalanceExecutor.ts'
import { aborted, runLive, runReplay } from './core/run.ts'
import { openDex } from './dex/open.ts'
import { SwapImport } from './dex/swapImport.ts'
import { openTradingVenue } from './exchange/tradingVenue.ts'
import { configuredFeeds } from './feeds/configured.ts'
import { seedOf, simFeed } from './feeds/sim/sim.ts'
import { feedOf } from './feeds/specs.ts'
import { CandleImport } from './gateway/api/candleImport.ts'
import { ChannelDirectory } from './gateway/api/channelDirectory.ts'
import { Operations } from './gateway/api/operations.ts'
import { Orders } from './gateway/api/orders.ts'
import { PortfolioRows } from './gateway/api/portfolioRows.ts'
import { addressOf, httpApp } from './gateway/http/app.ts'
import { HUB_LIMITS, Hub, TICK_MS } from './gateway/hub/hub.ts'
import { Requests } from './gateway/rpc/requests.ts'
import { openTransport } from './gateway/transports/open.ts'
import { isNamedHere, isOwn } from './gateway/transports/origin.ts'
import { problem } from './gateway/transports/problem.ts'
import { ANONYMOUS, type Principal, type Readers, readersOf, recordersOf } from './identity/access.ts'
import { portfolioPager } from './pnl/portfolioPage.ts'
import { type Engine, openEngine } from './storage/engine/engine.ts'
import { openBackfillSource } from './storage/read/backfillSource.ts'
import { openHistory } from './storage/read/history.ts'
import { storedSymbols } from './storage/read/storedSymbols.ts'
import { AuditCopy } from './storage/write/auditCopy.ts'
import { storeConfigured } from './storage/write/configured.ts'
import { openSink } from './storage/write/sink.ts'
import { metrics } from './telemetry/metrics.ts'
import { type Figures, showStatus } from './telemetry/statusChannel.ts'

export interface Running {
  readonly port: number
  /** Resolves when it was told to end with its feeds and they have ended; rejects when it cannot go on. */
  readonly done: Promise<void>
  /** Tells clients, writes what is waiting, closes everything. */
  stop(reason: string): Promise<void>
}

/** Clients are asked to come back after so long, ms. */
const RECONNECT_MS = 1_000
/** Of the five seconds that a stop may take, what the rows get to reach the engine; then they wait in the spool. */
const FLUSH_MS = 3_000
const CLOSE_MS = 500
const STATUS_MS = 1_000

/** Puts the server together and starts it: sockets and journal first, the engine behind them, the feeds last. */
export const start = async (settings: Settings, log: Logger): Promise<Running> => {
  const { config } = settings
  await mkdir(settings.dataDir, { recursive: true })

  // What the configuration describes: whatever is wrong with it is found before anything is opened
  const configured = fundSpecs(config)
  const pools = poolSpecs(config, settings.configFile)
  const portfolios = await portfolioSpecs(config, settings.configFile, log)
  const map = symbolMap(config.symbols)
  const navOf = (fund: string): number => flow.view.funds.get(fund)?.figures.nav ?? Number.NaN
  const sim = (id: string, seed: string | undefined) =>
    simFeed({ id, seed: seedOf(seed), quote: config.quote, funds: configured, pools, navOf, now: Date.now })
  const feeds = await configuredFeeds(settings, (spec, base) => feedOf(spec, { map, base, sim, pools: config.pools }))
  const replaying = feeds.some(feed => !feed.live)
  if (replaying && config.exchange.kind !== 'paper')
    throw new UsageError(`exchange: found "${config.exchange.kind}" beside a replay, expected "paper": what is long over is not traded on`)
  const venue = await openTradingVenue(config, symbol => flow.view.market.instrument(symbol), log.child({ module: 'exchange' }))
  const recorder = settings.recordFrames === undefined ? undefined : await openFrameRecorder(settings.recordFrames)

  // Who owns what
  const { clearing, accounts, tokens } = await openClearing(settings, log.child({ module: 'clearing' }))
  const knownFunds = await clearing.ask('funds', {})
  const funds = [...configured, ...definedFunds(knownFunds, config, log)]

  // From input to frames
  const epoch = randomBytes(6).toString('base64url')
  const symbols = new Interner()
  const sources = new Interner()
  const flow = pipeline({
    symbols,
    sources,
    funds,
    portfolios,
    pools,
    epoch,
    frameMs: config.frameMs,
    staleAfterMs: config.staleAfterMs,
    storeMs: config.storeMs,
    digits: config.significantDigits,
    feeds: feeds.map(({ id, live }) => ({ id, live })),
    everything: settings.recordFrames !== undefined,
  })
  const inputQueue = new InputQueue()
  const frames$ = new Subject<Frame>()
  const { view } = flow

  // From frames to disk
  const engineLog = log.child({ module: 'storage' })
  const abort = new AbortController()
  let openTheEngine = (): void => {}
  const engine = new Promise<Engine>((resolve, reject) => {
    openTheEngine = () => {
      const source = settings.clickhouse === undefined ? { dataDir: join(settings.dataDir, 'clickhouse') } : { url: settings.clickhouse }
      openEngine({ source, retention: config.retention, log: engineLog, signal: abort.signal }).then(resolve, reject)
    }
  })
  let engineState: 'starting' | 'ready' = 'starting'
  const sink = await openSink({
    spoolDir: join(settings.dataDir, 'spool'),
    engine,
    symbols,
    sources,
    log: engineLog,
    spoolBytes: config.limits.spoolBytes,
  })
  const pastOfPortfolios = portfolioPager({
    of: id => {
      const portfolio = view.portfolios.get(id)
      return portfolio && { ...portfolio.spec, transactions: portfolio.transactions }
    },
    storedTo: () => sink.stats().storedTo,
  })
  const history = openHistory(engine, pastOfPortfolios)
  frames$.subscribe(frame => {
    sink.write(frame.rows)
    recorder?.write(frame.pushes)
  })

  // What is decided: proposals become entries of the journal, and entries come back as input
  const ledgerFeed = new LedgerFeed(
    clearing,
    inputQueue,
    knownFunds.flatMap(({ holdings }) => holdings ?? []),
    knownFunds.flatMap(({ rebalance }) => rebalance ?? []),
  )
  await ledgerFeed.define(new Map(config.funds.map(fund => [fund.id, termsOf(fund, config.quote)])), knownFunds, Date.now())
  frames$.subscribe(({ proposals }) => {
    if (proposals.length > 0) ledgerFeed.propose(proposals)
  })
  const rebalanceExecutor = new RebalanceExecutor({
    clearing,
    exchange: venue.exchange,
    known: knownFunds,
    log: log.child({ module: 'rebalances' }),
    priceOf: (asset, quote) => {
      const { price, stale } = view.market.instrument(`${asset}-${quote}`)
      return stale || !(price > 0) ? undefined : price
    },
    rulesOf: fund => {
      const spec = view.funds.get(fund)?.spec
      const { trades, mode } = spec?.rebalance ?? {}
      return spec && trades && { quote: spec.quote, trades, execute: mode === 'execute' }
    },
    divisorOf: fund => view.funds.get(fund)?.levelDivisor ?? Number.NaN,
  })
  frames$.subscribe(({ t, rebalances }) => {
    venue.advance(t)
    rebalanceExecutor.frame(t, rebalances)
  })
  const audit = new AuditCopy(engine, { id: clearing.id, rows: (after, limit) => clearing.ask('rows', { after, limit }) }, engineLog)
  clearing.commits$.subscribe(({ supplies }) => {
    audit.wake()
    if (supplies.size === 0) return
    const assets = [...supplies].map(([ticker, supply]) => ({ ticker, supply: formatDecimal(supply) }))
    // Where they cannot be stored now they are with the next start.
    engine.then(running => storeConfigured(running, [], assets)).catch(() => {})
  })

  // From frames to clients
  const side = new ServerChannels(epoch, config.significantDigits, () => view.t)
  const bus = localBus({ epoch, frames$, channels: flow.channels, inputQueue, side })
  offerPrivateChannels(side, clearing)
  const onlyHere = isLoopback(settings.host) && !settings.behindTls
  const byDefault: Readers = isLoopback(settings.host) ? 'public' : []
  const wanted = wantedSymbols(funds, portfolios, pools, config.quote)
  const named = new Set(feeds.flatMap(feed => feed.symbols ?? []))
  const openEnded = feeds.some(feed => feed.symbols === undefined)
  const warnOfUnknown = (): void => {
    const unknown = [...wanted].filter(symbol => !named.has(symbol) && !view.market.has(symbol))
    if (unknown.length > 0) log.warn({ symbols: unknown }, 'no feed knows the price of these')
  }
  // What a replay knows is known when it has ended.
  if (feeds.length > 0 && !openEnded) warnOfUnknown()
  const directory = new ChannelDirectory({
    seen: () => flow.names(),
    wasSeen: symbol => view.market.has(symbol),
    openEnded,
    readers: readersOf(config, byDefault),
    byDefault,
    recorders: recordersOf(config, onlyHere),
  })
  for (const symbol of [...named, ...Object.values(config.symbols), ...wanted]) directory.addSymbol(symbol)
  for (const { id } of funds) directory.add('fund', id)
  for (const { id } of portfolios) directory.add('pnl', id)
  for (const { id } of pools) directory.add('pool', id)
  const readers = directory.access
  const { limits } = config
  const forGateways = gatewayPort(clearing, {
    now: () => view.t || Date.now(),
    nav: id => {
      const { nav = Number.NaN, stale = true } = view.funds.get(id)?.figures ?? {}
      return stale || !Number.isFinite(nav) ? undefined : nav
    },
  })
  const orders = new Orders({ clearing: forGateways, access: readers, exists: fund => directory.has(`fund:${fund}`) })
  const portfolioRows = new PortfolioRows({
    clearing: forGateways,
    access: readers,
    portfolios: new Map(portfolios.map(spec => [spec.id, spec])),
    price: async symbol => (view.market.has(symbol) ? view.market.instrument(symbol).price : undefined),
  })
  const operations = new Operations({
    clearing: forGateways,
    access: readers,
    clientsDefine: config.fundsBy === 'clients',
    readFund: definition => readFund(definition, config),
    defined: (spec, owner) => {
      directory.add('fund', spec.id, owner)
      inputQueue.put({ kind: 'ledger', defined: [spec], funds: [] })
      // Where it cannot be stored now it is with the next start.
      engine.then(running => storeConfigured(running, [configuredFund(spec)], [])).catch(() => {})
    },
  })
  const past = openBackfillSource(history, sink)
  let stopping = false
  const hub = new Hub(bus, (topic, bytes) => transport.publish(topic, bytes), { ...HUB_LIMITS, ...limits }, Date.now)
  const requests = new Requests({
    hub,
    bus,
    access: readers,
    catalogue: directory,
    history,
    past,
    accounts,
    orders,
    portfolioRows,
    limits,
    now: Date.now,
    log: log.child({ module: 'requests' }),
  })

  tokens.ended$.subscribe(({ digest }) => requests.ended(digest))
  flow.run(inputQueue.input$).subscribe(frames$)
  // Before anybody can add to it.
  await ledgerFeed.tellRecorded()
  await ledgerFeed.tellSupplies()

  // What is traded in pools, and lies in them
  const priceOf = (asset: string): number =>
    asset === config.quote
      ? 1
      : view.market.has(`${asset}-${config.quote}`)
        ? view.market.instrument(`${asset}-${config.quote}`).price
        : Number.NaN
  const {
    dex,
    figures: dexFigures,
    close: closeDex,
  } = openDex({
    engine,
    pools: view.pools,
    priceOf,
    input$: inputQueue.input$,
    frames$,
    log: engineLog,
    now: () => view.t || Date.now(),
    supplyOf: coin => view.supplies.get(coin) ?? Number(config.assets[coin]?.supply ?? Number.NaN),
  })
  const swaps = new SwapImport(readers, engine)

  // What the server says of itself
  let stored = !replaying
  const rates = { ticks: 0, frames: 0 }
  const parts = (): Figures => {
    const { waiting, lastError, storedTo, ...sunk } = sink.stats()
    return {
      rates,
      clients: { ...hub.stats(), requests: requests.taken, refused: { ...requests.refused } },
      sink: { state: engineState, waiting: { ...waiting }, storedTo, lastError, ...sunk } as unknown as Figures,
      rebalances: rebalanceExecutor.figures as unknown as Figures,
      journal: { ...clearing.stats(), audited: audit.stats().storedTo, auditRetries: audit.stats().retries },
      accounts: accounts.figures,
      dex: dexFigures(),
    }
  }
  side.offer({
    matches: name => name === 'status',
    open: () => state => ({
      write: showStatus(
        state,
        () => view.feeds,
        feed => (feed.state === 'ended' && !stored ? 'live' : feed.state),
        parts,
      ),
    }),
  })
  const registry = metrics(() => view.feeds, parts)

  const prices = new CandleImport({
    access: readers,
    symbols,
    sources,
    sink,
    stored: symbol => directory.addSymbol(symbol),
    notReady: () =>
      engineState === 'starting' ? 'ClickHouse is starting' : stored ? undefined : 'a replay runs, which may bring the same candles',
  })
  const app = httpApp({
    hub,
    bus,
    access: readers,
    catalogue: directory,
    history,
    registry,
    accounts,
    orders,
    operations,
    portfolioRows,
    prices,
    dex,
    swaps,
    depthOf: depthOfPools(view, frames$),
    behindProxy: settings.behindTls,
    notReady: () => (stopping ? { server: 'stopping' } : engineState === 'ready' ? {} : { clickhouse: engineState }),
    log: log.child({ module: 'http' }),
  })
  const knownHosts = new Set(config.origins.filter(origin => URL.canParse(origin)).map(origin => new URL(origin).host))
  const misnamed = (url: URL): Response | undefined =>
    onlyHere && !isNamedHere(url, knownHosts)
      ? problem(
          new ProtocolError(
            'not_allowed',
            `host: found "${url.host}", expected a name of this machine or of an origin that "origins" lists`,
          ),
        )
      : undefined
  const transport = await openTransport<Principal>(
    {
      upgrade: ({ url, headers, remoteAddress }) => {
        const refuse = misnamed(url)
        if (refuse) return { refuse }
        if (stopping) return { refuse: problem(new ProtocolError('not_ready', 'the server is stopping', 1)) }
        const origin = headers.get('origin')
        if (origin !== null && !isOwn(origin, url) && !config.origins.includes(origin))
          return {
            refuse: problem(
              new ProtocolError('not_allowed', `origin: found "${origin}", expected the server's own or one that "origins" lists`),
            ),
          }
        const forwarded = headers.get('x-forwarded-for') ?? undefined
        return { accept: { ...ANONYMOUS, address: addressOf(remoteAddress, forwarded, settings.behindTls) } }
      },
      open: socket => void hub.open(socket),
      message: (socket, text) => {
        const session = hub.session(socket)
        if (session) requests.accept(session, text)
      },
      pong: (socket, mark) => hub.pong(socket, mark),
      drain: () => {},
      close: socket => hub.closed(socket),
      http: (request, { remoteAddress }) => misnamed(new URL(request.url)) ?? app.fetch(request, { remoteAddress }),
    },
    { log, maxBackpressure: limits.sendBufferBytes, maxBody: limits.bodyBytes, ...(settings.tls && { tls: settings.tls }) },
    settings.transport,
  )
  const port = await transport.listen(settings.host, settings.port)
  const timers = [setInterval(() => hub.tick(), TICK_MS), setInterval(() => report(), STATUS_MS)]
  const before = { ticks: 0, frames: 0, bad: new Map<string, string>() }
  let frames = 0
  frames$.subscribe(() => {
    frames += 1
  })
  const report = (): void => {
    const ticks = view.feeds.reduce((sum, feed) => sum + feed.ticks, 0)
    rates.ticks = ticks - before.ticks
    rates.frames = frames - before.frames
    before.ticks = ticks
    before.frames = frames
    for (const feed of view.feeds) {
      const bad = JSON.stringify(feed.bad)
      if (bad !== (before.bad.get(feed.id) ?? '{}')) log.warn({ feed: feed.id, bad: feed.bad }, 'left out since the start, by kind')
      before.bad.set(feed.id, bad)
    }
    side.touch('status')
    side.flush()
  }

  openTheEngine()
  const opened = engine.then(async running => {
    for (const symbol of await storedSymbols(running)) directory.addSymbol(symbol)
    const assets = new Map(Object.entries(config.assets).map(([ticker, { supply }]) => [ticker, supply]))
    for (const [ticker, supply] of await clearing.ask('supplies', {})) assets.set(ticker, formatDecimal(supply))
    await storeConfigured(
      running,
      funds.map(configuredFund),
      [...assets].map(([ticker, supply]) => ({ ticker, supply })),
    )
    engineState = 'ready'
  })

  const runOptions = {
    feeds,
    inputQueue,
    frameMs: config.frameMs,
    context: { symbols, sources, map, books: new Set(pools.flatMap(pool => levelsSymbol(pool) ?? [])) },
    signal: abort.signal,
    log: log.child({ module: 'feeds' }),
  }
  const run = async (): Promise<void> => {
    if (!replaying) {
      // What was decided before holds from the first frame on.
      ledgerFeed.begin()
      await runLive(runOptions)
      return
    }
    while (hub.subscribers < settings.waitClients && !abort.signal.aborted)
      await Promise.race([firstValueFrom(hub.subscribed$), aborted(abort.signal)])
    const room = async (): Promise<void> => {
      await ledgerFeed.settled()
      await rebalanceExecutor.settled()
      await sink.room()
      await recorder?.room()
    }
    const before = async (t: number): Promise<void> => {
      for (;;) {
        const next = Math.ceil(Math.max(Math.min(venue.dueAt, rebalanceExecutor.dueAt), view.t + 1) / config.frameMs) * config.frameMs
        if (!(view.t > 0 && next < t) || abort.signal.aborted) return
        inputQueue.put({ kind: 'clock', t: next })
        await room()
      }
    }
    await runReplay({ ...runOptions, speed: settings.speed, hasCapacity: room, advanceTo: before })
    if (abort.signal.aborted) return
    await ledgerFeed.settled()
    await sink.until(view.t)
    stored = true
    report()
    if (openEnded) warnOfUnknown()
    if (!settings.exitAtEnd) await aborted(abort.signal)
  }
  const done = Promise.all([run(), opened]).then(() => {})
  // Whoever waits for `done` learns of it; until then it is no unhandled rejection.
  done.catch(() => {})

  return {
    port,
    done,
    async stop(reason) {
      if (stopping) return
      stopping = true
      hub.bye(reason, RECONNECT_MS)
      abort.abort()
      for (const timer of timers) clearInterval(timer)
      await ledgerFeed.settled().catch(() => {})
      await venue.exchange.close()
      await rebalanceExecutor.settled()
      await Promise.all([sink.close(FLUSH_MS), closeDex(), recorder?.close(), transport.close(CLOSE_MS), audit.close()])
      await clearing.close()
      tokens.close()
      if (engineState === 'ready') await (await engine).close()
    },
  }
}
