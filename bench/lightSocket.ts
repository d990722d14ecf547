import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

const TEXT = 0x81
const PONG = 0x8a
const MASKED = 0x80

/**
 * A websocket client for load that is measured on the machine that runs it: what it takes, the server has not. It sends texts of ASCII
 * below 64 KiB, answers pings, and gives each message that came as text.
 */
export class LightSocket {
  onMessage: (text: string) => void = () => {}
  private readonly socket: Socket
  private rest: Buffer | undefined

  private constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', bytes => this.take(bytes))
  }

  static async open(url: string): Promise<LightSocket> {
    const { host, hostname, port, pathname } = new URL(url)
    const socket = connect(Number(port), hostname).setNoDelay(true)
    await once(socket, 'connect')
    const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=='
    socket.write(`GET ${pathname} HTTP/1.1\r\nHost: ${host}\r\n${upgrade}\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    const head = answer.indexOf('\r\n\r\n') + 4
    if (head < 4 || !answer.toString('latin1', 0, head).startsWith('HTTP/1.1 101 ')) throw new Error(answer.toString('latin1'))
    const light = new LightSocket(socket)
    light.take(answer.subarray(head))
    return light
  }

  send(text: string): void {
    const head = text.length < 126 ? 6 : 8
    // Masked by noughts, which leave it as it is.
    const frame = Buffer.alloc(head + text.length)
    frame[0] = TEXT
    frame[1] = MASKED | (head === 6 ? text.length : 126)
    if (head === 8) frame.writeUInt16BE(text.length, 2)
    frame.write(text, head, 'latin1')
    this.socket.write(frame)
  }

  close(): void {
    this.socket.destroy()
  }

  private take(more: Buffer): void {
    const bytes = this.rest ? Buffer.concat([this.rest, more]) : more
    let at = 0
    while (bytes.length - at >= 2) {
      const short = bytes[at + 1]!
      const head = short < 126 ? 2 : short === 126 ? 4 : 10
      if (bytes.length - at < head) break
      const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2))
      const end = at + head + length
      if (bytes.length < end) break
      if (bytes[at] === TEXT) this.onMessage(bytes.toString('latin1', at + head, end))
      else if (bytes[at] === 0x89) this.pong(bytes.subarray(at + head, end))
      at = end
    }
    this.rest = at < bytes.length ? bytes.subarray(at) : undefined
  }

  private pong(payload: Buffer): void {
    this.socket.write(Buffer.concat([Buffer.from([PONG, MASKED | payload.length, 0, 0, 0, 0]), payload]))
  }
}
