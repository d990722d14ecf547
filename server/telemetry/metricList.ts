import { counter, flag, gauge, type Metric } from './metric.ts'

/** Feeds: prices and logs. */
const FEEDS: readonly Metric[] = [
  counter('driftwire_feed_ticks_total', 'ticks', 'feeds.*.ticks', 'Ticks accepted', 'feed'),
  counter('driftwire_feed_messages_total', 'messages', 'feeds.*.messages', 'Messages read from the venue or the file', 'feed'),
  counter('driftwire_feed_late_total', 'ticks', 'feeds.*.late', 'Trades older than the newest of their symbol', 'feed'),
  counter('driftwire_feed_bad_total', 'rows', 'feeds.*.bad.*', 'Rows left out, by kind', 'feed', 'kind'),
  counter('driftwire_feed_passed_total', 'messages', 'feeds.*.passed.*', 'Messages of kinds that are not read, by kind', 'feed', 'kind'),
  gauge('driftwire_feed_refused', 'symbols', 'feeds.*.refused', 'Topics and symbols that the venue refuses', 'feed'),
  gauge('driftwire_feed_missing', 'symbols', 'feeds.*.missing', 'Symbols that were asked for and never came', 'feed'),
  gauge('driftwire_feed_lag_seconds', 'seconds', 'feeds.*.lag', 'Time from the newest tick to its receipt', 'feed'),
  flag('driftwire_feed_silent', 'feeds.*.silent', 'true', 'No market data for staleAfterMs: its prices are stale', 'feed'),
  flag('driftwire_feed_down', 'feeds.*.state', 'down', 'The feed has no connection', 'feed'),
]

/** The process: readiness, rates, disk. */
const SERVER: readonly Metric[] = [
  flag('driftwire_part_ready', 'parts.*.state', 'ready', 'The part is ready; zero if it is degraded or waits', 'part'),
  flag('driftwire_part_waiting', 'parts.*.state', 'waiting', 'The part holds /readyz at 503', 'part'),
  gauge('driftwire_rates_ticks', 'ticks', 'rates.ticks', 'Ticks in the last second'),
  gauge('driftwire_rates_frames', 'frames', 'rates.frames', 'Frames in the last second'),
  gauge('driftwire_disk_free_bytes', 'bytes', 'disk.freeBytes', 'Free on the file system of the data directory'),
  gauge('driftwire_disk_size_bytes', 'bytes', 'disk.sizeBytes', 'Size of the file system of the data directory'),
]

/** Those who listen. */
const CLIENTS: readonly Metric[] = [
  gauge('driftwire_clients_sockets', 'sockets', 'clients.sockets', 'Open websockets'),
  gauge('driftwire_clients_slow', 'sockets', 'clients.slow', 'Sockets that read too slowly and get merged patches'),
  gauge('driftwire_clients_follows', 'subscriptions', 'clients.follows', 'Subscriptions'),
  gauge('driftwire_clients_channels', 'channels', 'clients.channels', 'Channels that are computed because somebody follows them'),
  gauge('driftwire_clients_window_bytes', 'bytes', 'clients.windowBytes', 'Patches kept for clients that come back'),
  counter('driftwire_clients_pushes_total', 'pushes', 'clients.pushes', 'Pushes published to groups of subscribers'),
  counter('driftwire_clients_merged_total', 'pushes', 'clients.merged', 'Pushes merged for slow readers or for a rate'),
  counter('driftwire_clients_snapshots_total', 'pushes', 'clients.snapshots', 'Whole states in place of patches that are gone'),
  counter('driftwire_clients_resumed_total', 'subscriptions', 'clients.resumed', 'Subscriptions that went on where they were'),
  counter('driftwire_clients_dropped_total', 'sockets', 'clients.dropped', 'Sockets whose messages the transport threw away'),
  counter('driftwire_clients_cut_off_total', 'sockets', 'clients.cutOff', 'Sockets closed because they answered no ping'),
  counter('driftwire_clients_turned_away_total', 'connections', 'clients.turnedAway', 'Connections refused because all places were taken'),
  counter('driftwire_clients_requests_total', 'requests', 'clients.requests', 'Requests by websocket'),
  counter('driftwire_clients_refused_total', 'requests', 'clients.refused.*', 'Requests by websocket that were refused', 'code'),
]

/** Frames between processes, as a core writes and a gateway reads them. */
const FRAMES: readonly Metric[] = [
  counter('driftwire_frames_written_total', 'frames', 'frames.written', 'Frames written to Redis'),
  counter('driftwire_frames_written_bytes_total', 'bytes', 'frames.bytes', 'Bytes of frames written to Redis'),
  counter('driftwire_frames_failures_total', 'attempts', 'frames.failures', 'Attempts to write a frame that failed'),
  counter('driftwire_frames_dropped_total', 'frames', 'frames.dropped', 'Frames never written, because Redis was away for too long'),
  gauge('driftwire_frames_waiting', 'frames', 'frames.waiting', 'Frames that wait for Redis'),
  gauge('driftwire_frames_answer_seconds', 'seconds', 'frames.answerMs', 'Time of the newest answer of Redis to a frame'),
  gauge('driftwire_frames_gateways', 'gateways', 'frames.gateways', 'Gateways that have been heard of not long ago'),
  gauge('driftwire_frames_wanted', 'channels', 'frames.wanted', 'Channels that gateways follow'),
  counter('driftwire_frames_snapshots_total', 'snapshots', 'frames.snapshots', 'Snapshots sent to gateways'),
  counter('driftwire_followed_frames_total', 'frames', 'followed.entries', 'Frames read from Redis'),
  counter('driftwire_followed_bytes_total', 'bytes', 'followed.bytes', 'Bytes of frames read from Redis'),
  counter('driftwire_followed_failures_total', 'attempts', 'followed.failures', 'Reads of frames that failed'),
  counter('driftwire_followed_holes_total', 'frames', 'followed.holes', 'Frames that never came'),
  counter('driftwire_followed_rejoins_total', 'rejoins', 'followed.rejoins', 'Times that all snapshots were asked for again'),
  counter('driftwire_followed_healed_total', 'channels', 'followed.healed', 'Channels that a snapshot brought up to date after a hole'),
  counter('driftwire_followed_terms_total', 'terms', 'followed.terms', 'Cores that began to write frames'),
  counter('driftwire_followed_unreadable_total', 'frames', 'followed.unreadable', 'Frames of a form that this version cannot read'),
  gauge('driftwire_nodes_sockets', 'sockets', 'nodes.sockets', 'Open websockets at all gateways'),
  gauge('driftwire_nodes_waiting', 'questions', 'nodes.waiting', 'Questions of gateways that are being answered'),
  counter('driftwire_nodes_asked_total', 'questions', 'nodes.asked', 'Questions of gateways'),
  counter('driftwire_nodes_holes_total', 'holes', 'nodes.holes', 'Times that questions of a gateway were lost on the way'),
  counter('driftwire_nodes_undelivered_total', 'messages', 'nodes.undelivered', 'Parts of answers that Redis did not take'),
  gauge('driftwire_asking_waiting', 'questions', 'asking.waiting', 'Questions to the core that wait for an answer'),
  counter('driftwire_asking_asked_total', 'questions', 'asking.asked', 'Questions to the core'),
  counter('driftwire_asking_unanswered_total', 'questions', 'asking.unanswered', 'Questions that ended without an answer'),
  counter('driftwire_asking_holes_total', 'holes', 'asking.holes', 'Times that answers of the core were lost on the way'),
  gauge('driftwire_followed_silent_seconds', 'seconds', 'followed.silentMs', 'Time since a frame was read'),
]

/** Feeds that several shards share. */
const SHARED_FEEDS: readonly Metric[] = [
  flag('driftwire_shared_feeds_leads', 'sharedFeeds.leads', 'true', 'This core has the feeds open'),
  counter(
    'driftwire_shared_feeds_written_total',
    'batches',
    'sharedFeeds.written',
    'Batches written to Redis since this core has the feeds',
  ),
  counter(
    'driftwire_shared_feeds_dropped_total',
    'batches',
    'sharedFeeds.dropped',
    'Batches never written, because Redis was away for too long',
  ),
  gauge('driftwire_shared_feeds_waiting', 'batches', 'sharedFeeds.waiting', 'Batches that wait for Redis'),
  counter('driftwire_shared_feeds_read_total', 'batches', 'sharedFeeds.entries', 'Batches read from Redis'),
  counter('driftwire_shared_feeds_read_bytes_total', 'bytes', 'sharedFeeds.bytes', 'Bytes of batches read from Redis'),
  counter('driftwire_shared_feeds_failures_total', 'attempts', 'sharedFeeds.failures', 'Reads of batches that failed'),
  counter('driftwire_shared_feeds_missed_total', 'batches', 'sharedFeeds.missed', 'Batches that never came'),
  counter(
    'driftwire_shared_feeds_unreadable_total',
    'batches',
    'sharedFeeds.unreadable',
    'Batches of a form that this version cannot read',
  ),
  counter('driftwire_shared_feeds_foreign_total', 'inputs', 'sharedFeeds.foreign', 'Inputs of feeds that this core does not have'),
  counter('driftwire_shared_feeds_terms_total', 'terms', 'sharedFeeds.terms', 'Times that another core took the feeds'),
  gauge('driftwire_shared_feeds_behind_seconds', 'seconds', 'sharedFeeds.behindMs', 'Age of the newest batch when it was read'),
  gauge('driftwire_shared_feeds_silent_seconds', 'seconds', 'sharedFeeds.silentMs', 'Time since a batch was read'),
]

/** What one address or one user may use. */
const LIMITS: readonly Metric[] = [
  counter('driftwire_limits_address_refused_total', 'refusals', 'limits.address.*', 'Refusals because one address wanted too much', 'kind'),
  counter('driftwire_limits_user_refused_total', 'refusals', 'limits.user.*', 'Refusals because one user wanted too much', 'kind'),
  counter('driftwire_limits_displaced_total', 'buckets', 'limits.displaced', 'Addresses and users forgotten for lack of room'),
]

/** The certificate, if the server speaks TLS itself. */
const TLS: readonly Metric[] = [
  gauge('driftwire_tls_expires_timestamp_seconds', 'seconds', 'tls.expires', 'When the certificate ends, since 1970'),
  counter('driftwire_tls_renewed_total', 'certificates', 'tls.renewed', 'Certificates that took the place of another'),
  counter('driftwire_tls_failed_total', 'attempts', 'tls.failed', 'Certificates and keys that could not be used'),
]

/** Servers of ClickHouse that are asked about the past first. */
const REPLICAS: readonly Metric[] = [
  counter('driftwire_replicas_asked_total', 'questions', 'replicas.asked', 'Questions that a read replica was asked'),
  counter('driftwire_replicas_failed_total', 'questions', 'replicas.failed', 'Questions that a read replica could not answer'),
  counter(
    'driftwire_replicas_fallbacks_total',
    'questions',
    'replicas.fallbacks',
    'Questions that no read replica answered: the server itself did',
  ),
  gauge('driftwire_replicas_down', 'servers', 'replicas.down', 'Read replicas that failed the last question'),
]

/** Rows on their way to ClickHouse. */
const SINK: readonly Metric[] = [
  flag('driftwire_sink_ready', 'sink.state', 'ready', 'ClickHouse answers and has what the configuration says'),
  gauge('driftwire_sink_waiting_rows', 'rows', 'sink.waiting.rows', 'Rows that wait for ClickHouse, in memory and in files'),
  gauge('driftwire_sink_waiting_bytes', 'bytes', 'sink.waiting.bytes', 'Bytes that wait for ClickHouse, in memory and in files'),
  gauge('driftwire_sink_waiting_files', 'files', 'sink.waiting.files', 'Files of the spool that wait for ClickHouse'),
  gauge('driftwire_sink_stored_to_timestamp_seconds', 'seconds', 'sink.storedTo', 'Event time up to which all rows are stored'),
  gauge('driftwire_sink_set_aside_files', 'files', 'sink.setAside.files', 'Files that ClickHouse refused'),
  gauge('driftwire_sink_set_aside_rows', 'rows', 'sink.setAside.rows', 'Rows that ClickHouse refused'),
  counter('driftwire_sink_stored_total', 'rows', 'sink.stored.*', 'Rows stored', 'table'),
  counter('driftwire_sink_known_total', 'rows', 'sink.known.*', 'Rows left out because they were stored before this start', 'table'),
  counter('driftwire_sink_dropped_total', 'rows', 'sink.dropped.*', 'Rows lost: too much waited, or the disk took no file', 'table'),
  counter('driftwire_sink_rejected_total', 'rows', 'sink.rejected.*', 'Rows that their table does not take', 'table'),
  counter('driftwire_sink_retries_total', 'attempts', 'sink.retries', 'Inserts that were tried again'),
]

/** Queues beside the sink: trades of pools, and what a start has to know of a market. */
const QUEUES: readonly Metric[] = [
  gauge('driftwire_dex_waiting_rows', 'rows', 'dex.waiting.*', 'Rows in memory for ClickHouse', 'table'),
  counter('driftwire_dex_stored_total', 'rows', 'dex.stored.*', 'Rows stored', 'table'),
  counter('driftwire_dex_retries_total', 'attempts', 'dex.retries.*', 'Inserts that were tried again', 'table'),
  counter('driftwire_dex_dropped_total', 'rows', 'dex.dropped.*', 'Rows lost', 'table'),
  gauge('driftwire_dex_set_aside_rows', 'rows', 'dex.setAside.*', 'Rows that ClickHouse refused', 'table'),
  gauge('driftwire_market_notes_waiting_rows', 'rows', 'marketNotes.waiting.*', 'Rows in memory for ClickHouse', 'table'),
  counter('driftwire_market_notes_stored_total', 'rows', 'marketNotes.stored.*', 'Rows stored', 'table'),
  counter('driftwire_market_notes_retries_total', 'attempts', 'marketNotes.retries.*', 'Inserts that were tried again', 'table'),
  counter('driftwire_market_notes_dropped_total', 'rows', 'marketNotes.dropped.*', 'Rows not stored', 'table'),
  gauge('driftwire_market_notes_set_aside_rows', 'rows', 'marketNotes.setAside.*', 'Rows that ClickHouse refused', 'table'),
  counter('driftwire_market_notes_skipped_total', 'rows', 'marketNotes.skipped', 'Rows that were not written because too many waited'),
  gauge('driftwire_asset_metrics_facts', 'facts', 'assetMetrics.facts', 'Metrics in memory: what was said of late'),
  gauge('driftwire_asset_metrics_assets', 'assets', 'assetMetrics.assets', 'Assets of which metrics are known'),
  gauge('driftwire_asset_metrics_waiting', 'facts', 'assetMetrics.waiting', 'Metrics that become known later in a replay'),
  counter('driftwire_asset_metrics_unshown_total', 'facts', 'assetMetrics.unshown', 'Metrics that are not shown because too many waited'),
  counter('driftwire_asset_metrics_accepted_total', 'facts', 'assetMetrics.accepted', 'Metrics stored'),
  counter('driftwire_asset_metrics_known_total', 'facts', 'assetMetrics.known', 'Metrics left out because their source had said the same'),
  counter('driftwire_asset_metrics_refused_total', 'facts', 'assetMetrics.refused', 'Metrics left out because one of them cannot be'),
  counter('driftwire_asset_metrics_failures_total', 'attempts', 'assetMetrics.failures', 'Attempts to read or store metrics that failed'),
  counter(
    'driftwire_asset_metrics_dropped_total',
    'facts',
    'assetMetrics.dropped',
    'Metrics dropped from memory because there were too many',
  ),
  counter('driftwire_scores_runs_total', 'runs', 'scores.runs', 'Times that assets were scored, or found to be'),
  counter('driftwire_scores_failures_total', 'runs', 'scores.failures', 'Times that they could not be'),
  gauge('driftwire_scores_assets', 'assets', 'scores.assets', 'Assets that have a channel of scores'),
  gauge('driftwire_scores_scored', 'assets', 'scores.scored', 'Assets with a score in the newest list'),
  gauge('driftwire_scores_unscored', 'assets', 'scores.unscored', 'Assets without one, each with its reason'),
]

/** Sources of metrics. */
const COLLECTORS: readonly Metric[] = [
  flag(
    'driftwire_collectors_stale',
    'collectors.*.stale',
    'true',
    'The source has not given all for longer than three collections',
    'source',
  ),
  flag('driftwire_collectors_collecting', 'collectors.*.state', 'collecting', 'The source is being asked', 'source'),
  counter('driftwire_collectors_runs_total', 'collections', 'collectors.*.runs', 'Collections', 'source'),
  counter('driftwire_collectors_failures_total', 'collections', 'collectors.*.failures', 'Collections that lack an asset or all', 'source'),
  counter('driftwire_collectors_facts_total', 'facts', 'collectors.*.facts', 'Metrics collected', 'source'),
  counter('driftwire_collectors_early_total', 'facts', 'collectors.*.early', 'Metrics left out because their period is not over', 'source'),
  counter('driftwire_collectors_bad_total', 'facts', 'collectors.*.bad', 'Metrics left out because they cannot be', 'source'),
  counter('driftwire_collectors_requests_total', 'requests', 'collectors.*.requests', 'Requests to the source', 'source'),
  counter('driftwire_collectors_retries_total', 'requests', 'collectors.*.retries', 'Requests that were made again', 'source'),
  counter(
    'driftwire_collectors_unchanged_total',
    'answers',
    'collectors.*.unchanged',
    'Answers that said that nothing has changed',
    'source',
  ),
  gauge('driftwire_collectors_age_seconds', 'seconds', 'collectors.*.ageMs', 'Time since the last complete collection', 'source'),
]

/** Rules and what they find. */
const ALERTS: readonly Metric[] = [
  gauge('driftwire_alerts_rules', 'rules', 'alerts.rules', 'Rules of the configuration'),
  gauge('driftwire_alerts_watched', 'rules', 'alerts.watched', 'Rules, each once a channel that it watches'),
  counter('driftwire_alerts_unwatched_total', 'rules', 'alerts.unwatched', 'Rules over channels that are not watched: there are too many'),
  gauge('driftwire_alerts_open', 'alerts', 'alerts.open', 'Alerts that are open'),
  counter('driftwire_alerts_opened_total', 'alerts', 'alerts.opened', 'Alerts that have opened'),
  gauge('driftwire_alerts_waiting_rows', 'rows', 'alerts.rows.waiting', 'Rows of alerts for ClickHouse'),
  counter('driftwire_alerts_stored_total', 'rows', 'alerts.rows.stored', 'Rows of alerts stored'),
  counter('driftwire_alerts_retries_total', 'attempts', 'alerts.rows.retries', 'Inserts of alerts that were tried again'),
  counter('driftwire_alerts_dropped_total', 'rows', 'alerts.rows.dropped', 'Rows of alerts not stored'),
  gauge('driftwire_alerts_webhooks_waiting', 'messages', 'alerts.webhooks.waiting', 'Messages for webhooks that are not delivered yet'),
  counter('driftwire_alerts_webhooks_sent_total', 'messages', 'alerts.webhooks.sent', 'Messages that webhooks have taken'),
  counter('driftwire_alerts_webhooks_retries_total', 'attempts', 'alerts.webhooks.retries', 'Messages that were sent again'),
  counter(
    'driftwire_alerts_webhooks_dropped_total',
    'messages',
    'alerts.webhooks.dropped',
    'Messages dropped because too many waited, or too long',
  ),
  counter('driftwire_alerts_webhooks_refused_total', 'messages', 'alerts.webhooks.refused', 'Messages that webhooks refuse for good'),
  gauge('driftwire_alerts_set_aside_rows', 'rows', 'alerts.rows.setAside', 'Rows of alerts that ClickHouse refused'),
]

/** Rebalances of funds. */
const REBALANCES: readonly Metric[] = [
  gauge('driftwire_rebalances_running', 'rebalances', 'rebalances.running', 'Rebalances that are carried out'),
  counter('driftwire_rebalances_reports_total', 'reports', 'rebalances.reports', 'Reports of the exchange'),
  counter('driftwire_rebalances_orders_total', 'orders', 'rebalances.orders', 'Orders sent to the exchange'),
  counter('driftwire_rebalances_fills_total', 'fills', 'rebalances.fills', 'Fills booked'),
  counter('driftwire_rebalances_twice_total', 'fills', 'rebalances.twice', 'Fills that were reported again; counted once'),
  counter('driftwire_rebalances_strange_total', 'reports', 'rebalances.strange', 'Reports of orders that are not known here'),
  counter('driftwire_rebalances_refused_total', 'steps', 'rebalances.refused', 'Steps that the ledger refused'),
  counter('driftwire_rebalances_failed_total', 'steps', 'rebalances.failed', 'Steps that could not be written down'),
]

/** The ledger's journal. */
const JOURNAL: readonly Metric[] = [
  flag('driftwire_journal_open', 'journal.state', 'open', 'The journal takes entries'),
  gauge('driftwire_journal_entries', 'entries', 'journal.entries', 'Entries in the journal'),
  counter('driftwire_journal_commits_total', 'commits', 'journal.commits', 'Commits'),
  gauge('driftwire_journal_waiting', 'requests', 'journal.waiting', 'Requests that are not answered yet'),
  counter(
    'driftwire_journal_refused_total',
    'requests',
    'journal.refused',
    'Requests refused because too many waited, or nothing was written',
  ),
  gauge('driftwire_journal_audited', 'entry number', 'journal.audited', 'The newest entry that ClickHouse has'),
  counter('driftwire_journal_audit_retries_total', 'attempts', 'journal.auditRetries', 'Inserts of entries that were tried again'),
  gauge('driftwire_journal_audit_set_aside', 'entries', 'journal.auditSetAside', 'Entries that ClickHouse has without their postings'),
  gauge('driftwire_journal_verified_to', 'entry number', 'journal.verifiedTo', 'All entries up to it follow from those before it'),
  gauge('driftwire_journal_term', 'term', 'journal.term', 'The term in which this core leads others that share its ledger'),
  counter(
    'driftwire_journal_healed_total',
    'entries',
    'journal.healed',
    'Entries and changes of credentials put back because Redis had lost them',
  ),
  gauge('driftwire_journal_replicas', 'replicas', 'journal.replicas', 'Replicas of Redis on which the newest commit is'),
  gauge('driftwire_journal_faults', 'faults', 'journal.faults', 'Entries that do not follow; verification ends at the first'),
]

/** Logins and tokens. */
const ACCOUNTS: readonly Metric[] = [
  gauge('driftwire_accounts_hashes_running', 'hashes', 'accounts.hashes.running', 'Hashes of passwords being computed'),
  gauge('driftwire_accounts_hashes_waiting', 'hashes', 'accounts.hashes.waiting', 'Hashes of passwords that wait'),
  counter('driftwire_accounts_hashes_computed_total', 'hashes', 'accounts.hashes.computed', 'Hashes of passwords computed'),
  counter('driftwire_accounts_hashes_refused_total', 'hashes', 'accounts.hashes.refused', 'Hashes refused because too many waited'),
  counter('driftwire_accounts_failures_total', 'attempts', 'accounts.failures', 'Wrong passwords, tokens in place of them, or invitations'),
  counter('driftwire_accounts_slowed_total', 'attempts', 'accounts.slowed', 'Attempts refused because their address has to wait'),
  gauge('driftwire_accounts_networks', 'networks', 'accounts.networks', 'Networks that failed in the last 15 minutes'),
  counter('driftwire_accounts_networks_displaced_total', 'networks', 'accounts.networksDisplaced', 'Networks forgotten early'),
  counter('driftwire_accounts_refused_total', 'requests', 'accounts.refused.*', 'Requests refused', 'code'),
  counter('driftwire_accounts_unknown_tokens_total', 'requests', 'accounts.unknownTokens', 'Requests with a token that does not hold'),
  gauge('driftwire_accounts_tokens', 'tokens', 'accounts.tokens', 'Logins that hold'),
  counter('driftwire_accounts_tokens_ended_total', 'tokens', 'accounts.tokensEnded.*', 'Tokens that ended', 'why'),
  gauge('driftwire_accounts_tokens_unremoved', 'tokens', 'accounts.tokensUnremoved', 'Tokens that ended and are still in the file'),
  counter('driftwire_accounts_token_store_failures_total', 'attempts', 'accounts.tokenStoreFailures', 'Tokens not written or not removed'),
]

/** Work on request, and the record of frames. */
const RUNS: readonly Metric[] = [
  gauge('driftwire_sql_running', 'statements', 'sql.running', 'Statements that run'),
  gauge('driftwire_sql_waiting', 'statements', 'sql.waiting', 'Statements that wait'),
  counter('driftwire_sql_answered_total', 'statements', 'sql.answered', 'Statements answered'),
  counter('driftwire_sql_refused_total', 'statements', 'sql.refused', 'Statements refused'),
  gauge('driftwire_backtests_running', 'backtests', 'backtests.running', 'Backtests that run'),
  gauge('driftwire_backtests_waiting', 'backtests', 'backtests.waiting', 'Backtests that wait'),
  counter('driftwire_backtests_done_total', 'backtests', 'backtests.done', 'Backtests finished'),
  counter('driftwire_backtests_refused_total', 'backtests', 'backtests.refused', 'Backtests refused'),
  counter('driftwire_backtests_given_up_total', 'backtests', 'backtests.givenUp', 'Backtests ended because who asked had gone'),
  counter('driftwire_contracts_read_total', 'contracts', 'contracts.read', 'Contracts read from nodes'),
  counter('driftwire_contracts_again_total', 'contracts', 'contracts.again', 'Answers about contracts that were given again'),
  counter('driftwire_contracts_failed_total', 'contracts', 'contracts.failed', 'Readings of contracts that a node did not answer'),
  counter('driftwire_contracts_refused_total', 'contracts', 'contracts.refused', 'Readings of contracts that were refused'),
  counter('driftwire_contracts_not_stored_total', 'contracts', 'contracts.notStored', 'Answers about contracts without the store'),
  counter('driftwire_contracts_codes_total', 'codes', 'contracts.codes.*', 'Codes of contracts that were run, and that were known', 'kind'),
  counter('driftwire_traces_exported_total', 'spans', 'traces.exported', 'Spans that the collector has taken'),
  counter('driftwire_traces_dropped_total', 'spans', 'traces.dropped', 'Spans lost: too many waited, or the collector refused them'),
  gauge('driftwire_traces_waiting', 'spans', 'traces.waiting', 'Spans that wait for the collector'),
  counter('driftwire_traces_failures_total', 'attempts', 'traces.failures', 'Requests to the collector that failed'),
  counter('driftwire_recorder_written_total', 'pushes', 'recorder.written', 'Pushes in the record of frames, or on their way to it'),
  counter('driftwire_recorder_dropped_total', 'pushes', 'recorder.dropped', 'Pushes missing in the record of frames'),
  gauge('driftwire_recorder_waiting_bytes', 'bytes', 'recorder.waitingBytes', 'Bytes on their way to the record of frames'),
]

/** Every metric of the server, in the order of `/metrics`. Those of the process and of Node follow in `nodeMetrics.ts`. */
export const METRICS: readonly Metric[] = [
  ...SERVER,
  ...FEEDS,
  ...CLIENTS,
  ...FRAMES,
  ...SHARED_FEEDS,
  ...LIMITS,
  ...TLS,
  ...SINK,
  ...REPLICAS,
  ...QUEUES,
  ...COLLECTORS,
  ...ALERTS,
  ...REBALANCES,
  ...JOURNAL,
  ...ACCOUNTS,
  ...RUNS,
]
