import { count } from '../../format/number.ts'
import { moment } from '../../format/time.ts'
import { pageOf } from '../links.ts'
import { type Found, wordsOf } from './words.ts'

/** One alert about many channels, with the channels. */
export const MarketAlert = ({ alert }: { readonly alert: Found }) => {
  const { rule, figure, severity, since, members = [] } = alert
  return (
    <li>
      <span class={severity === 'info' ? 'quiet' : 'mark'}>{severity}</span>
      <b>{rule}</b>
      <span>
        {figure}: {wordsOf(alert)}
      </span>
      {since !== undefined && <span class="quiet">since {moment(since)} UTC</span>}
      <details>
        <summary>{count(members.length)} channels</summary>
        <ul class="inline">
          {members.map(channel => (
            <Member key={channel} channel={channel} />
          ))}
        </ul>
      </details>
    </li>
  )
}

const Member = ({ channel }: { readonly channel: string }) => {
  const href = pageOf(channel)
  return <li>{href === undefined ? channel : <a href={href}>{channel}</a>}</li>
}
