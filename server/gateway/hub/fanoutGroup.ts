import type { Rate } from '../../../streams/wire/requests.ts'

/** Pushes a second that a follower asked for; 0: every frame as it comes. */
export type PushRate = 0 | Rate

/** The most bytes of a text frame beside its payload. */
export const FRAME_OVERHEAD = 10

/**
 * All who follow one channel at one rate. They get the same bytes by one topic of the transport, so all of them are always at the
 * same sequence number.
 */
export class FanoutGroup {
  readonly channel: string
  readonly rate: PushRate
  readonly topic: string
  /** The topic of checksums, for those who asked for them. */
  readonly checksumTopic: string
  /** The sequence number of all who have joined. */
  seq: number
  /** Bytes published by either topic since the start: a member has been sent the difference of two readings. */
  bytes = 0
  checksumBytes = 0
  members = 0
  checksumMembers = 0

  constructor(channel: string, rate: PushRate, seq: number) {
    this.channel = channel
    this.rate = rate
    this.topic = `${rate}|${channel}`
    this.checksumTopic = `#${rate}|${channel}`
    this.seq = seq
  }
}
